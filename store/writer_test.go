package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

type execute = func(query string, args ...any) error

const putMark = "INSERT INTO marks (name, value) VALUES ($1, $2)"

func mark(name string) func(execute) error {
	return func(exec execute) error { return exec(putMark, name, "here") }
}

func marked(t testing.TB, s *store.Store, name string) bool {
	t.Helper()
	return got[string](t)(s.Mark(t.Context(), name)) == "here"
}

func TestAnErrorInASharedTransactionUndoesItselfAlone(t *testing.T) {
	t.Parallel()
	s := opened(t, sqlite(t))
	errs, transactions := s.Together(0,
		mark("first"),
		func(exec execute) error {
			must(t, exec(putMark, "second", "here"))
			return errors.New("no")
		},
		func(exec execute) error { return exec("no SQL") },
		func(exec execute) error {
			must(t, exec(putMark, "fourth", "here"))
			panic("a fault")
		},
		mark("fifth"),
	)
	if errs[0] != nil || errs[1] == nil || errs[2] == nil || errs[3] == nil || !strings.Contains(errs[3].Error(), "a fault") || errs[4] != nil {
		t.Errorf("%v", errs)
	}
	for i, name := range []string{"first", "second", "third", "fourth", "fifth"} {
		if is := marked(t, s, name); is != (errs[i] == nil) {
			t.Errorf("%s is there: %t, in %d transactions", name, is, transactions)
		}
	}
}

// Where the disk is full, SQLite may undo a transaction as a whole, with what was
// fine in it.
func TestOnAFullDiskNothingIsAnsweredThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := opened(t, sqlite(t))
	pages := got[int](t)(s.Writer("PRAGMA page_count"))
	got[int](t)(s.Writer(fmt.Sprintf("PRAGMA max_page_count = %d", pages)))
	full := func(exec execute) error { return exec(putMark, "full", strings.Repeat("x", 1_000_000)) }
	errs, _ := s.Together(0, mark("before"), full, mark("after"))
	if errs[1] == nil {
		t.Error("there was room")
	}
	if before := marked(t, s, "before"); before != (errs[0] == nil) {
		t.Errorf("%v is answered, and it is there: %t", errs[0], before)
	}
	if after := marked(t, s, "after"); after != (errs[2] == nil) {
		t.Errorf("%v is answered, and it is there: %t", errs[2], after)
	}
	got[int](t)(s.Writer("PRAGMA max_page_count = 100000"))
	must(t, s.Write(t.Context(), false, full))
	must(t, s.Write(t.Context(), true, mark("later")))
	if !marked(t, s, "later") {
		t.Error("it cannot be written any more")
	}
}

func TestUrgentWritesGoFirst(t *testing.T) {
	t.Parallel()
	s := opened(t, sqlite(t))
	order := make(chan string, 10)
	write := func(name string) func(execute) error {
		return func(execute) error { order <- name; return nil }
	}
	s.Together(1, write("normal"), write("urgent"))
	if first, second := receive(t, order, "a write"), receive(t, order, "a write"); first != "urgent" || second != "normal" {
		t.Errorf("in one transaction: %s, then %s", first, second)
	}
	for range 6 {
		// The writer is kept for longer than others may join its transaction.
		began, goOn := make(chan bool), make(chan bool)
		ended := make(chan error, 10)
		go func() {
			ended <- s.Write(t.Context(), false, func(execute) error { began <- true; <-goOn; return nil })
		}()
		receive(t, began, "the first")
		go func() { ended <- s.Write(t.Context(), false, write("normal")) }()
		go func() { ended <- s.Write(t.Context(), true, write("urgent")) }()
		<-time.After(50 * time.Millisecond)
		close(goOn)
		if first, second := receive(t, order, "a write"), receive(t, order, "a write"); first != "urgent" || second != "normal" {
			t.Errorf("%s, then %s", first, second)
		}
		for range 3 {
			must(t, receive(t, ended, "the end"))
		}
	}
}

func TestWhatEndsBeforeItsTurnIsNotRun(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		var ran atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 30 {
			if err := s.Write(ctx, false, func(execute) error { ran.Add(1); return nil }); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		if p.URL == "" {
			free := locked(t, s)
			go func() { _ = s.Write(t.Context(), false, mark("first")) }()
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			<-time.After(50 * time.Millisecond) // the first has the writer
			if err := s.Write(ctx, false, func(execute) error { ran.Add(1); return nil }); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("while it waits: %v", err)
			}
			free()
		}
		if n := ran.Load(); n != 0 {
			t.Errorf("%d ran", n)
		}
	})
}

func TestAPanicInAWriteIsAnError(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		err := s.Write(t.Context(), false, func(exec execute) error {
			must(t, exec(putMark, "bad", "here"))
			panic("a fault")
		})
		if err == nil || !strings.Contains(err.Error(), "a fault") {
			t.Errorf("got %v", err)
		}
		must(t, s.Write(t.Context(), false, mark("good")))
		if marked(t, s, "bad") || !marked(t, s, "good") {
			t.Error("the wrong one was stored")
		}
	})
}

func TestAClosedStoreWritesNothing(t *testing.T) {
	t.Parallel()
	s := sqlite(t).open(t)
	must(t, s.Close())
	if err := s.Write(t.Context(), false, mark("late")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
