package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// devDir is where dev keeps everything it makes.
const devDir = ".passhook"

// devPort is taken where it is free.
const devPort = 8080

type devCmd struct {
	Port *int `help:"Listen on this port of 127.0.0.1; 0 picks one. Default: 8080, or a free one where that is taken." placeholder:"N"`
	Once bool `help:"Exit after the checkout: code 0 only if the package verifies."`
}

// Run plays one checkout through the real server on stand-ins for everything
// outside, and stays up.
func (d devCmd) Run(ctx context.Context, c terminal) error {
	l, err := d.listen(ctx)
	if err != nil {
		return err
	}
	w, err := newWorkshop(ctx, c, l)
	if err != nil {
		_ = l.Close()
		return err
	}
	defer w.close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ready, served := make(chan struct{}), make(chan error, 1)
	go func() { served <- w.app.Run(ctx, l, func() { close(ready) }) }()
	select {
	case <-ready:
		c.listening(l)
	case err := <-served:
		return err
	}
	played := w.play(ctx)
	if played != nil && ctx.Err() == nil {
		fmt.Fprintln(c.Err, "passhook:", played)
	}
	if d.Once {
		cancel()
		if err := <-served; err != nil {
			return err
		}
		if played != nil {
			return errSilent
		}
		return nil
	}
	if w.ownProject {
		go w.watch(ctx)
	}
	return <-served
}

func (d devCmd) listen(ctx context.Context) (net.Listener, error) {
	port := devPort
	if d.Port != nil {
		port = *d.Port
	}
	lc := new(net.ListenConfig)
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil || d.Port != nil {
		return l, err
	}
	free, second := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	return free, errors.Join(second)
}

// watchEvery is how often dev looks for changed files.
const watchEvery = 400 * time.Millisecond
