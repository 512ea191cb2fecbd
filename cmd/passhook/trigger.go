package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
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
)

type triggerCmd struct {
	Event string `arg:"" help:"The event type, named as in rules: stripe.checkout.paid, or stripe.refunded, stripe.charge.refunded (a part), stripe.charge.dispute.created or stripe.charge.dispute.closed (won) about the newest sample checkout."`
	From  string `help:"Take this real Checkout Session as the sample." placeholder:"cs_…"`
	To    string `help:"Send what comes of it to this address. Default: the operator's, else ada@example.com." placeholder:"ADDRESS"`
	URL   string `name:"url" help:"Where the server is reached. Default: the listen setting." placeholder:"URL"`
}

// Run sends the event and tells what the server said.
func (t triggerCmd) Run(ctx context.Context, c console) error {
	if _, ok := afterwards[t.Event]; !ok && t.Event != stripe.TypePaid {
		return wrongUse(fmt.Sprintf("there is no sample of %s; there is one of %s", t.Event,
			strings.Join(append([]string{stripe.TypePaid}, slices.Sorted(maps.Keys(afterwards))...), ", ")))
	}
	if t.To != "" {
		if _, err := mail.ParseAddress(t.To); err != nil {
			return wrongUse(fmt.Sprintf("--to %s is not a mail address", t.To))
		}
	}
	cfg, err := c.load(config.Options{Sections: []config.Section{config.Stripe}})
	if err != nil {
		return err
	}
	now := time.Now()
	seed := strconv.FormatInt(now.UnixNano(), 36)
	event := standins.EventOptions{ID: stripe.SampleEventPrefix + seed, Type: "checkout.session.completed", Created: now}
	var object map[string]any
	if t.Event == stripe.TypePaid {
		event.Live = cfg.Stripe.EffectiveMode() == stripe.ModeLive
		object, err = t.session(ctx, cfg, event.Live, now)
	} else {
		event.Type, object, event.Live, err = c.after(ctx, t.Event, "sample_"+seed)
	}
	if err != nil {
		return err
	}
	body := standins.Event(event, object)
	address := cmp.Or(t.URL, "http://"+local(cfg.Listen)) + "/webhooks/stripe"
	answer, err := post(ctx, address, body, standins.Sign(body, cfg.Stripe.WebhookSecrets[0], now))
	if err != nil {
		return err
	}
	fmt.Fprintln(c.Out, answer)
	fmt.Fprintln(c.Err, "see what comes of it: passhook events "+answer)
	return nil
}

// session is a paid sample session that carries its line items, because Stripe
// knows nothing of it. A real one gets a new id, so that it issues passes of
// its own.
func (t triggerCmd) session(ctx context.Context, cfg *config.Config, live bool, now time.Time) (map[string]any, error) {
	to := cmp.Or(t.To, cfg.Operator.Email)
	seed := strconv.FormatInt(now.UnixNano(), 36)
	session, items := standins.Checkout(sampleCheckout(seed, now, live, cmp.Or(to, "ada@example.com")))
	if t.From != "" {
		real, err := stripe.NewClient(*cfg.Stripe).Sample(ctx, !strings.HasPrefix(t.From, "cs_test_"), t.From)
		if err != nil {
			return nil, err
		}
		real["id"], real["livemode"] = session["id"], live
		if details, ok := real["customer_details"].(map[string]any); ok && to != "" {
			details["email"] = to
		}
		return real, nil
	}
	session["line_items"] = map[string]any{"object": "list", "has_more": false, "data": items}
	return session, nil
}

// sampleCheckout is the checkout that trigger and dev play.
func sampleCheckout(seed string, now time.Time, live bool, email string) standins.CheckoutOptions {
	return standins.CheckoutOptions{
		Seed: seed, Created: now, Live: live, Email: email, Name: "Ada Lovelace", Currency: "eur",
		Items: []standins.Item{{Name: "Concert at Hall One", Quantity: 2, UnitAmount: 4950}},
	}
}

// post sends a signed event and returns the id that the server gave it.
func post(ctx context.Context, address string, body []byte, signature string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Stripe-Signature", signature)
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
	if err := json.Unmarshal(b, &answer); err != nil || resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the server answered %s: %s", resp.Status, cmp.Or(answer.Error, string(b)))
	}
	return answer.ID, nil
}
