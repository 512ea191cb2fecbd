package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
)

// Config says which database, and what the store is handed.
type Config struct {
	// Path is the SQLite file. URL, postgres://…, wins over it.
	Path, URL string
	// Now is the clock. Default: this machine's with SQLite, the database's with
	// PostgreSQL, on which all processes agree.
	Now func() time.Time
	// Jitter spreads what is tried again; it returns a number in [0,1). Default:
	// random.
	Jitter func() float64
	// Logger gets what Run cannot return. Default: nothing is logged.
	Logger *slog.Logger
	// Sweep is the pause between two looks for due rows that nobody was woken
	// for. Default: 1 s.
	Sweep time.Duration
	// Probe is the pause before a service that is unavailable is asked first;
	// it grows to 30 times that. Default: 1 s.
	Probe time.Duration
	// Endpoints are told what becomes of passes. Without any, nothing is stored
	// for them.
	Endpoints []Endpoint
}

// Store is an open database with its ledger. It is safe for concurrent use.
type Store struct {
	config Config
	engine engine
	// reader is for what only reads outside a transaction.
	reader runner
	lock   *flock.Flock
	accept chan acceptance
	// closing ends the goroutine that stores events; it closes stopped.
	closing, stopped chan struct{}
	close            func() error
	ledger           ledger
	waiters          waiters
}

// engine is what differs between the databases.
type engine interface {
	// check compares the tables with what this program knows.
	check(ctx context.Context) error
	// migrate brings the tables up to date.
	migrate(ctx context.Context) error
	// write runs f in a transaction; urgent goes before what is not. f may run
	// in one transaction with others, and more than once; its error undoes f
	// alone.
	write(ctx context.Context, urgent bool, f func(*transaction) error) error
	// now is the clock that all processes go by.
	now(ctx context.Context, r runner) (time.Time, error)
	// lock keeps other transactions from taking the same locks until this one
	// ends; those that are shared keep away only those that are not. Names come
	// sorted.
	lock(t *transaction, names []string, shared map[string]bool) error
	// release makes work due that a dead process had claimed.
	release(ctx context.Context, tables []table) error
	// exclusive is true where only this process works.
	exclusive() bool
	close() error
}

// ErrClosed says that the store was closed.
var ErrClosed = errors.New("the store is closed")

// ErrNotFound says that there is no such row.
var ErrNotFound = errors.New("there is none")

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
	c.Sweep, c.Probe = cmp.Or(c.Sweep, time.Second), cmp.Or(c.Probe, time.Second)
	if c.Jitter == nil {
		c.Jitter = rand.Float64
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{config: c, accept: make(chan acceptance, maxBatch), closing: make(chan struct{}), stopped: make(chan struct{})}
	s.ledger.store = s
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
	err := s.engine.close()
	if s.lock != nil {
		err = errors.Join(err, s.lock.Unlock())
	}
	return err
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.reader.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// CheckWrite reports whether an event could be stored now, by storing a mark.
func (s *Store) CheckWrite(ctx context.Context) error {
	now, err := s.engine.now(ctx, s.reader)
	if err != nil {
		return err
	}
	return s.SetMark(ctx, "last check", now.UTC().Format(time.RFC3339))
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
