package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations
var migrations embed.FS

// schema is the tables of ours, kept by goose, and those of the queue, kept by
// River.
type schema struct {
	database *sql.DB
	ours     *goose.Provider
	queue    riverMigrator
	// exists is a query that counts goose's table: 0 or 1.
	exists string
}

// riverMigrator is a rivermigrate.Migrator of either driver.
type riverMigrator interface {
	AllVersions() []rivermigrate.Migration
	Migrate(ctx context.Context, direction rivermigrate.Direction, o *rivermigrate.MigrateOpts) (*rivermigrate.MigrateResult, error)
}

func newSchema(db *sql.DB, dialect goose.Dialect, folder, exists string, queue riverMigrator) (schema, error) {
	sub, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return schema{}, err
	}
	ours, err := goose.NewProvider(dialect, db, sub, goose.WithDisableGlobalRegistry(true))
	return schema{db, ours, queue, exists}, err
}

func (s schema) up(ctx context.Context) error {
	if _, err := s.queue.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	_, err := s.ours.Up(ctx)
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
	sources, all := s.ours.ListSources(), s.queue.AllVersions()
	for _, part := range []struct {
		name, query string
		known       int64
	}{
		{"schema", "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied", sources[len(sources)-1].Version},
		{"queue", "SELECT coalesce(max(version), 0) FROM river_migration WHERE line = 'main'", int64(all[len(all)-1].Version)},
	} {
		var is int64
		if err := s.database.QueryRowContext(ctx, part.query).Scan(&is); err != nil {
			return fmt.Errorf("the store cannot be read: %w", err)
		}
		switch {
		case is > part.known:
			return fmt.Errorf("the store was made by a newer passhook (%s %d, this one knows %d); use that one", part.name, is, part.known)
		case is < part.known:
			return fmt.Errorf("the store was made by an older passhook (%s %d, this one needs %d); %w", part.name, is, part.known, errOld)
		}
	}
	return nil
}
