package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

type triggerCmd struct {
	Event string `arg:"" help:"The event type, named as in rules: stripe.checkout.paid, or stripe.refunded, stripe.charge.refunded (a part), stripe.charge.dispute.created or stripe.charge.dispute.closed (won) about the newest sample checkout; or hooks.NAME.TYPE, of which the hook's preset or a rule has a sample; or webhooks.NAME, which sends a sample to that endpoint."`
	From  string `help:"Take this real Checkout Session as the sample." placeholder:"cs_…"`
	To    string `help:"Send what comes of it to this address. Default: the operator's, else ada@example.com." placeholder:"ADDRESS"`
	URL   string `name:"url" help:"Where the server is reached. Default: the listen setting." placeholder:"URL"`
}

// Run sends the event and tells what the server said.
func (t triggerCmd) Run(ctx context.Context, c terminal) error {
	if name, ok := strings.CutPrefix(t.Event, "webhooks."); ok {
		return t.webhook(ctx, c, name)
	}
	after, known := afterwards[t.Event]
	hook := isHookType(t.Event)
	if !known && !hook && t.Event != stripe.TypePaid {
		return wrongUse(fmt.Sprintf("there is no sample of %s; there is one of %s", t.Event,
			strings.Join(append([]string{stripe.TypePaid}, slices.Sorted(maps.Keys(afterwards))...), ", ")))
	}
	if t.To != "" {
		if _, err := mail.ParseAddress(t.To); err != nil {
			return wrongUse(fmt.Sprintf("--to %s is not a mail address", t.To))
		}
	}
	if hook && t.From != "" {
		return wrongUse("--from takes a Checkout Session, which is no sample of a hook")
	}
	section := config.Stripe
	if hook {
		section = config.Hooks
	}
	cfg, err := c.load(config.Options{Sections: []config.Section{section}})
	if err != nil {
		return err
	}
	if !hook && cfg.Stripe == nil {
		return errors.New("the config has no stripe section, which says how events are signed; add it")
	}
	s := sending{triggerCmd: t, terminal: c, cfg: cfg, now: time.Now()}
	switch {
	case known:
		err = s.after(ctx, after)
	case hook:
		err = s.toHook(ctx)
	default:
		err = s.paid(ctx)
	}
	if err == nil {
		fmt.Fprintln(c.Out, s.id)
		fmt.Fprintln(c.Err, "see what comes of it: passhook events "+s.id)
	}
	return err
}

// sending is one run.
type sending struct {
	triggerCmd
	terminal
	cfg *config.Config
	now time.Time
	// id is the server's, of the last event.
	id string
}

// paid sends a paid checkout: a real one, else that of the samples of which the
// rules make something.
func (s *sending) paid(ctx context.Context) error {
	live := s.cfg.Stripe.EffectiveMode() == stripe.ModeLive
	to := cmp.Or(s.To, s.cfg.Operator.Email)
	all, err := samples(s.cfg, strconv.FormatInt(s.now.UnixNano(), 36), s.now, live, cmp.Or(to, "ada@example.com"))
	if err != nil {
		return err
	}
	if s.From != "" {
		real, err := stripe.NewClient(*s.cfg.Stripe).Sample(ctx, !strings.HasPrefix(s.From, "cs_test_"), s.From)
		if err != nil {
			return err
		}
		// With an id of its own it issues passes of its own.
		real["id"], real["livemode"] = all[0].session["id"], live
		return s.send(ctx, "checkout.session.completed", "", receivedBy(real, to))
	}
	for i, one := range all {
		if err := s.send(ctx, "checkout.session.completed", strconv.Itoa(i), receivedBy(one.withLineItems(), to)); err != nil || !s.unmatched(ctx) {
			return err
		}
	}
	return nil
}

// receivedBy changes the buyer's address, where there is another.
func receivedBy(session map[string]any, to string) map[string]any {
	if details, ok := session["customer_details"].(map[string]any); ok && to != "" {
		details["email"] = to
	}
	return session
}

// unmatched waits a little for the server, and reports whether no rule fits what
// was sent.
func (s *sending) unmatched(ctx context.Context) bool {
	_, st, err := s.openStore(ctx)
	if err != nil {
		return false // the server is elsewhere
	}
	defer st.Close()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		e, err := st.Event(ctx, s.id)
		if err != nil || e.State != store.StatePending {
			return err == nil && e.State == store.StateUnmatched
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

// send posts a signed event about an object; part tells it from others of this
// run.
func (s *sending) send(ctx context.Context, eventType, part string, object map[string]any) (err error) {
	live, _ := object["livemode"].(bool)
	body := standins.Event(standins.EventOptions{
		ID: stripe.SampleEventPrefix + strconv.FormatInt(s.now.UnixNano(), 36) + part, Type: eventType, Created: s.now, Live: live,
	}, object)
	address := cmp.Or(s.URL, "http://"+localAddress(s.cfg.Listen)) + stripe.WebhookPath
	s.id, err = post(ctx, address, body, standins.Sign(body, s.cfg.Stripe.WebhookSecrets[0], s.now))
	return err
}

// post sends an event that Stripe's stand-in signed and returns the id that the
// server gave it.
func post(ctx context.Context, address string, body []byte, signature string) (string, error) {
	return postTo(ctx, address, http.Header{"Content-Type": {"application/json"}, "Stripe-Signature": {signature}}, body)
}

// postTo sends a request and returns the id that the server gave the event.
func postTo(ctx context.Context, address string, header http.Header, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header = header
	resp, err := (&http.Client{Timeout: 30 * time.Second}).Do(req)
	if err != nil {
		return "", fmt.Errorf("%w; is passhook running there?", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return "", err
	}
	var answer struct{ ID, Error string }
	if err := json.Unmarshal(b, &answer); err != nil || resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusAccepted {
		return "", fmt.Errorf("the server answered %s: %s", resp.Status, cmp.Or(answer.Error, string(b)))
	}
	return answer.ID, nil
}
