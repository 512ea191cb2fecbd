package store

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// migrator is goose over the migrations of one engine.
func migrator(dialect goose.Dialect, db *sql.DB, folder string) (*goose.Provider, error) {
	sub, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, sub, goose.WithDisableGlobalRegistry(true))
}

// schemaVersion compares without writing: goose's own question would make its
// table.
func schemaVersion(ctx context.Context, db *sql.DB, p *goose.Provider, tableExists string) (is, known int64, err error) {
	sources := p.ListSources()
	known = sources[len(sources)-1].Version
	var n int
	if err := db.QueryRowContext(ctx, tableExists).Scan(&n); err != nil || n == 0 {
		return 0, known, err
	}
	err = db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version").Scan(&is)
	return is, known, err
}
