package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// sqlite is the engine of one file and one working process.
type sqlite struct {
	*Store
	schema
	client *river.Client[*sql.Tx]
}

// oldestSQLite is the first version without the fault that loses committed
// pages in WAL mode: https://www.sqlite.org/wal.html#the_wal_reset_bug.
var oldestSQLite = [3]int{3, 51, 3}

func (s *Store) openSQLite(ctx context.Context, own bool) error {
	path := s.config.Path
	if own {
		if err := s.lockFile(path); err != nil {
			return err
		}
	} else if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("there is no store at %s; start passhook serve once", path)
	}
	// One connection is the fastest way through SQLite's one writer, and
	// immediate transactions are the ones that busy_timeout waits for. FULL
	// keeps what was answered over a power cut.
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_txlock=immediate&_pragma=page_size(8192)&_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-16000)&_pragma=wal_autocheckpoint(4000)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	s.db, s.turns = db, make(chan struct{}, 1)
	if err := s.startSQLite(ctx, own); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), db.Close(), s.unlock())
	}
	return nil
}

func (s *Store) startSQLite(ctx context.Context, own bool) error {
	if own {
		if err := private(s.config.Path); err != nil {
			return err
		}
	}
	var version string
	if err := s.db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	var is [3]int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &is[0], &is[1], &is[2]); err != nil || slices.Compare(is[:], oldestSQLite[:]) < 0 {
		return fmt.Errorf("SQLite %s can lose data; build with 3.51.3 or newer", version)
	}
	migrator, err := rivermigrate.New(riversqlite.New(s.db), &rivermigrate.Config{Logger: quiet(s.config.Logger)})
	if err != nil {
		return err
	}
	e := &sqlite{Store: s}
	if e.schema, err = newSchema(s.db, goose.DialectSQLite3, "sqlite", "SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'", migrator); err != nil {
		return err
	}
	e.client, err = river.NewClient(riversqlite.New(s.db), insertOnly(s.config))
	s.engine = e
	return err
}

// private makes the file before SQLite does, for this user alone; SQLite gives
// its other files the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// lockFile makes the folder and takes the lock that keeps a second server away.
func (s *Store) lockFile(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the data folder cannot be made: %w; name another folder with data", err)
	}
	s.lock = flock.New(path + ".lock")
	ok, err := s.lock.TryLock()
	if err != nil {
		return fmt.Errorf("the data folder %s cannot be written: %w; give this user the right to, or name another folder with data", dir, err)
	}
	if !ok {
		return fmt.Errorf("another passhook works on %s; stop it first, or use PostgreSQL for several", path)
	}
	return nil
}

func (s *Store) unlock() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Unlock()
}

func (e *sqlite) migrate(ctx context.Context) error { return e.up(ctx) }

func (e *sqlite) enqueue(ctx context.Context, tx *transaction, jobs []Job) error {
	_, err := e.client.InsertManyTx(ctx, tx.Tx, params(jobs))
	return err
}

// lock does nothing: there is one writer at a time.
func (e *sqlite) lock(context.Context, *transaction, []string) error { return nil }

// release runs before the queue starts. The lock is ours, so whoever had
// claimed something is dead. Jobs keep their attempts, so one that kills the
// process is not tried for ever.
func (e *sqlite) release(ctx context.Context, now time.Time) error {
	return e.inTx(ctx, func(tx *transaction) error {
		for _, q := range []string{
			"UPDATE events SET claimed = false, due = $1 WHERE state = 'pending' AND claimed",
			"UPDATE deliveries SET claimed = false, due = $1 WHERE state = 'pending' AND claimed",
		} {
			if _, err := tx.ExecContext(ctx, q, millis(now)); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE river_job SET state = 'available', scheduled_at = strftime('%Y-%m-%d %H:%M:%f', 'now')"+
			" WHERE state = 'running' AND attempt < max_attempts")
		return err
	})
}

func (e *sqlite) run(ctx context.Context, work func(context.Context, Job) error) error {
	client, err := river.NewClient(riversqlite.New(e.db), working(e.config, work))
	if err != nil {
		return err
	}
	return runClient(ctx, client)
}

func (e *sqlite) close() error { return nil }
