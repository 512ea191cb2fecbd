package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
)

// Config says which database, and what the store is handed.
type Config struct {
	// Path is the SQLite file. URL, postgres://…, wins over it.
	Path, URL string
	Now       func() time.Time
	Logger    *slog.Logger
	// EventWorkers and DeliveryWorkers are how many jobs of a kind run at
	// once. Defaults: 16 and 4.
	EventWorkers, DeliveryWorkers int
	// Sweep is the pause between two looks for due rows that nobody was woken
	// for. Default: 1 s.
	Sweep time.Duration
}

// Store is an open database with its queue. It is safe for concurrent use.
type Store struct {
	config Config
	db     *sql.DB
	engine engine
	lock   *flock.Flock
	accept chan acceptance
	closed chan struct{}
	// turns lets one worker at a time write to SQLite, so that events that
	// arrive wait behind one of them, not behind all; nil for PostgreSQL.
	turns chan struct{}
}

// engine is what differs between the databases.
type engine interface {
	// migrate brings tables of ours and of the queue up to date.
	migrate(ctx context.Context) error
	// version is the schema's, and the one that this program knows.
	version(ctx context.Context) (is, known int64, err error)
	// enqueue adds wake-ups within a transaction.
	enqueue(ctx context.Context, tx *transaction, jobs []Job) error
	// release makes work due that a dead process had claimed.
	release(ctx context.Context, now time.Time) error
	// run works jobs until ctx ends.
	run(ctx context.Context, work func(context.Context, Job) error) error
	close() error
}

// Open opens the store to work on it: it takes the lock of a SQLite file and
// migrates.
func Open(ctx context.Context, c Config) (*Store, error) {
	s, err := open(ctx, c, true)
	if err != nil {
		return nil, err
	}
	if err := s.engine.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the tables could not be brought up to date: %w", err), s.Close())
	}
	return s, s.checkVersion(ctx)
}

// OpenBeside opens the store beside a running server: no lock, no migration.
func OpenBeside(ctx context.Context, c Config) (*Store, error) {
	s, err := open(ctx, c, false)
	if err != nil {
		return nil, err
	}
	if err := s.checkVersion(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func open(ctx context.Context, c Config, own bool) (*Store, error) {
	c.EventWorkers, c.DeliveryWorkers = cmp.Or(c.EventWorkers, 16), cmp.Or(c.DeliveryWorkers, 4)
	c.Sweep = cmp.Or(c.Sweep, time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{config: c, accept: make(chan acceptance, maxBatch), closed: make(chan struct{})}
	var err error
	if c.URL != "" {
		err = s.openPostgres(ctx)
	} else {
		err = s.openSQLite(ctx, own)
	}
	if err != nil {
		return nil, err
	}
	go s.commitAccepted()
	return s, nil
}

func (s *Store) checkVersion(ctx context.Context) error {
	is, known, err := s.engine.version(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("the store cannot be read: %w", err)
	case is == 0:
		return errors.New("the store has no tables yet; start passhook serve once")
	case is > known:
		return fmt.Errorf("the store was made by a newer passhook (schema %d, this one knows %d); use that one", is, known)
	case is < known:
		return fmt.Errorf("the store was made by an older passhook (schema %d, this one needs %d); start passhook serve of this version once", is, known)
	}
	return nil
}

// Close waits for what is being stored and closes the database.
func (s *Store) Close() error {
	close(s.accept)
	<-s.closed
	err := errors.Join(s.engine.close(), s.db.Close())
	if s.lock != nil {
		err = errors.Join(err, s.lock.Unlock())
	}
	return err
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.db.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

func (s *Store) now() time.Time { return s.config.Now() }

// turn waits until a worker may write; the result ends its turn.
func (s *Store) turn() (end func()) {
	if s.turns == nil {
		return func() {}
	}
	s.turns <- struct{}{}
	return func() { <-s.turns }
}

// newID is a UUIDv7: it sorts by time and has 36 characters.
func newID() (string, error) {
	id, err := uuid.NewV7()
	return id.String(), err
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
