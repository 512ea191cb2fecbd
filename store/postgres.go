package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// postgres is the engine of many processes.
type postgres struct {
	*Store
	schema
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
}

// fewestConnections is what the queue needs beside one that listens and one
// that migrates; pool_max_conns in the URL asks for more.
const fewestConnections = 4

// migrationLock is the advisory lock that one migrating process holds.
const migrationLock = 7_239_416_055

func (s *Store) openPostgres(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(s.config.URL)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	config.MaxConns = max(config.MaxConns, fewestConnections)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	s.db = stdlib.OpenDBFromPool(pool)
	if err := s.startPostgres(ctx, pool); err != nil {
		err = errors.Join(fmt.Errorf("database: %w", err), s.db.Close())
		pool.Close()
		return err
	}
	return nil
}

func (s *Store) startPostgres(ctx context.Context, pool *pgxpool.Pool) error {
	if err := s.Ping(ctx); err != nil {
		return err
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: quiet(s.config.Logger)})
	if err != nil {
		return err
	}
	e := &postgres{Store: s, pool: pool}
	if e.schema, err = newSchema(s.db, goose.DialectPostgres, "postgres", "SELECT count(*) FROM pg_class WHERE oid = to_regclass('goose_db_version')", migrator); err != nil {
		return err
	}
	e.client, err = river.NewClient(riverpgxv5.New(pool), insertOnly(s.config))
	s.engine = e
	return err
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

func (e *postgres) enqueue(ctx context.Context, tx *transaction, jobs []Job) error {
	return tx.conn.Raw(func(driver any) error {
		conn, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("unexpected driver connection %T", driver)
		}
		_, err := e.client.InsertManyTx(ctx, pgxInTx{conn.Conn()}, params(jobs))
		return err
	})
}

func (e *postgres) lock(ctx context.Context, tx *transaction, names []string) error {
	for _, name := range names {
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name); err != nil {
			return err
		}
	}
	return nil
}

// release does nothing: other processes may be alive, and the claims of the
// dead run out by themselves.
func (e *postgres) release(context.Context, time.Time) error { return nil }

func (e *postgres) run(ctx context.Context, work func(context.Context, Job) error) error {
	client, err := river.NewClient(riverpgxv5.New(e.pool), working(e.config, work))
	if err != nil {
		return err
	}
	return runClient(ctx, client)
}

func (e *postgres) close() error {
	e.pool.Close()
	return nil
}
