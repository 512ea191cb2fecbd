package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations/stripe"
)

type stripeSetupCmd struct {
	Yes    bool `help:"Change the payment links without asking."`
	Manual bool `help:"Say what to click in Stripe's dashboard; no key is needed."`
	Rules  bool `help:"Print a rule for each active price, to paste into passhook.yaml; nothing is changed."`
}

// Run makes the endpoint. The key is asked for once and stored nowhere.
func (s stripeSetupCmd) Run(ctx context.Context, c terminal) error {
	cfg, err := c.load(config.Options{Sections: []config.Section{}}) // url alone
	if err != nil {
		return err
	}
	if err := stripe.Reachable(cfg.URL); err != nil && !s.Rules {
		return err
	}
	if s.Manual {
		fmt.Fprint(c.Out, manual(cfg))
		return nil
	}
	key, err := c.setupKey(ctx)
	if err != nil {
		return err
	}
	if key == "" {
		fmt.Fprintln(c.Err, "There is no key, so this is what to click.")
		fmt.Fprint(c.Out, manual(cfg))
		return nil
	}
	client, live, ok := stripe.NewSetupClient(apiURL(cfg), key)
	if !ok {
		return wrongUse("this is no secret or restricted key; it starts with sk_test_, sk_live_, rk_test_ or rk_live_")
	}
	w := setup{terminal: c, stripeSetupCmd: s, cfg: cfg, client: client, live: live}
	fmt.Fprintf(c.Err, "The key is for %s mode.\n", stripe.ModeOf(live))
	if s.Rules {
		return w.rules(ctx)
	}
	// One may be forbidden and the other not.
	return errors.Join(w.endpoint(ctx), w.links(ctx))
}

// apiURL is where Stripe's API is; empty is Stripe's own.
func apiURL(cfg *config.Config) string {
	if cfg.Stripe == nil {
		return ""
	}
	return cfg.Stripe.APIURL
}

// setup is one run with a key.
type setup struct {
	terminal
	stripeSetupCmd
	cfg    *config.Config
	client *stripe.Client
	live   bool
}

// endpoint makes the webhook endpoint, or gives the one that is there the right
// events.
func (w setup) endpoint(ctx context.Context) error {
	address := webhookURL(w.cfg)
	there, err := w.client.Endpoints(ctx, w.live, address)
	if err != nil {
		return fmt.Errorf("the webhook endpoints could not be read: %w", inWords(err))
	}
	if len(there) == 0 {
		made, err := w.client.MakeEndpoint(ctx, w.live, address)
		if err != nil {
			return fmt.Errorf("the webhook endpoint could not be made: %w", inWords(err))
		}
		fmt.Fprintf(w.Err, "Made the webhook endpoint %s at %s with %d events.\nPut this line into .env. Stripe shows the secret only once:\n", made.ID, address, len(made.Events))
		fmt.Fprintf(w.Out, "STRIPE_WEBHOOK_SECRET=%s\n", made.Secret)
		return nil
	}
	first := there[0]
	if len(first.Missing())+len(first.Superfluous()) == 0 && first.Status == "enabled" {
		fmt.Fprintf(w.Err, "The webhook endpoint %s at %s is as it should be.\n", first.ID, address)
	} else {
		if err := w.client.UpdateEndpoint(ctx, first); err != nil {
			return fmt.Errorf("the webhook endpoint %s could not be changed: %w", first.ID, inWords(err))
		}
		fmt.Fprintf(w.Err, "Changed the webhook endpoint %s at %s: it was %s; events added: %s; taken away: %s.\n",
			first.ID, address, first.Status, orNone(first.Missing()), orNone(first.Superfluous()))
	}
	fmt.Fprintln(w.Err, "Its signing secret stays as it is; the endpoint's page in Stripe's dashboard shows it.")
	for _, other := range there[1:] {
		fmt.Fprintf(w.Err, "Another endpoint, %s, posts to the same address: each event is sent twice. Delete it in Stripe's dashboard.\n", other.ID)
	}
	return nil
}

// links lead buyers to their passes after they have paid.
func (w setup) links(ctx context.Context) error {
	target := successURL(w.cfg)
	all, err := w.client.PaymentLinks(ctx, w.live)
	if err != nil {
		return fmt.Errorf("the payment links could not be read: %w", inWords(err))
	}
	var change []stripe.PaymentLink
	for _, l := range all {
		if l.After.Redirect.URL != target {
			change = append(change, l)
		}
	}
	fmt.Fprintf(w.Err, "\n%d payment links are active; %d of them do not lead buyers to their passes.\n", len(all), len(change))
	if len(change) == 0 {
		return nil
	}
	for _, l := range change {
		now := "Stripe's own page"
		if l.After.Redirect.URL != "" {
			now = l.After.Redirect.URL
		}
		fmt.Fprintf(w.Err, "  %s %s leads to %s\n", l.ID, l.URL, now)
	}
	if !w.Yes && !w.confirm(ctx, "Lead them all to "+target+"?") {
		fmt.Fprintf(w.Err, "They are left as they are; --yes leads them to %s\n", target)
		return nil
	}
	for _, l := range change {
		if err := w.client.Redirect(ctx, w.live, l.ID, target); err != nil {
			return fmt.Errorf("the payment link %s could not be changed: %w", l.ID, inWords(err))
		}
		fmt.Fprintf(w.Err, "Changed %s.\n", l.ID)
	}
	return nil
}

// manual is what to click, for who gives no key.
func manual(cfg *config.Config) string {
	return fmt.Sprintf(`In Stripe's dashboard, once in a sandbox or in test mode, and once live:

1. Developers, Webhooks, Add destination. Choose events from your account,
   any API version, and these events:
     %s
   Choose Webhook endpoint, and as its URL:
     %s
   Reveal the signing secret on the endpoint's page, and put it into .env:
     STRIPE_WEBHOOK_SECRET=whsec_…
2. Developers, API keys, Create restricted key. Give it Read for
   %s. Put it into .env:
     STRIPE_API_KEY=rk_…
3. Payment Links: open each, Edit, After payment, "Don't show confirmation
   page", and as the address:
     %s
   Where your own site makes Checkout Sessions, this is their success_url.
4. passhook stripe status says whether all is well.
`, strings.Join(stripe.WebhookEvents(), "\n     "), webhookURL(cfg), stripe.Permissions, successURL(cfg))
}
