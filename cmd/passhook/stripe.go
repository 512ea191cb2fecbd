package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations/stripe"
)

type stripeCmd struct {
	Setup     stripeSetupCmd     `cmd:"" help:"Make the webhook endpoint and lead buyers to their passes, or say what to click."`
	Status    stripeStatusCmd    `cmd:"" help:"Say whether endpoint, keys and events are as they should be."`
	Reconcile stripeReconcileCmd `cmd:"" help:"Fetch events that never arrived; serve does so by itself every few minutes."`
	Backfill  stripeBackfillCmd  `cmd:"" help:"Issue passes to those who bought before there was a rule."`
}

// setupKeyName is the environment variable that setup reads its key from.
const setupKeyName = "STRIPE_SETUP_KEY"

// webhookURL is where Stripe posts events to, and successURL where Checkout
// sends the buyer.
func webhookURL(cfg *config.Config) string { return cfg.URL + stripe.WebhookPath }
func successURL(cfg *config.Config) string {
	return cfg.URL + stripe.SuccessPath + "?session_id={CHECKOUT_SESSION_ID}"
}

// inWords is an error with Stripe's own words alone where it refused something:
// they name the permission that the key lacks.
func inWords(err error) error {
	if words, ok := stripe.Refused(err); ok {
		return errors.New("Stripe says: " + words)
	}
	return err
}

// setupKey is a key for once: of the environment, else the first line of
// standard input, which a terminal does not show. Empty: there is none.
func (c terminal) setupKey(ctx context.Context) (string, error) {
	if key, ok := c.Env(setupKeyName); ok {
		return strings.TrimSpace(key), nil
	}
	if !isTerminal(os.Stdin) {
		return firstLine(ctx, os.Stdin)
	}
	if err := stty(ctx, "-echo"); err != nil {
		return "", fmt.Errorf("this terminal would show the key: %w; set %s instead", err, setupKeyName)
	}
	defer func() {
		_ = stty(context.WithoutCancel(ctx), "echo")
		fmt.Fprintln(c.Err)
	}()
	fmt.Fprint(c.Err, "A secret or restricted key, sk_… or rk_…, which is used once and not stored (empty: say what to click): ")
	return firstLine(ctx, os.Stdin)
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// stty changes whether the terminal shows what is typed.
func stty(ctx context.Context, how string) error {
	cmd := exec.CommandContext(ctx, "stty", how)
	cmd.Stdin = os.Stdin
	return cmd.Run()
}

// firstLine reads a line, or nothing where the input ends; ctx ends the waiting.
func firstLine(ctx context.Context, r io.Reader) (string, error) {
	type result struct {
		line string
		err  error
	}
	read := make(chan result, 1)
	go func() {
		line, err := bufio.NewReader(r).ReadString('\n')
		if errors.Is(err, io.EOF) {
			err = nil
		}
		read <- result{strings.TrimSpace(line), err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case got := <-read:
		return got.line, got.err
	}
}

// confirm asks a question at a terminal; elsewhere the answer is no.
func (c terminal) confirm(ctx context.Context, question string) bool {
	if !isTerminal(os.Stdin) {
		return false
	}
	fmt.Fprint(c.Err, question+" [y/N] ")
	answer, err := firstLine(ctx, os.Stdin)
	return err == nil && strings.HasPrefix(strings.ToLower(answer), "y")
}
