package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/passes"
)

type pushCmd struct {
	Template string `required:"" help:"The template that was changed." placeholder:"NAME"`
	DryRun   bool   `help:"Say what would happen, and do nothing."`
}

// countedUpTo is where counting ends: a million passes need not be counted to know
// that they are many.
const countedUpTo = 100_000

// Run says what phones will see, and wakes them.
func (p pushCmd) Run(ctx context.Context, c terminal) error {
	cfg, err := c.load(config.Options{Sections: []config.Section{config.Templates}})
	if err != nil {
		return err
	}
	t, found := app.LoadTemplate(cfg, p.Template, nil)
	if err := c.printProblems(found); err != nil {
		return err
	}
	_, s, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	n, phones, err := s.CountTemplate(ctx, p.Template, countedUpTo)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "%s of template %s on %s\n", upTo(n, "pass", "passes"), p.Template, upTo(phones, "phone", "phones"))
	banner, err := announced(t)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.Out, banner)
	if p.DryRun || n == 0 {
		return nil
	}
	e, err := bot.PushTemplate(p.Template, time.Now())
	if err != nil {
		return err
	}
	id, _, err := s.Accept(ctx, e)
	if err == nil {
		fmt.Fprintln(c.Err, "queued; the running server wakes them now, or passhook serve when it starts: passhook events "+id)
	}
	return err
}

func upTo(n int, one, many string) string {
	switch {
	case n == 1:
		return "1 " + one
	case n >= countedUpTo:
		return fmt.Sprintf("%d or more %s", n, many)
	}
	return fmt.Sprintf("%d %s", n, many)
}

// announced says for which fields a banner shows when their value has changed.
func announced(t *passes.Template) (string, error) {
	sample, err := t.Sample(nil)
	if err != nil {
		return "", err
	}
	r, err := t.Render(sample)
	if err != nil {
		return "", err
	}
	var pass any
	if err := json.Unmarshal(r.JSON, &pass); err != nil {
		return "", err
	}
	var loud, silent []string
	eachChangeMessage(pass, func(key, message string) {
		if strings.Contains(message, "%@") {
			loud = append(loud, key)
		} else {
			silent = append(silent, key)
		}
	})
	slices.Sort(loud)
	text := "no banner will show: no field has a changeMessage; phones update silently"
	if len(loud) > 0 {
		text = "a banner shows where one of these fields has another value than before: " + strings.Join(loud, ", ") + "; all else updates silently"
	}
	if len(silent) > 0 {
		text += "\nwarning: the changeMessage of " + strings.Join(silent, ", ") + " lacks %@, so Wallet shows none"
	}
	return text, nil
}

// eachChangeMessage finds the fields of a pass that have one.
func eachChangeMessage(v any, f func(key, message string)) {
	switch v := v.(type) {
	case map[string]any:
		if message, ok := v["changeMessage"].(string); ok {
			f(fmt.Sprint(v["key"]), message)
		}
		for _, child := range v {
			eachChangeMessage(child, f)
		}
	case []any:
		for _, child := range v {
			eachChangeMessage(child, f)
		}
	}
}
