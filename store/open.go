package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
)

// Config says which database, and what the store is handed.
type Config struct {
	// Path is the SQLite file. URL, postgres://…, wins over it.
	Path, URL string
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Logger gets what Run cannot return. Default: nothing is logged.
	Logger *slog.Logger
	// EventWorkers and DeliveryWorkers are how many jobs of a kind the queue
	// runs at once; the sweep runs as many beside it. Defaults: 16 and 4.
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
	// closing ends the goroutine that stores events; it closes stopped.
	closing, stopped chan struct{}
	close            func() error
	// burstAt is when a burst of events was last seen, in Unix nanoseconds.
	burstAt atomic.Int64
	// turns lets one worker at a time write to SQLite; nil for PostgreSQL.
	turns chan struct{}
}

// engine is what differs between the databases.
type engine interface {
	// check compares the tables with what this program knows.
	check(ctx context.Context) error
	// migrate brings tables of ours and of the queue up to date.
	migrate(ctx context.Context) error
	// enqueue adds wake-ups within a transaction.
	enqueue(ctx context.Context, tx *transaction, jobs []Job) error
	// lock keeps other transactions from taking the same locks, until this one
	// ends. Names come sorted.
	lock(ctx context.Context, tx *transaction, names []string) error
	// release makes work due that a dead process had claimed.
	release(ctx context.Context, now time.Time) error
	// run works jobs until ctx ends.
	run(ctx context.Context, work func(context.Context, Job) error) error
	close() error
}

// ErrClosed says that the store was closed.
var ErrClosed = errors.New("the store is closed")

// Open opens the store to work on it: it takes the lock of a SQLite file and
// migrates. A store that a newer passhook has made is refused.
func Open(ctx context.Context, c Config) (*Store, error) {
	s, err := open(ctx, c, true)
	if err != nil {
		return nil, err
	}
	if err := s.update(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// OpenBeside opens the store beside a running server: no lock, no migration.
func OpenBeside(ctx context.Context, c Config) (*Store, error) {
	s, err := open(ctx, c, false)
	if err != nil {
		return nil, err
	}
	if err := s.engine.check(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) update(ctx context.Context) error {
	if err := s.engine.check(ctx); !errors.Is(err, errOld) {
		return err
	}
	if err := s.engine.migrate(ctx); err != nil {
		return fmt.Errorf("the tables could not be brought up to date: %w", err)
	}
	return s.engine.check(ctx)
}

func open(ctx context.Context, c Config, own bool) (*Store, error) {
	c.EventWorkers, c.DeliveryWorkers = cmp.Or(c.EventWorkers, 16), cmp.Or(c.DeliveryWorkers, 4)
	c.Sweep = cmp.Or(c.Sweep, time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{config: c, accept: make(chan acceptance, maxBatch), closing: make(chan struct{}), stopped: make(chan struct{})}
	s.close = sync.OnceValue(s.shut)
	var err error
	if c.URL != "" {
		err = s.openPostgres(ctx)
	} else {
		err = s.openSQLite(ctx, own)
	}
	if err != nil {
		return nil, err
	}
	go (&committer{Store: s}).run()
	return s, nil
}

// Close waits for what is being stored and closes the database. Run must have
// ended.
func (s *Store) Close() error { return s.close() }

func (s *Store) shut() error {
	close(s.closing)
	<-s.stopped
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
