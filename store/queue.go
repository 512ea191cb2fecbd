package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
)

// Kinds of jobs.
const (
	JobEvent    = "event"
	JobReplay   = "replay"
	JobDelivery = "delivery"
)

// Job wakes a worker for rows. It carries ids only: what is to be done stands
// in the rows.
type Job struct {
	Kind string
	IDs  []string
}

// args is a Job as River keeps it.
type args struct {
	What string   `json:"what"`
	IDs  []string `json:"ids"`
}

// Kind names the one kind of job that River knows of.
func (args) Kind() string { return "wake" }

const (
	// softStop is how long running jobs may take when the process stops.
	softStop = 15 * time.Second
	// jobTimeout is how long one job may take. Claims last no longer, so later
	// another worker may have its rows; then a job whose process died is also
	// given to another one, within 30 s.
	jobTimeout = 45 * time.Second
	// keepJobs is how long finished jobs stay to be looked at.
	keepJobs = 10 * time.Minute
)

// worker hands every job to one function.
type worker struct {
	river.WorkerDefaults[args]
	work func(context.Context, Job) error
}

// Work does one job.
func (w *worker) Work(ctx context.Context, j *river.Job[args]) error {
	return w.work(ctx, Job{Kind: j.Args.What, IDs: j.Args.IDs})
}

func params(jobs []Job) []river.InsertManyParams {
	out := make([]river.InsertManyParams, len(jobs))
	for i, j := range jobs {
		queue := JobEvent
		if j.Kind == JobDelivery {
			queue = JobDelivery
		}
		out[i] = river.InsertManyParams{Args: args{j.Kind, j.IDs}, InsertOpts: &river.InsertOpts{Queue: queue, MaxAttempts: 3}}
	}
	return out
}

// insertOnly adds jobs. River announces at most one insert each FetchCooldown;
// what came within it would wait for the next poll.
func insertOnly(c Config) *river.Config {
	return &river.Config{Logger: quiet(c.Logger), FetchCooldown: river.FetchCooldownMin}
}

// quiet keeps River's own news out of the operator's log.
func quiet(l *slog.Logger) *slog.Logger { return slog.New(warnings{l.Handler()}) }

type warnings struct{ slog.Handler }

func (h warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func working(c Config, work func(context.Context, Job) error) *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{work: work})
	return &river.Config{
		Logger:  quiet(c.Logger),
		Workers: workers,
		Queues: map[string]river.QueueConfig{
			JobEvent:    {MaxWorkers: c.EventWorkers},
			JobDelivery: {MaxWorkers: c.DeliveryWorkers},
		},
		FetchCooldown: 20 * time.Millisecond, FetchPollInterval: 200 * time.Millisecond,
		JobTimeout: jobTimeout, RescueStuckJobsAfter: jobTimeout, SoftStopTimeout: softStop,
		CompletedJobRetentionPeriod: keepJobs,
	}
}

// runClient works until ctx ends and then lets running jobs finish.
func runClient[T any](ctx context.Context, client *river.Client[T]) error {
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	<-ctx.Done()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), softStop+5*time.Second)
	defer cancel()
	return client.Stop(stop)
}

// Run works until ctx ends: jobs as they come, and rows that are due without a
// job. work is called from many goroutines; its errors are logged, what it left
// undone is in the rows. When ctx ends, what runs may finish for 15 s; then
// work's own ctx ends, and work must return.
func (s *Store) Run(ctx context.Context, work func(context.Context, Job) error) error {
	if err := s.engine.release(ctx, s.now()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var sweeps sync.WaitGroup
	for _, w := range []*sweep{
		{Store: s, kind: JobEvent, query: dueEvents, work: work, slots: make(chan struct{}, s.config.EventWorkers)},
		{Store: s, kind: JobDelivery, query: dueDeliveries, work: work, slots: make(chan struct{}, s.config.DeliveryWorkers)},
	} {
		sweeps.Go(func() { w.run(ctx) })
	}
	err := s.keepRunning(ctx, work)
	cancel()
	sweeps.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// restartAfter is the pause before the queue is started again.
const restartAfter = time.Second

// keepRunning starts the queue again when it could not start or ended by
// itself, as when the database is away; events are refused meanwhile, not lost.
func (s *Store) keepRunning(ctx context.Context, work func(context.Context, Job) error) error {
	for {
		err := s.engine.run(ctx, work)
		if ctx.Err() != nil {
			return err
		}
		s.config.Logger.Error("the queue stopped; it is started again", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(restartAfter):
		}
	}
}

// wake adds jobs in a transaction of their own.
func (s *Store) wake(ctx context.Context, jobs ...Job) error {
	return s.inTx(ctx, func(tx *transaction) error { return s.engine.enqueue(ctx, tx, jobs) })
}
