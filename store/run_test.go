package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

func TestWorkMayFinishWhenTheProcessStops(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		ctx, stop := context.WithCancel(t.Context())
		started, finish, ended := make(chan bool, 10), make(chan bool), make(chan error, 10)
		done := make(chan error, 1)
		go func() {
			done <- s.Run(ctx, func(ctx context.Context, _ store.Job) error {
				started <- true
				<-finish
				ended <- ctx.Err()
				return nil
			})
		}()
		accept(t, s, event("1"))
		receive(t, started, "work")
		stop()
		select {
		case err := <-done:
			t.Fatalf("Run did not wait for its work: %v", err)
		default:
		}
		close(finish)
		must(t, receive(t, ended, "the end of the work"))
		must(t, receive(t, done, "the end of Run"))
	})
}

// A row that hangs, such as a mail server that does not answer, holds up no
// other row that the sweep has found.
func TestARowThatHangsHoldsUpNoOther(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		var ids []string
		for _, name := range []string{"hangs", "2", "3", "4"} {
			e := claimed(t, s, event(name))
			must(t, s.RetryEvent(t.Context(), e, p.clock.now(), ""))
			ids = append(ids, e.ID)
		}
		_, err := s.Database().Exec("DELETE FROM river_job") // only the sweep finds them
		must(t, err)
		got := make(chan string, 10)
		finish := make(chan bool)
		defer close(finish)
		worked(t, s, func(ctx context.Context, j store.Job) error {
			if _, ok, err := s.ClaimEvent(ctx, j.IDs[0]); err != nil || !ok {
				return err
			}
			got <- j.IDs[0]
			if j.IDs[0] == ids[0] {
				select {
				case <-finish:
				case <-ctx.Done():
				}
			}
			return nil
		})
		var worked []string
		for range ids {
			worked = append(worked, receive(t, got, "a row"))
		}
		if slices.Sort(worked); !slices.Equal(worked, ids) {
			t.Errorf("worked on %v, want %v", worked, ids)
		}
	})
}

// A replay stands in its job only, so the job outlives a process that dies.
func TestAReplayOutlivesTheProcess(t *testing.T) {
	p := sqlite(t)
	s := p.open(t)
	e := claimed(t, s, event("1"))
	must(t, s.SettleEvent(t.Context(), e, store.StateFailed, "no address"))
	must(t, s.Replay(t.Context(), e.ID))
	_, err := s.Database().Exec("UPDATE river_job SET state = 'running', attempt = 1, attempted_at = CURRENT_TIMESTAMP")
	must(t, err)
	must(t, s.Close())
	s = opened(t, p)
	jobs := make(chan store.Job, 10)
	worked(t, s, func(_ context.Context, j store.Job) error { jobs <- j; return nil })
	start := time.Now()
	job(t, jobs, store.JobReplay, e.ID)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestReopen(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		e := claimed(t, s, event("1"))
		if ok, err := s.Reopen(t.Context(), e.ID); err != nil || ok {
			t.Errorf("a pending event: %t %v", ok, err)
		}
		must(t, s.SettleEvent(t.Context(), e, store.StateFailed, "no address"))
		if ok, err := s.Reopen(t.Context(), e.ID); err != nil || !ok {
			t.Errorf("a failed event: %t %v", ok, err)
		}
		again, ok, err := s.ClaimEvent(t.Context(), e.ID)
		if must(t, err); !ok || again.Attempts != 2 || again.Note != "" || !again.Settled.IsZero() {
			t.Errorf("got %+v", again)
		}
	})
}
