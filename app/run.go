package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Part is something that runs inside an App. Each of its functions may be nil.
type Part struct {
	Name string
	// Run works until ctx ends. An error stops all parts.
	Run func(ctx context.Context) error
	// Unfinished says what must not be cut off, however long it takes; empty:
	// nothing.
	Unfinished func() string
	// Close lets go of what the part holds, once no part runs any more.
	Close func() error
}

// stopWithin is how long parts may take to end. Containers are killed after 10 s.
const stopWithin = 8 * time.Second

// run runs the parts until ctx ends or one of them fails, waits for all of them
// and closes them. What still runs after stopWithin, and may be cut off, is given
// up, and nothing is closed under it: the process ends, as in a crash.
func (a *App) run(ctx context.Context, parts []Part) error {
	g, ctx := errgroup.WithContext(ctx)
	running := &names{of: map[string]bool{}}
	for _, p := range parts {
		if p.Run == nil {
			continue
		}
		running.set(p.Name, true)
		g.Go(func() error {
			defer running.set(p.Name, false)
			if err := a.safely(ctx, p.Run); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", p.Name, err)
			}
			return nil
		})
	}
	ended := make(chan error, 1)
	go func() { ended <- g.Wait() }()
	<-ctx.Done() // Wait ends it as well
	late := time.NewTimer(stopWithin)
	defer late.Stop()
	for waited := ""; ; {
		select {
		case err := <-ended:
			return errors.Join(err, a.Close())
		case <-late.C:
		}
		what := unfinished(parts)
		if what == "" && waited == "" {
			return fmt.Errorf("stopped without waiting for %s, which did not end within %s", running, stopWithin)
		}
		if what != "" {
			a.Log.Warn("the end waits for " + what + "; a second signal ends at once")
		}
		waited = what // what has just finished is still to be written
		late.Reset(stopWithin)
	}
}

// unfinished lists what must not be cut off.
func unfinished(parts []Part) string {
	var out []string
	for _, p := range parts {
		if p.Unfinished == nil {
			continue
		}
		if what := p.Unfinished(); what != "" {
			out = append(out, what)
		}
	}
	return strings.Join(out, " and ")
}

// safely turns a panic into an error.
func (a *App) safely(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			a.Log.Error("internal error; please report it", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	return f(ctx)
}

// every is a Run that does f at once and then again and again, with up to a
// fifth more than d between, which keeps processes apart, or at once when wake
// gives a value. What fails, with a panic too, is logged and tried again the
// next time.
func (a *App) every(failed string, d time.Duration, wake <-chan struct{}, f func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			if err := a.safely(ctx, f); err != nil && ctx.Err() == nil {
				a.Log.Warn(failed+"; it is tried again", "error", err)
			}
			next := time.NewTimer(d + time.Duration(rand.Float64()*float64(d/5))) //nolint:gosec // no secret
			select {
			case <-ctx.Done():
				next.Stop()
				return nil
			case <-wake:
				next.Stop()
			case <-next.C:
			}
		}
	}
}

// names are those of the parts that run.
type names struct {
	mu sync.Mutex
	of map[string]bool
}

func (n *names) set(name string, runs bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.of[name] = runs; !runs {
		delete(n.of, name)
	}
}

func (n *names) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(n.of)), ", ")
}
