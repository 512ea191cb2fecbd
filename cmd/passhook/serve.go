package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/config"
)

type serveCmd struct {
	Port *int `help:"Listen on this port; 0 picks one. Default: PORT in the environment, then listen in the config." placeholder:"N"`
}

// Run starts the server and stays until it is told to stop.
func (s serveCmd) Run(ctx context.Context, c terminal) error {
	cfg, p, found, err := c.loadProject(config.Options{Port: s.Port})
	if err != nil {
		return err
	}
	if err := c.printProblems(found); err != nil {
		return err
	}
	a, err := app.New(ctx, cfg, p, app.Options{Now: time.Now, Log: c.logger(), Signing: app.ReadSigning(cfg.File, c.Env)})
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("%w; is another server running? --port 0 picks a free port", err), a.Close())
	}
	return a.Run(ctx, l, func() { c.listening(l) })
}

// listening says where, on standard output for programs that wait for it.
func (c terminal) listening(l net.Listener) {
	fmt.Fprintf(c.Out, "listening on http://%s\n", localAddress(l.Addr().String()))
}
