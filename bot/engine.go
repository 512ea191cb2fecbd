package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// lease is how long a claimed row stays with its worker. It is longer than the
// longest send and shorter than the time after which another process must have
// taken over.
const lease = 45 * time.Second

// parallel is how many events of one wake-up are worked on at once.
const parallel = 8

// Config is what the engine is wired with.
type Config struct {
	Store *store.Store
	*Renderer
	Sources  map[string]integrations.Source
	Channels map[string]integrations.Channel
	// Operator are those who are told what needs a person.
	Operator []integrations.Recipient
	// Jitter spreads retries; it returns a number in [0,1).
	Jitter func() float64
	Log    *slog.Logger
	// Senders is how many deliveries the workers that issue send at once,
	// beside those that the queue sends; 0 is none.
	Senders int64
}

// Engine works on events and deliveries.
type Engine struct {
	Config
	senders *semaphore.Weighted
}

// New makes an engine; Work is its entrance.
func New(c Config) *Engine {
	return &Engine{Config: c, senders: semaphore.NewWeighted(c.Senders)}
}

// Accept stores an event durably before it returns; fresh is false where the
// event was there. Work on it starts by itself.
func (e *Engine) Accept(ctx context.Context, ev integrations.Event) (id string, fresh bool, err error) {
	if ev.Ignore == "" && !ev.Wanted && !e.program.Load().Listens(ev) {
		ev.Ignore = nobodyListens(ev)
	}
	return e.Store.Accept(ctx, ev)
}

// Work does one job of the queue. What it could not do stays pending in the
// store, with the time of the next try; one failure cancels no other.
func (e *Engine) Work(ctx context.Context, job store.Job) error {
	var g errgroup.Group
	g.SetLimit(parallel)
	for _, id := range job.IDs {
		g.Go(func() error {
			return e.safely(job.Kind+" "+id, func() error { return e.work(ctx, job.Kind, id) })
		})
	}
	return g.Wait()
}

func (e *Engine) work(ctx context.Context, kind, id string) error {
	switch kind {
	case store.JobReplay:
		if _, err := e.Store.Reopen(ctx, id); err != nil {
			return err
		}
		return e.workEvent(ctx, id)
	case store.JobEvent:
		return e.workEvent(ctx, id)
	case store.JobDelivery:
		return e.workDelivery(ctx, id)
	}
	return fmt.Errorf("job kind %q is not known to this version", kind)
}

// safely turns a panic into an error, so that one bad event stops no other.
func (e *Engine) safely(what string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			e.Log.Error("internal error; please report it", "at", what, "panic", r, "stack", string(debug.Stack()))
			err = integrations.Never(fmt.Errorf("internal error: %v", r))
		}
	}()
	return f()
}

// settling gives what must be written after the work is done its own time,
// even when the process is asked to stop.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
}

// lost hides that somebody else has settled the row: then nothing is to be done.
func lost(err error) error {
	if errors.Is(err, store.ErrLost) {
		return nil
	}
	return err
}
