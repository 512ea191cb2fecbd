package hooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"
	"golang.org/x/sync/errgroup"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/pages"
)

// Paths of a hook: where events are posted, where they are where the secret is in
// the path, and what became of one.
const (
	Path       = "/hooks/{name}"
	SecretPath = "/hooks/{name}/{" + integrations.PathSecret + "}"
	StatusPath = "/hooks/{name}/events/" + pages.Token
)

// Handler is where hooks are posted to.
type Handler struct {
	hooks  map[string]*Hook
	paces  map[string]*integrations.Pace
	intake *integrations.Intake
	orders *orders.Orders
	// stopping ends with stop: nobody waits any longer.
	stopping context.Context //nolint:containedctx // as long as the Handler
	stop     context.CancelFunc
	now      func() time.Time
	log      *slog.Logger
}

// NewHandler makes it. It fails for a hook that Compile found errors in.
func NewHandler(all []*Hook, in *integrations.Intake, o *orders.Orders, now func() time.Time, log *slog.Logger) (*Handler, error) {
	h := &Handler{hooks: map[string]*Hook{}, paces: map[string]*integrations.Pace{}, intake: in, orders: o, now: now, log: log}
	h.stopping, h.stop = context.WithCancel(context.Background())
	for _, hook := range all {
		if !hook.Usable() {
			return nil, fmt.Errorf("hooks.%s cannot be used: passhook check says why", hook.Name)
		}
		h.hooks[hook.Name], h.paces[hook.Name] = hook, integrations.NewPace(hook.rate)
	}
	return h, nil
}

// Stop has who waits answered at once.
func (h *Handler) Stop() { h.stop() }

// ServeHTTP takes a request in: 202 with where to ask what becomes of it, or with
// ?wait 200 with the passes and 422 where it failed; 400 for what is signed and
// no event, 409 for an id that came with another content, 415 for a body in no
// known form, 429 above the hook's rate, 503 where the store cannot take it, and
// as the intake for what is not the sender's.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	vars := mux.Vars(r)
	hook := h.hooks[vars["name"]]
	if _, inPath := vars[integrations.PathSecret]; hook == nil || inPath && !hook.inPath {
		pages.WriteError(w, http.StatusNotFound, "there is no such hook")
		return
	}
	r.SetPathValue(integrations.PathSecret, vars[integrations.PathSecret])
	body, ok := h.intake.Body(w, r, hook.verifier)
	if !ok {
		return
	}
	if wait, ok := h.paces[hook.Name].Take(h.now()); !ok {
		w.Header().Set("Retry-After", strconv.Itoa(wait))
		pages.WriteError(w, http.StatusTooManyRequests, "more than "+hook.rate.String()+"; send it again later")
		return
	}
	patience, err := waiting(r)
	var events []integrations.Event
	var many bool
	if err == nil {
		events, many, err = hook.Events(r.Header, body, h.now())
	}
	if err != nil {
		h.refuse(w, hook, err)
		return
	}
	ids, err := h.accept(r.Context(), hook, events)
	if err != nil {
		h.refuse(w, hook, err)
		return
	}
	h.answer(w, r, hook, ids, many, patience)
}

// refuse answers what is verified and not taken.
func (h *Handler) refuse(w http.ResponseWriter, hook *Hook, err error) {
	var r refusal
	if !errors.As(err, &r) {
		h.intake.Unstored(w, err)
		return
	}
	h.log.Warn("hooks: refused a verified request", "hook", hook.Name, "status", r.code, "error", r.text)
	pages.WriteError(w, r.code, r.text)
}

// together is how many events of one list wait to be stored at once.
const together = 64

// accept stores events, and returns their ids here.
func (h *Handler) accept(ctx context.Context, hook *Hook, events []integrations.Event) ([]string, error) {
	ids := make([]string, len(events))
	var g errgroup.Group
	g.SetLimit(together)
	for i, e := range events {
		g.Go(func() error {
			id, fresh, err := h.orders.AcceptOnce(ctx, e)
			switch {
			case errors.Is(err, bot.ErrOther) && len(events) > 1:
				return refusal{http.StatusConflict, fmt.Sprintf("element %d: %v", i+1, err)}
			case errors.Is(err, bot.ErrOther):
				return refusal{http.StatusConflict, err.Error()}
			case err != nil:
				return err
			}
			ids[i] = id
			h.log.Info("hooks: event received", "hook", hook.Name, "event", id, "external_id", e.ExternalID, "type", e.Type, "fresh", fresh)
			return nil
		})
	}
	return ids, g.Wait()
}

// Waits that ?wait may ask for.
const (
	defaultWait = 20 * time.Second
	maxWait     = 25 * time.Second
)

// waiting is how long the sender waits for the passes; 0: not at all.
func waiting(r *http.Request) (time.Duration, error) {
	values, ok := r.URL.Query()["wait"]
	if !ok {
		return 0, nil
	}
	switch values[0] {
	case "", "true":
		return defaultWait, nil
	case "false":
		return 0, nil
	}
	n, err := strconv.ParseUint(values[0], 10, 8)
	if err != nil || time.Duration(n)*time.Second > maxWait {
		return 0, bad("wait may be true, false, or a number of seconds up to %.0f", maxWait.Seconds())
	}
	return time.Duration(n) * time.Second, nil
}
