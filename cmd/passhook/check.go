package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/problems"
)

type checkCmd struct {
	Event  string `help:"Say which rules an event matches and what they would make. A JSON file, a Checkout Session id that Stripe is asked for, or the type of a sample, hooks.NAME.TYPE." placeholder:"FILE|cs_…|TYPE"`
	As     string `help:"The file is what is posted to a hook, and an event of this type: hooks.NAME.TYPE." placeholder:"TYPE"`
	Online bool   `help:"Also ask Stripe and the mail server whether they let us in; nothing is sent."`
	JSON   bool   `name:"json" help:"For programs."`
}

// checkJSON is what check --json prints.
type checkJSON struct {
	OK       bool              `json:"ok"`
	Problems problems.List     `json:"problems"`
	Event    *bot.Plan         `json:"event,omitempty"`
	Types    []string          `json:"types,omitempty"`
	Renewals map[string]string `json:"certificates,omitempty"`
}

// Run checks everything that serve would start with, sending nothing.
func (k checkCmd) Run(ctx context.Context, c terminal) error {
	cfg, p, found, err := c.loadProject(config.Options{})
	if err != nil {
		return err
	}
	if p == nil {
		return k.finish(c, checkJSON{Problems: found})
	}
	out := checkJSON{Renewals: map[string]string{}, OK: true}
	for _, t := range slices.Sorted(maps.Keys(p.Templates)) {
		found = append(found, tryExamples(p, t)...)
	}
	for _, cert := range p.Keyring.All() {
		out.Renewals[cert.PassType] = cert.NotAfter.Format(time.DateOnly)
		// serve starts with such a certificate, so it is a warning.
		out.OK = out.OK && cert.Valid(time.Now()) == nil
	}
	if k.Online && found.Err() == nil {
		found = append(found, checkOnline(ctx, cfg)...)
	}
	out.Problems = found
	if k.Event != "" && found.Err() == nil {
		if err := k.plan(ctx, cfg, p, &out); err != nil {
			return err
		}
	}
	return k.finish(c, out)
}

// tryExamples renders a template with its inputs' examples.
func tryExamples(p *app.Project, name string) problems.List {
	_, err := p.Program.Try(name, nil)
	if err == nil {
		return nil
	}
	return problems.List{{File: name + ".pass", Text: fmt.Sprintf("cannot be rendered with the examples of its inputs: %v", err)}}
}

func (k checkCmd) plan(ctx context.Context, cfg *config.Config, p *app.Project, out *checkJSON) error {
	source, e, err := k.event(ctx, cfg)
	if err != nil {
		return err
	}
	if e.Ignore != "" {
		return fmt.Errorf("the event would be ignored: %s", e.Ignore)
	}
	out.Types = e.Names()
	if out.Event = (&bot.Plan{}); !p.Program.Listens(e) {
		return nil
	}
	completed, err := source.Complete(ctx, e)
	if err != nil {
		return err
	}
	if out.Event, err = p.Program.Plan(completed); err != nil {
		return err
	}
	for _, pass := range out.Event.Passes {
		if _, err := p.Program.Try(pass.Template, pass.Inputs); err != nil {
			return fmt.Errorf("rule %s, template %s: %w", pass.Rule, pass.Template, err)
		}
	}
	return nil
}

// event reads an event and says which source completes it.
func (k checkCmd) event(ctx context.Context, cfg *config.Config) (integrations.Source, integrations.Event, error) {
	if k.As != "" || isHookType(k.Event) && !exists(k.Event) {
		return k.hookEvent(cfg)
	}
	var settings stripe.Config
	if cfg.Stripe != nil {
		settings = *cfg.Stripe
	}
	client := stripe.NewClient(settings)
	e, err := k.stripeEvent(ctx, client)
	return client, e, err
}

// hookEvent reads what is posted to a hook, from a file or of a sample.
func (k checkCmd) hookEvent(cfg *config.Config) (integrations.Source, integrations.Event, error) {
	name := cmp.Or(k.As, k.Event)
	hook, err := findHook(cfg, name)
	if err != nil {
		return nil, integrations.Event{}, err
	}
	if k.As == "" {
		r, err := hookSample(cfg, hook, name, "", time.Now())
		if err != nil {
			return nil, integrations.Event{}, err
		}
		events, _, err := hook.Events(r.Header, r.Body, time.Now())
		if err != nil {
			return nil, integrations.Event{}, err
		}
		return hook, events[0], nil
	}
	b, err := os.ReadFile(k.Event)
	if err != nil {
		return nil, integrations.Event{}, err
	}
	e, err := hook.Decode(b)
	if err != nil {
		return nil, e, fmt.Errorf("%s: %w", k.Event, err)
	}
	e.Type = k.As
	return hook, e, nil
}

// stripeEvent reads an event or a bare Checkout Session, from a file or from
// Stripe.
func (k checkCmd) stripeEvent(ctx context.Context, client *stripe.Client) (integrations.Event, error) {
	if strings.HasPrefix(k.Event, "cs_") {
		session, err := client.Session(ctx, !strings.HasPrefix(k.Event, "cs_test_"), "", k.Event)
		if err != nil {
			return integrations.Event{}, err
		}
		return client.FromSession(session)
	}
	b, err := os.ReadFile(k.Event)
	if err != nil {
		return integrations.Event{}, err
	}
	var probe struct {
		Object string `json:"object"`
	}
	if json.Unmarshal(b, &probe) == nil && probe.Object == "checkout.session" {
		return client.FromSession(b)
	}
	e, err := client.Decode(b)
	if err != nil {
		return e, fmt.Errorf("%s: %w", k.Event, err)
	}
	return e, nil
}

// finish prints the result; it is bad news when there is any error, or no pass
// can be signed.
func (k checkCmd) finish(c terminal, out checkJSON) error {
	out.OK = out.OK && out.Problems.Err() == nil
	if k.JSON {
		if out.Problems == nil {
			out.Problems = problems.List{}
		}
		if err := c.json(out); err != nil {
			return err
		}
	} else {
		k.print(c, out)
	}
	if !out.OK {
		return errSilent
	}
	return nil
}

func (k checkCmd) print(c terminal, out checkJSON) {
	if c.printProblems(out.Problems) != nil || !out.OK {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(out.Renewals)) {
		fmt.Fprintf(c.Out, "certificate %s until %s\n", name, out.Renewals[name])
	}
	fmt.Fprintln(c.Out, "ok")
	if out.Event == nil {
		return
	}
	fmt.Fprintf(c.Out, "\nevent: %s\n", strings.Join(out.Types, ", "))
	if len(out.Event.Rules) == 0 {
		fmt.Fprintln(c.Out, "no rule is on it")
		return
	}
	fmt.Fprintf(c.Out, "rules: %s\npasses: %d\n", strings.Join(out.Event.Rules, ", "), len(out.Event.Passes))
	for _, p := range out.Event.Passes {
		fmt.Fprintf(c.Out, "\n  rule %s, template %s, item %s, unit %d\n", p.Rule, p.Template, p.Item, p.Unit)
		for _, name := range slices.Sorted(maps.Keys(p.Inputs)) {
			fmt.Fprintf(c.Out, "    %s: %v\n", name, p.Inputs[name])
		}
		for _, to := range p.To {
			fmt.Fprintf(c.Out, "    to %s %s\n", to.Channel, to.Address)
		}
	}
	for _, change := range out.Event.Changes {
		k.printChange(c, change)
	}
}

// printChange says what a rule does to passes that are there.
func (k checkCmd) printChange(c terminal, change bot.PlannedChange) {
	fmt.Fprintf(c.Out, "\n  rule %s, action %s", change.Rule, change.Action)
	if change.Template != "" {
		fmt.Fprintf(c.Out, ", template %s", change.Template)
	}
	if change.Key != "" {
		fmt.Fprintf(c.Out, ", key %s", change.Key)
	}
	fmt.Fprintln(c.Out)
	for _, name := range slices.Sorted(maps.Keys(change.Inputs)) {
		fmt.Fprintf(c.Out, "    %s: %v\n", name, change.Inputs[name])
	}
}
