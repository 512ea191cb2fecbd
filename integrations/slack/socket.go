package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/url"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

const (
	// SocketRetry is the pause after Slack has refused to open a socket.
	SocketRetry = time.Minute
	// atOnce is how much of what comes over the socket is worked on at once.
	atOnce = 16
	// mostSocket is the largest answer over a socket, in bytes: Slack drops larger
	// ones silently.
	mostSocket = 19_000
)

// Listen answers what comes over Socket Mode until ctx ends. It connects anew by
// itself; the error is that Slack refuses the token.
// https://docs.slack.dev/apis/events-api/using-socket-mode
func (h *Handler) Listen(ctx context.Context) error {
	client := socketmode.New(h.Client.api, socketmode.OptionLog(log.New(io.Discard, "", 0)))
	var working sync.WaitGroup
	defer working.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	slots := make(chan struct{}, atOnce)
	working.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-client.Events:
				h.note(e)
				if e.Request == nil || e.Request.EnvelopeID == "" {
					continue
				}
				slots <- struct{}{}
				working.Go(func() {
					defer func() { <-slots }()
					h.received(ctx, client, *e.Request)
				})
			}
		}
	})
	err := client.RunContext(ctx)
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("the socket to Slack is closed: %w", sorted(err))
}

// note logs what becomes of the connection.
func (h *Handler) note(e socketmode.Event) {
	switch e.Type {
	case socketmode.EventTypeConnected:
		h.Log.Info("slack: connected over Socket Mode")
	case socketmode.EventTypeConnectionError:
		if failed, ok := e.Data.(*slack.ConnectionErrorEvent); ok {
			h.Log.Warn("slack: Socket Mode cannot connect; it is tried again", "error", sorted(failed.ErrorObj))
		}
	case socketmode.EventTypeErrorBadMessage:
		if bad, ok := e.Data.(*socketmode.ErrorBadMessage); ok {
			h.Log.Warn("slack: something came over the socket that is not understood", "error", bad.Cause)
		}
	case socketmode.EventTypeErrorWriteFailed:
		h.Log.Warn("slack: an answer was lost with the socket")
	default:
	}
}

// received answers one request. What is worked on is done to its end when the
// process is asked to stop.
func (h *Handler) received(ctx context.Context, client *socketmode.Client, r socketmode.Request) {
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
	defer cancel()
	answer, err := h.envelope(work, r)
	if err != nil {
		h.Log.Warn("slack: refused what came over the socket", "error", err)
	}
	if err := client.AckCtx(ctx, r.EnvelopeID, fitting(answer)); err != nil && ctx.Err() == nil {
		h.Log.Error("slack: an answer could not be given", "error", err)
	}
}

// envelope is the answer to what came in one; nil is an empty one.
func (h *Handler) envelope(ctx context.Context, r socketmode.Request) (any, error) {
	switch r.Type {
	case socketmode.RequestTypeSlashCommands:
		var fields map[string]any
		if err := json.Unmarshal(r.Payload, &fields); err != nil {
			return nil, errors.New("the payload is no command")
		}
		form := url.Values{}
		for name, v := range fields {
			if text, ok := v.(string); ok {
				form.Set(name, text)
			}
		}
		return h.command(ctx, commandOf(form))
	case socketmode.RequestTypeInteractive:
		return h.interaction(ctx, r.Payload)
	}
	return nil, nil //nolint:nilnil // an empty answer
}

// fitting shortens an answer until a socket takes it.
func fitting(answer any) any {
	r, ok := answer.(*reply)
	if !ok {
		return answer
	}
	for len(r.Blocks) > 0 {
		if b, err := json.Marshal(r); err != nil || len(b) <= mostSocket {
			break
		}
		short := *r
		short.Blocks = r.Blocks[:len(r.Blocks)-1]
		r = &short
	}
	return r
}
