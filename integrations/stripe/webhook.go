package stripe

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/pages"
)

// Accept stores an event durably: bot.Engine.Accept. fresh is false where the
// event was there.
type Accept func(ctx context.Context, e integrations.Event) (id string, fresh bool, err error)

// Webhook is the endpoint that Stripe posts events to. It verifies the raw body
// first, answers 2xx only after the event is stored, and does no other work.
type Webhook struct {
	config     Config
	intake     *integrations.Intake
	verifier   *integrations.Verifier
	reconciler *Reconciler
	log        *slog.Logger
}

// NewWebhook makes the endpoint; the reconciler stores its events. It fails for a
// secret that is empty.
func NewWebhook(c Config, in *integrations.Intake, r *Reconciler, log *slog.Logger) (*Webhook, error) {
	v, err := integrations.NewVerifier(scheme, c.WebhookSecrets)
	if err != nil {
		return nil, fmt.Errorf("stripe.webhook_secrets: %w", err)
	}
	return &Webhook{config: c, intake: in, verifier: v, reconciler: r, log: log}, nil
}

// ServeHTTP answers 200 for what is stored or was seen before, 400 for a signed
// body that is no event, 503 when the store cannot take it, so that Stripe sends
// it again, and as the intake does for all others.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := h.intake.Body(w, r, h.verifier)
	if !ok {
		return
	}
	e, err := Receive(h.config, body)
	if err != nil {
		h.log.Warn("stripe: refused a signed webhook", "error", err)
		pages.WriteError(w, http.StatusBadRequest, err.Error())
		return
	}
	id, fresh, err := h.reconciler.Accept(r.Context(), e)
	if err != nil {
		h.intake.Unstored(w, err)
		return
	}
	h.log.Info("stripe: event received", "event", id, "external_id", e.ExternalID, "type", e.Type, "fresh", fresh)
	pages.WriteJSON(w, http.StatusOK, map[string]any{"id": id, "duplicate": !fresh})
}
