package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/passhook/passhook/internal/failpoint"
)

const (
	// writeTimeout is how long one transaction of the writer may take.
	writeTimeout = 10 * time.Second
	// together is how long others may join a transaction: an event that arrives
	// meanwhile waits that long for its turn.
	together = 10 * time.Millisecond
	// mostTogether is how many share one transaction.
	mostTogether = 64
)

// writing is one function that waits for its turn, and what became of it.
type writing struct {
	f    func(*transaction) error
	t    *transaction
	err  error
	done chan error
}

// writer is SQLite's one writer. Those that wait share a transaction, and so the
// one wait for the disk that it ends with. Their functions may run twice.
type writer struct {
	db             *sql.DB
	urgent, normal chan *writing
	closing        chan struct{}
	stopped        chan struct{}
	once           sync.Once
	// conn is taken while the writer works; others take it in between.
	mu   sync.Mutex
	conn *sql.Conn
	run  *prepared
}

func newWriter(db *sql.DB) *writer {
	w := &writer{
		db: db, urgent: make(chan *writing), normal: make(chan *writing),
		closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	go w.loop()
	return w
}

// write waits until f was run in a transaction that is on disk. What ctx ends
// before its turn is not run.
func (w *writer) write(ctx context.Context, urgent bool, f func(*transaction) error) error {
	queue := w.normal
	if urgent {
		queue = w.urgent
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	one := &writing{f: f, done: make(chan error, 1)}
	select {
	case queue <- one:
		return <-one.done
	case <-w.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop ends the loop after what has begun.
func (w *writer) stop() error {
	w.once.Do(func() { close(w.closing) })
	<-w.stopped
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.letGo()
}

// alone runs f while the writer does not use the database.
func (w *writer) alone(f func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.letGo(); err != nil {
		return err
	}
	return f()
}

func (w *writer) letGo() error {
	if w.conn == nil {
		return nil
	}
	conn := w.conn
	w.conn, w.run = nil, nil
	return conn.Close()
}

func (w *writer) loop() {
	defer close(w.stopped)
	for {
		select {
		case one := <-w.urgent:
			w.batch(one)
			continue
		default:
		}
		select {
		case one := <-w.urgent:
			w.batch(one)
		case one := <-w.normal:
			w.batch(one)
		case <-w.closing:
			return
		}
	}
}

// batch runs the first and those that come while it works in one transaction.
// Where one of them fails, all is undone and each runs alone: that is rare, and
// keeping apart what each wrote costs more than everything else.
func (w *writer) batch(first *writing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ran, err := w.together(first)
	if err != nil && len(ran) > 1 {
		for _, one := range ran {
			_, one.err = w.transact([]*writing{one}, nil)
		}
	}
	for _, one := range ran {
		if one.err == nil {
			one.t.done()
		}
		one.done <- one.err
	}
}

// together runs the first and those that come meanwhile, and says which those
// were.
func (w *writer) together(first *writing) ([]*writing, error) {
	start := time.Now()
	ran, err := w.transact([]*writing{first}, func(n int) *writing {
		if n == mostTogether || time.Since(start) >= together {
			return nil
		}
		return w.waiting()
	})
	for _, one := range ran {
		one.err = err
	}
	return ran, err
}

// transact runs functions in one transaction, those that next gives behind
// them, and ends it. The error undoes all.
func (w *writer) transact(ran []*writing, next func(n int) *writing) (all []*writing, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	err = w.begin(ctx)
	for i := 0; err == nil && i < len(ran); i++ {
		ran[i].t = &transaction{runner: watched(w.run), ctx: ctx}
		err = guarded(ran[i].f, ran[i].t)
		if next == nil {
			continue
		}
		if more := next(len(ran)); more != nil {
			ran = append(ran, more)
		}
	}
	if err == nil {
		failpoint.At("before-commit")
		if _, err = w.run.ExecContext(ctx, "COMMIT"); err == nil {
			failpoint.At("after-commit")
		}
	}
	if err != nil {
		w.rollback()
	}
	return ran, err
}

// begin takes the connection. An immediate transaction is one that busy_timeout
// waits for.
func (w *writer) begin(ctx context.Context) (err error) {
	if w.conn == nil {
		if w.conn, err = w.db.Conn(ctx); err != nil {
			return err
		}
		w.run = newPrepared(w.conn)
	}
	_, err = w.run.ExecContext(ctx, "BEGIN IMMEDIATE")
	return err
}

// guarded turns a panic into an error.
func guarded(f func(*transaction) error, t *transaction) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	return f(t)
}

// waiting is the next one, if there is any.
func (w *writer) waiting() *writing {
	for _, queue := range []chan *writing{w.urgent, w.normal} {
		select {
		case one := <-queue:
			return one
		default:
		}
	}
	return nil
}

// rollback ends a transaction that failed. Where SQLite has done so already, as
// when the disk is full, the connection is taken anew.
func (w *writer) rollback() {
	if w.conn == nil {
		return
	}
	if _, err := w.conn.ExecContext(context.Background(), "ROLLBACK"); err != nil { // there may be none
		_ = w.letGo()
	}
}
