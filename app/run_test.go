package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// newApp is an app of these parts alone.
func newApp(log *strings.Builder, parts ...Part) *App {
	return &App{Options: Options{Log: slog.New(slog.NewTextHandler(log, nil))}, parts: parts}
}

func TestAPartThatFailsStopsTheRest(t *testing.T) {
	var order []string
	wait := func(ctx context.Context) error { <-ctx.Done(); order = append(order, "ended"); return ctx.Err() }
	closes := func(name string) func() error {
		return func() error { order = append(order, "closed "+name); return nil }
	}
	parts := []Part{
		{Name: "store", Close: closes("store")},
		{Name: "works", Run: wait, Close: closes("works")},
		{Name: "fails", Run: func(context.Context) error { return errors.New("no more room") }},
	}
	a := newApp(&strings.Builder{}, parts...)
	err := a.run(t.Context(), parts)
	if err == nil || err.Error() != "fails: no more room" {
		t.Errorf("got %v", err)
	}
	if got := strings.Join(order, ", "); got != "ended, closed works, closed store" {
		t.Errorf("got %s", got)
	}
}

func TestAPartThatPanicsIsAnError(t *testing.T) {
	parts := []Part{{Name: "fails", Run: func(context.Context) error { panic("nil map") }}}
	var log strings.Builder
	err := newApp(&log, parts...).run(t.Context(), parts)
	if err == nil || err.Error() != "fails: internal error: nil map" || !strings.Contains(log.String(), "please report it") {
		t.Errorf("got %v, and the log says %s", err, &log)
	}
}

func TestAMailThatIsNotAnsweredYetIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const answers = 9 * time.Minute
		var busy atomic.Bool
		busy.Store(true)
		closed := false
		parts := []Part{{
			Name: "deliveries", Close: func() error { closed = true; return nil },
			Run: func(context.Context) error {
				<-time.After(answers)
				busy.Store(false)
				<-time.After(time.Second)
				return nil
			},
			Unfinished: func() string {
				if busy.Load() {
					return "1 mail"
				}
				return ""
			},
		}}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		var log strings.Builder
		if err := newApp(&log, parts...).run(ctx, parts); err != nil || !closed || time.Since(start) != answers+time.Second || !strings.Contains(log.String(), "waits for 1 mail") {
			t.Errorf("after %s: %v, closed: %t\n%s", time.Since(start), err, closed, &log)
		}
	})
}

func TestWhatHangsIsNotWaitedForNorClosedUnder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed, release := false, make(chan struct{})
		parts := []Part{
			{Name: "store", Close: func() error { closed = true; return nil }},
			{Name: "hangs", Run: func(context.Context) error { <-release; return nil }},
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		err := newApp(&strings.Builder{}, parts...).run(ctx, parts)
		if err == nil || !strings.Contains(err.Error(), "without waiting for hangs") || closed || time.Since(start) != stopWithin {
			t.Errorf("after %s: %v, closed: %t", time.Since(start), err, closed)
		}
		close(release)
	})
}

func TestALoopGoesOnAfterAPanicAndAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var log strings.Builder
		n := 0
		err := newApp(&log).every("it was not looked at", time.Minute, nil, func(context.Context) error {
			switch n++; n {
			case 1:
				panic("nil map")
			case 2:
				return errors.New("no route")
			}
			cancel()
			return nil
		})(ctx)
		if err != nil || n != 3 || strings.Count(log.String(), "it was not looked at; it is tried again") != 2 {
			t.Errorf("%d times, %v, and the log says %s", n, err, &log)
		}
	})
}
