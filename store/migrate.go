package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// schema is the tables, kept by goose.
type schema struct {
	database *sql.DB
	provider *goose.Provider
	// exists is a query that counts goose's table: 0 or 1.
	exists string
}

func newSchema(db *sql.DB, dialect goose.Dialect, exists string) (schema, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return schema{}, err
	}
	upgrade := goose.NewGoMigration(upgradeVersion, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		return upgradeOld(ctx, tx, dialect)
	}}, nil)
	provider, err := goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(upgrade))
	return schema{db, provider, exists}, err
}

func (s schema) up(ctx context.Context) error {
	_, err := s.provider.Up(ctx)
	return err
}

// errOld says that the tables are missing, or those of an older passhook.
var errOld = errors.New("start passhook serve once")

// check compares the tables with what this program knows, without writing:
// goose's own question would make its table.
func (s schema) check(ctx context.Context) error {
	var tables int
	if err := s.database.QueryRowContext(ctx, s.exists).Scan(&tables); err != nil {
		return fmt.Errorf("the store cannot be read: %w", err)
	}
	if tables == 0 {
		return fmt.Errorf("the store has no tables yet; %w", errOld)
	}
	sources := s.provider.ListSources()
	known, is := sources[len(sources)-1].Version, int64(0)
	if err := s.database.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&is); err != nil {
		return fmt.Errorf("the store cannot be read: %w", err)
	}
	switch {
	case is > known:
		return fmt.Errorf("the store was made by a newer passhook (schema %d, this one knows %d); use that one", is, known)
	case is < known:
		return fmt.Errorf("the store was made by an older passhook (schema %d, this one needs %d); %w", is, known, errOld)
	}
	return nil
}
