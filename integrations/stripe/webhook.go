package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/passhook/passhook/integrations"
)

// MaxBody is the largest webhook body that is read, in bytes.
const MaxBody = 1 << 20

// Accept stores an event durably. fresh is false where the event was there.
type Accept func(ctx context.Context, e integrations.Event) (id string, fresh bool, err error)

// Webhook is the endpoint that Stripe posts events to. It verifies the raw body
// first, answers 2xx only after the event is stored, and does no other work.
type Webhook struct {
	config Config
	accept Accept
	now    func() time.Time
	log    *slog.Logger
}

// NewWebhook makes the endpoint. The config has passed Check.
func NewWebhook(c Config, accept Accept, now func() time.Time, log *slog.Logger) *Webhook {
	return &Webhook{config: c, accept: accept, now: now, log: log}
}

// ServeHTTP answers 200 for what is stored or was seen before, 400 for a signed
// body that is no event, 401 for a bad signature, 413 above MaxBody and 503
// when the store cannot take it, so that Stripe sends it again.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			answer(w, http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB")
			return
		}
		answer(w, http.StatusBadRequest, "the body could not be read")
		return
	}
	header := r.Header.Values("Stripe-Signature")
	if len(header) != 1 || verify(body, header[0], h.config.WebhookSecrets, h.now()) != nil {
		h.log.Warn("stripe: refused a webhook: the signature does not fit; is its signing secret in stripe.webhook_secrets, and is this clock right?")
		answer(w, http.StatusUnauthorized, errSignature.Error())
		return
	}
	e, err := Receive(h.config, body)
	if err != nil {
		h.log.Warn("stripe: refused a signed webhook", "error", err)
		answer(w, http.StatusBadRequest, err.Error())
		return
	}
	h.store(w, r, e)
}

func (h *Webhook) store(w http.ResponseWriter, r *http.Request, e integrations.Event) {
	id, fresh, err := h.accept(r.Context(), e)
	if err != nil {
		h.log.Error("stripe: an event could not be stored; Stripe will send it again", "event", e.ExternalID, "error", err)
		w.Header().Set("Retry-After", "5")
		answer(w, http.StatusServiceUnavailable, "the event could not be stored; send it again")
		return
	}
	h.log.Info("stripe: event received", "event", id, "external_id", e.ExternalID, "type", e.Type, "fresh", fresh)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"id": id, "duplicate": !fresh})
}

func answer(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": message})
}
