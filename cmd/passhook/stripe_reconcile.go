package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/store"
)

type stripeReconcileCmd struct {
	Since  string `help:"How far to look back: 30d, 36h or 2026-11-01; Stripe keeps 30 days. Default: stripe.since, else the first start." placeholder:"TIME"`
	DryRun bool   `help:"List what is missing; store nothing."`
	JSON   bool   `name:"json" help:"For programs."`
}

// tallied counts events of one type.
type tallied struct {
	New   int `json:"new"`
	Known int `json:"known"`
}

// Run fetches events beside a running server, which works on them.
func (r stripeReconcileCmd) Run(ctx context.Context, c terminal) error {
	b, err := c.openStripe(ctx)
	if err != nil {
		return err
	}
	defer b.store.Close()
	since, err := r.since(ctx, b)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Err, "events since %s\n", formatTime(since, b.config))
	readers, err := b.readers(ctx)
	if err != nil {
		return err
	}
	t := tally{stripeReconcileCmd: r, stripeProject: b, count: map[string]*tallied{}, missing: map[string]bool{}}
	for _, reader := range readers {
		err := reader.Events(ctx, since, "", func(raw []byte) error { return t.add(ctx, reader.Receive(raw)) })
		if err == nil {
			err = reader.Missing(ctx, since, time.Now(), t.has, func(e integrations.Event) error { return t.add(ctx, e) })
		}
		if err != nil {
			return fmt.Errorf("%s: %w", reader, err)
		}
	}
	return t.print(c)
}

func (r stripeReconcileCmd) since(ctx context.Context, b *stripeProject) (time.Time, error) {
	if r.Since != "" {
		return parseSince(r.Since, time.Now(), b.config.Location)
	}
	since, ok, err := stripe.Since(ctx, b.store, *b.config.Stripe, b.config.Location)
	if err == nil && !ok {
		err = wrongUse("--since is missing: passhook serve has not run yet, so nothing says how far to look back")
	}
	return since, err
}

// tally is one run.
type tally struct {
	stripeReconcileCmd
	*stripeProject
	count map[string]*tallied
	// missing has object and type of the events that a dry run does not store.
	missing map[string]bool
}

// add stores one event, or looks whether it is there, and counts it.
func (t *tally) add(ctx context.Context, e integrations.Event) error {
	var fresh bool
	var err error
	if t.DryRun {
		var state string
		state, err = t.stateOf(ctx, e.ExternalID)
		fresh = state == ""
		for _, name := range e.Names() {
			t.missing[e.Object+" "+name] = true
		}
	} else {
		_, fresh, err = t.store.Accept(ctx, t.program.Prepare(e))
	}
	if err != nil {
		return err
	}
	of := t.count[e.Type]
	if of == nil {
		of = &tallied{}
		t.count[e.Type] = of
	}
	if fresh {
		of.New++
	} else {
		of.Known++
	}
	return nil
}

// has is the store's, and true for what a dry run has seen.
func (t *tally) has(ctx context.Context, source, object string, types ...string) (bool, error) {
	for _, name := range types {
		if t.missing[object+" "+name] {
			return true, nil
		}
	}
	return t.store.HasEvent(ctx, source, object, types...)
}

func (t *tally) print(c terminal) error {
	count := t.count
	if t.JSON {
		return c.json(count)
	}
	sum := 0
	rows := [][]string{{"TYPE", "NEW", "KNOWN"}}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		n := count[name]
		sum += n.New
		rows = append(rows, []string{name, strconv.Itoa(n.New), strconv.Itoa(n.Known)})
	}
	if len(count) > 0 {
		if err := c.table(rows); err != nil {
			return err
		}
	}
	switch {
	case sum == 0:
		fmt.Fprintln(c.Err, "nothing is missing")
	case t.DryRun:
		fmt.Fprintf(c.Err, "%d events are missing; without --dry-run they are fetched\n", sum)
	default:
		fmt.Fprintf(c.Err, "%d events were missing and are stored; the running server works on them now, or passhook serve when it starts\n", sum)
	}
	return nil
}

// stripeProject is a project beside its running server: Stripe's API, the store,
// and the rules that decide which events are worked on.
type stripeProject struct {
	config  *config.Config
	store   *store.Store
	program *bot.Program
	client  *stripe.Client
}

func (c terminal) openStripe(ctx context.Context) (*stripeProject, error) {
	cfg, err := c.loadStripe()
	if err != nil {
		return nil, err
	}
	return c.openStripeOf(ctx, cfg)
}

func (c terminal) loadStripe() (*config.Config, error) {
	cfg, err := c.load(config.Options{Sections: []config.Section{config.Store, config.Stripe, config.Templates, config.Rules}})
	if err == nil && cfg.Stripe == nil {
		err = fmt.Errorf("%s has no stripe section; passhook stripe setup --manual says what belongs there", cfg.File)
	}
	return cfg, err
}

func (c terminal) openStripeOf(ctx context.Context, cfg *config.Config) (*stripeProject, error) {
	p, problems := app.LoadRules(cfg, nil)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	s, err := store.OpenBeside(ctx, app.StoreConfig(cfg, c.logger()))
	if err != nil {
		return nil, err
	}
	return &stripeProject{config: cfg, store: s, program: p.Program, client: stripe.NewClient(*cfg.Stripe)}, nil
}

// readers are those of the keys' own account and of the connected ones.
func (b *stripeProject) readers(ctx context.Context) ([]stripe.Reader, error) {
	connected, err := b.store.Accounts(ctx, stripe.SourceName)
	return b.client.Readers(connected...), err
}

// stateOf is the state of an event of Stripe's; empty where it is not stored.
func (b *stripeProject) stateOf(ctx context.Context, externalID string) (string, error) {
	there, err := b.store.FindEvents(ctx, store.Filter{Query: externalID})
	for _, e := range there {
		if e.Source == stripe.SourceName && e.ExternalID == externalID {
			return e.State, err
		}
	}
	return "", err
}
