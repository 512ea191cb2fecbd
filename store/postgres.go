package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/passhook/passhook/internal/failpoint"
)

// postgres is the engine of many processes.
type postgres struct {
	schema
	config Config
	db     *sql.DB
	pool   *pgxpool.Pool
}

// fewestConnections is the least that the pool grows to; pool_max_conns in the
// URL asks for more.
const fewestConnections = 8

// pingAfter is how long a connection was not used when it is tried first.
const pingAfter = 10 * time.Second

// migrationLock is the advisory lock that one migrating process holds.
const migrationLock = 7_239_416_055

func (s *Store) openPostgres(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(s.config.URL)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	config.MaxConns = max(config.MaxConns, fewestConnections)
	// The look of each second would be two transactions else.
	config.ShouldPing = func(_ context.Context, c pgxpool.ShouldPingParams) bool { return c.IdleDuration > pingAfter }
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	e := &postgres{config: s.config, db: stdlib.OpenDBFromPool(pool), pool: pool}
	s.engine, s.reader = e, watched(e.db)
	if err = e.db.PingContext(ctx); err == nil {
		e.schema, err = newSchema(e.db, goose.DialectPostgres, "SELECT count(*) FROM pg_class WHERE oid = to_regclass('goose_db_version')")
	}
	if err != nil {
		return errors.Join(fmt.Errorf("database: %w", err), e.close())
	}
	return nil
}

func (e *postgres) migrate(ctx context.Context) error {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return err
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migrationLock)
	}()
	return e.up(ctx)
}

func (e *postgres) write(ctx context.Context, _ bool, f func(*transaction) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	tx, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	t := &transaction{runner: watched(tx), ctx: ctx}
	if err := guarded(f, t); err != nil {
		_ = tx.Rollback()
		return err
	}
	failpoint.At("before-commit")
	if err := tx.Commit(); err != nil {
		return err
	}
	failpoint.At("after-commit")
	t.done()
	return nil
}

func (e *postgres) now(ctx context.Context, r runner) (time.Time, error) {
	if e.config.Now != nil {
		return e.config.Now(), nil
	}
	var now time.Time
	err := r.QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&now)
	return now, err
}

const (
	lockAlone  = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
	lockShared = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))"
)

func (e *postgres) lock(t *transaction, names []string, shared map[string]bool) error {
	for _, name := range names {
		query := lockAlone
		if shared[name] {
			query = lockShared
		}
		if _, err := t.exec(query, name); err != nil {
			return err
		}
	}
	return nil
}

// release does nothing: other processes may be alive, and the claims of the
// dead run out by themselves.
func (e *postgres) release(context.Context, []table) error { return nil }

func (e *postgres) exclusive() bool { return false }

func (e *postgres) close() error {
	err := e.db.Close()
	e.pool.Close()
	return err
}
