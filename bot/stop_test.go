package bot_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// A process that is asked to stop while a mail is on its way, before the server
// may take it and after.
func TestAGracefulStopDoublesAndLosesNoMail(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, stage string
		state       string
		mails       int
	}{
		{"after the mail was handed over", "after-data", store.StateSent, 1},
		{"before DATA", "rcpt", store.StatePending, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			engines(t, func(t *testing.T, database string) {
				c := newClock()
				reached, goOn := make(chan bool), make(chan bool)
				b := newBench(t, options{database: database, now: c.now, fail: func(stage, _, _ string, n int) error {
					if stage == tc.stage && n == 1 {
						close(reached)
						<-goOn
					}
					return nil
				}})
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- b.engine.Run(ctx) }()
				id, _, err := b.engine.Accept(t.Context(), b.checkout(t, "ada", completed, nil))
				must(t, err)
				<-reached
				stop()
				close(goOn)
				must(t, <-done)
				_, _, d := b.now(t, id)
				if d[0].State != tc.state || d[0].Due.After(c.now()) && tc.mails == 0 || len(b.smtp.Messages()) != tc.mails {
					t.Fatalf("after the stop %+v, %d mails", d[0], len(b.smtp.Messages()))
				}
				b.work(t)
				if _, _, d := b.now(t, id); d[0].State != store.StateSent || len(b.smtp.Messages()) != 1 {
					t.Errorf("in the end %+v, %d mails", d[0], len(b.smtp.Messages()))
				}
			})
		})
	}
}

// late is a channel that is slow to come to the point of no return.
type late struct {
	notices
	reached chan bool
	taken   atomic.Int64
}

func (l *late) Deliver(ctx context.Context, d integrations.Delivery) error {
	if l.taken.Load() == 0 && l.reached != nil {
		close(l.reached)
		l.reached = nil
		<-ctx.Done()
	}
	if err := d.Confirm(ctx); err != nil {
		return err
	}
	l.taken.Add(1)
	return nil
}

func TestAStoppingProcessBeginsNoDelivery(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		b := newBench(t, options{database: database})
		channel := &late{reached: make(chan bool)}
		b.engine.Channels["email"] = channel
		ctx, stop := context.WithCancel(t.Context())
		reached, done := channel.reached, make(chan error, 1)
		go func() { done <- b.engine.Run(ctx) }()
		id := b.accept(t, b.checkout(t, "ada", completed, nil))
		<-reached
		stop()
		must(t, <-done)
		if _, _, d := b.now(t, id); d[0].State != store.StatePending || channel.taken.Load() != 0 {
			t.Errorf("after the stop %+v, taken %d times", d[0], channel.taken.Load())
		}
		b.work(t)
		if _, _, d := b.now(t, id); d[0].State != store.StateSent || channel.taken.Load() != 1 {
			t.Errorf("in the end %+v, taken %d times", d[0], channel.taken.Load())
		}
	})
}

// broke is a channel that panics after the point of no return.
type broke struct{ notices }

func (*broke) Deliver(ctx context.Context, d integrations.Delivery) error {
	if err := d.Confirm(ctx); err != nil {
		return err
	}
	panic("a fault in the channel")
}

func TestADeliveryThatPanickedHoldsNoStopUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, options{})
	b.engine.Channels["email"] = &broke{}
	id := b.accept(t, b.checkout(t, "ada", completed, nil))
	b.work(t)
	if _, _, d := b.now(t, id); d[0].Attempts == 0 {
		t.Fatalf("nothing was tried: %+v", d[0])
	}
	if what := b.engine.Unfinished(); what != "" {
		t.Errorf("after the panic a stop waits for %s", what)
	}
}
