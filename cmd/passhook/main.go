// Command passhook turns a Stripe checkout, a webhook or a call of its API into
// signed Apple Wallet passes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/passhook/passhook/problems"
)

// Exit codes of every verb.
const (
	exitGood     = 0
	exitBadNews  = 1
	exitWrongUse = 2
)

// cli is the command line: one field a verb.
type cli struct {
	Config string `help:"The config file." placeholder:"FILE"`

	Dev        devCmd        `cmd:"" help:"Try the whole thing with nothing set up."`
	Serve      serveCmd      `cmd:"" help:"Run in production."`
	Check      checkCmd      `cmd:"" help:"Check config, rules, templates and certificates."`
	Issue      issueCmd      `cmd:"" help:"Make one signed package from a template."`
	Inspect    inspectCmd    `cmd:"" help:"Say what is wrong with any pass, bundle or template, and what to do."`
	Preview    previewCmd    `cmd:"" help:"Draw a picture of a pass, front and back."`
	Certs      certsCmd      `cmd:"" help:"Request, import and show the certificates that sign passes."`
	Stripe     stripeCmd     `cmd:"" help:"Set up and look after the connection to Stripe."`
	Slack      slackCmd      `cmd:"" help:"Set up the Slack app."`
	Trigger    triggerCmd    `cmd:"" help:"Send a signed sample event to a running server."`
	Events     eventsCmd     `cmd:"" help:"List or show events; replay one."`
	Passes     passesCmd     `cmd:"" help:"List or show passes; make them void; write the door list."`
	Push       pushCmd       `cmd:"" help:"Wake the phones of a changed template; say first what they will see."`
	Deliveries deliveriesCmd `cmd:"" help:"List or show deliveries; send one again."`
	Healthz    healthzCmd    `cmd:"" hidden:"" help:"Ask the running server whether it is alive; for container health checks."`
}

// terminal is where a verb reads its surroundings and writes what it says:
// results to Out, messages to Err.
type terminal struct {
	Out, Err io.Writer
	Env      func(string) (string, bool)
	// Dir is the working directory.
	Dir string
	// Config is the --config flag, or empty.
	Config string
}

func main() { os.Exit(program()) }

// program runs until it is done or asked to stop. Who asks twice does not wait:
// the second signal is no longer caught.
func program() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args[1:], terminal{Out: os.Stdout, Err: os.Stderr, Env: os.LookupEnv, Dir: "."})
}

// run is the program without the process around it.
func run(ctx context.Context, args []string, c terminal) int {
	var verbs cli
	code := -1
	parser, err := kong.New(&verbs, kong.Name("passhook"),
		kong.Description("Stripe checkouts in, signed Apple Wallet passes out."),
		kong.Writers(c.Out, c.Err), kong.Exit(func(n int) { code = n }), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(c.Err, "passhook:", err)
		return exitBadNews
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if code >= 0 { // --help has been answered
		return code
	}
	if err != nil {
		fmt.Fprintf(c.Err, "passhook: %v; see passhook --help\n", err)
		return exitWrongUse
	}
	c.Config = verbs.Config
	parsed.BindTo(ctx, (*context.Context)(nil))
	return report(c, parsed.Run(c))
}

// report prints what went wrong and chooses the exit code.
func report(c terminal, err error) int {
	var found problems.List
	var wrong wrongUse
	switch {
	case err == nil:
		return exitGood
	case errors.As(err, &wrong):
		fmt.Fprintln(c.Err, "passhook:", wrong)
		return exitWrongUse
	case errors.As(err, &found):
		fmt.Fprintln(c.Err, found)
	case !errors.Is(err, errSilent):
		fmt.Fprintln(c.Err, "passhook:", err)
	}
	return exitBadNews
}

// wrongUse is an error of the command line.
type wrongUse string

func (w wrongUse) Error() string { return string(w) }

// errSilent ends a verb with bad news that it has printed already.
var errSilent = errors.New("printed already")
