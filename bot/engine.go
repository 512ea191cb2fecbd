package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// Slots are how many rows of a source, of a channel, and messages over a channel
// are worked on at once.
const (
	EventSlots    = 16
	DeliverySlots = 8
	WriteSlots    = 4
)

// Config is what the engine is wired with.
type Config struct {
	Store *store.Store
	*Renderer
	Sources  map[string]integrations.Source
	Channels map[string]integrations.Channel
	// Notifiers are the endpoints that are told what becomes of passes, by name.
	Notifiers map[string]integrations.Notifier
	// Pusher wakes phones; nil: they are not woken.
	Pusher integrations.Pusher
	// Operator are those who are told what needs a person.
	Operator []integrations.Recipient
	Log      *slog.Logger
}

// Engine works on events, deliveries and messages.
type Engine struct {
	Config
	// unanswered counts deliveries between Confirm and the other side's answer.
	unanswered atomic.Int64
}

// New makes an engine; Run is its work.
func New(c Config) *Engine { return &Engine{Config: c} }

// Run works on what is due until ctx ends, and then waits for what has begun.
func (e *Engine) Run(ctx context.Context) error { return e.Store.Run(ctx, e.workers()...) }

// RunDue works on what is due now, and returns.
func (e *Engine) RunDue(ctx context.Context) error { return e.Store.RunDue(ctx, e.workers()...) }

func (e *Engine) workers() []store.Worker {
	out := []store.Worker{
		store.Work[store.Delivery]{Table: store.Deliveries, Slots: DeliverySlots, Do: e.deliver},
		store.Work[store.Message]{Table: store.Messages, Slots: WriteSlots, Do: e.write},
		store.Work[store.Walk]{Table: store.Walks, Slots: 1, Do: e.walk},
		store.Work[store.Outgoing]{Table: store.Outgoings, Slots: MessageSlots, After: store.Deliveries.Name(), Do: e.tell},
		store.Work[store.Event]{Table: store.Events, Slots: EventSlots, After: store.Deliveries.Name(), Do: e.workEvent},
	}
	if e.Pusher != nil {
		out = append(out, store.Work[store.Device]{Table: store.Devices, Slots: PushSlots, Do: e.wake})
	}
	return out
}

// Accept stores an event durably before it returns; fresh is false where the
// event was there. Work on it starts by itself. The error is
// store.ErrOverloaded where it had to wait too long.
func (e *Engine) Accept(ctx context.Context, ev integrations.Event) (id string, fresh bool, err error) {
	return e.Store.Accept(ctx, e.Program().Prepare(ev))
}

// ErrOther says that an event with this id is there, and says something else.
var ErrOther = errors.New("an event with this id came before, with another content")

// AcceptOnce is Accept for senders whose ids are their own choice: the error is
// ErrOther where the event that was there has other data.
func (e *Engine) AcceptOnce(ctx context.Context, ev integrations.Event) (id string, fresh bool, err error) {
	id, fresh, err = e.Accept(ctx, ev)
	if err != nil || fresh {
		return id, fresh, err
	}
	there, err := e.Store.Event(ctx, id)
	if err == nil && !bytes.Equal(there.Data, ev.Data) {
		err = ErrOther
	}
	return id, false, err
}

// maxWait is how long somebody waits for an event of their own.
const maxWait = 10 * time.Second

// Do accepts an event, and returns when it has been worked on: its error is what
// the event failed with. The event is done even where the caller gives up.
func (e *Engine) Do(ctx context.Context, ev integrations.Event) error {
	id, _, err := e.Accept(ctx, ev)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	stored, err := e.Store.WaitForEvent(ctx, id)
	switch {
	case err != nil:
		return fmt.Errorf("it is accepted, but not done yet: %w", err)
	case stored.State == store.StateFailed:
		return errors.New(stored.Note)
	}
	return nil
}
