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
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// sqlite is the engine of one file and one working process.
type sqlite struct {
	schema
	*writer
	config          Config
	writing, reader *sql.DB
	// own is true for the process that works, and false beside it.
	own bool
}

// oldestSQLite is the first version without the fault that loses committed
// pages in WAL mode: https://www.sqlite.org/wal.html#the_wal_reset_bug.
var oldestSQLite = [3]int{3, 51, 3}

// readers is how many connections read beside the one that writes.
const readers = 4

func (s *Store) openSQLite(ctx context.Context, own bool) error {
	path := s.config.Path
	if own {
		if err := s.lockFile(path); err != nil {
			return err
		}
		if err := private(path); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", path, err), s.unlock())
		}
	} else if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("there is no store at %s; start passhook serve once", path)
	}
	e, err := newSQLite(ctx, s.config, own)
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), s.unlock())
	}
	s.engine, s.reader = e, watched(newPrepared(e.reader))
	return nil
}

func newSQLite(ctx context.Context, c Config, own bool) (*sqlite, error) {
	// One connection is the fastest way through SQLite's one writer. FULL keeps
	// what was answered over a power cut.
	const pragmas = "?_pragma=page_size(8192)&_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=cache_size(-16000)&_pragma=wal_autocheckpoint(4000)"
	dsn := "file:" + (&url.URL{Path: c.Path}).EscapedPath() + pragmas
	e := &sqlite{config: c, own: own}
	err := checkVersion(ctx)
	if err == nil {
		e.writing, err = sql.Open("sqlite", dsn)
	}
	if err != nil {
		return nil, err
	}
	e.writing.SetMaxOpenConns(1)
	if e.schema, err = newSchema(e.writing, goose.DialectSQLite3, "SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'"); err == nil {
		err = e.writing.PingContext(ctx) // makes the file, before it is read
	}
	if err == nil {
		e.reader, err = sql.Open("sqlite", dsn+"&_pragma=query_only(1)")
	}
	if err != nil {
		return nil, errors.Join(err, e.writing.Close())
	}
	e.reader.SetMaxOpenConns(readers)
	e.reader.SetMaxIdleConns(readers)
	e.writer = newWriter(e.writing)
	return e, nil
}

func checkVersion(ctx context.Context) error {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return err
	}
	defer db.Close()
	var version string
	if err := db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	var is [3]int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &is[0], &is[1], &is[2]); err != nil || slices.Compare(is[:], oldestSQLite[:]) < 0 {
		return fmt.Errorf("SQLite %s can lose data; build with 3.51.3 or newer", version)
	}
	return nil
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

func (e *sqlite) migrate(ctx context.Context) error {
	return e.alone(func() error { return e.up(ctx) })
}

func (e *sqlite) now(context.Context, runner) (time.Time, error) {
	if e.config.Now != nil {
		return e.config.Now(), nil
	}
	return time.Now(), nil
}

// lock does nothing: there is one writer at a time.
func (e *sqlite) lock(*transaction, []string, map[string]bool) error { return nil }

// release runs before work starts. The lock is ours, so whoever had claimed
// something is dead.
func (e *sqlite) release(ctx context.Context, tables []table) error {
	return e.write(ctx, false, func(t *transaction) error {
		now, err := e.now(ctx, t)
		if err != nil {
			return err
		}
		for _, table := range tables {
			if _, err := t.exec(table.release, millis(now)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *sqlite) exclusive() bool { return true }

func (e *sqlite) close() error {
	err := errors.Join(e.writer.stop(), e.reader.Close())
	if e.own { // the file alone holds everything then
		_, failed := e.writing.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
		err = errors.Join(err, failed)
	}
	return errors.Join(err, e.writing.Close())
}
