package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/pages"
)

// Paths below the public address to which Slack posts.
const (
	CommandsPath     = "/slack/commands"
	InteractionsPath = "/slack/interactions"
	OptionsPath      = "/slack/options"
	EventsPath       = "/slack/events"
)

// Options are what a Handler works with.
type Options struct {
	Engine *bot.Engine
	Client *Client
	Intake *integrations.Intake
	// Zone is what times are read in.
	Zone *time.Location
	Log  *slog.Logger
}

// Handler answers what Slack sends, over HTTP or a socket. Its routes are in app.
type Handler struct {
	Options
	config   Config
	verifier *integrations.Verifier // nil with a socket alone
	groups   *groups
	pictures pictures
}

// New makes the handler of a config that was checked. It fails for a secret that
// is empty.
func New(c Config, o Options) (*Handler, error) {
	h := &Handler{Options: o, config: c, groups: newGroups(c, o.Client, o.Engine.Now), pictures: arePublic(o.Engine.URL)}
	if len(c.SigningSecrets) == 0 {
		return h, nil
	}
	var err error
	if h.verifier, err = integrations.NewVerifier(scheme, c.SigningSecrets); err != nil {
		return nil, fmt.Errorf("slack.signing_secrets: %w", err)
	}
	return h, nil
}

// RefreshGroups reads who is in the user groups that the config names.
func (h *Handler) RefreshGroups(ctx context.Context) error { return h.groups.refresh(ctx) }

// arePublic reports whether Slack can fetch pictures below an address.
func arePublic(address string) pictures {
	u, err := url.Parse(address)
	return pictures(err == nil && u.Scheme == "https" && !isLoopback(u.Hostname()))
}

// Commands is POST /slack/commands.
func (h *Handler) Commands(w http.ResponseWriter, r *http.Request) {
	h.form(w, r, func(ctx context.Context, form url.Values) (any, error) {
		return h.command(ctx, commandOf(form))
	})
}

// Interactions is POST /slack/interactions: buttons and modals.
func (h *Handler) Interactions(w http.ResponseWriter, r *http.Request) {
	h.form(w, r, func(ctx context.Context, form url.Values) (any, error) {
		return h.interaction(ctx, []byte(form.Get("payload")))
	})
}

// Suggestions is POST /slack/options: what a menu offers while somebody types.
func (h *Handler) Suggestions(w http.ResponseWriter, r *http.Request) {
	h.form(w, r, func(ctx context.Context, form url.Values) (any, error) {
		return h.interaction(ctx, []byte(form.Get("payload")))
	})
}

// Events is POST /slack/events. Slack asks once whether the address is ours;
// whatever else comes is taken and left alone.
func (h *Handler) Events(w http.ResponseWriter, r *http.Request) {
	body, ok := h.body(w, r)
	if !ok {
		return
	}
	var event struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
		Event     struct {
			Type string `json:"type"`
		} `json:"event"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		pages.WriteError(w, http.StatusBadRequest, "the body is no event")
		return
	}
	switch {
	case event.Type == "url_verification":
		pages.WriteJSON(w, http.StatusOK, map[string]string{"challenge": event.Challenge})
	case event.Event.Type == "app_uninstalled" || event.Event.Type == "tokens_revoked":
		h.Log.Error("slack: the app was removed from a workspace; install it again and put its new token into slack.bot_token", "event", event.Event.Type)
		fallthrough
	default:
		w.WriteHeader(http.StatusOK)
	}
}

// answerWithin is how long an answer may take. Slack waits for 3 s.
const answerWithin = 2700 * time.Millisecond

// body is a request's, which Slack has signed. Where ok is false it has answered.
func (h *Handler) body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if r.Header.Get(scheme.Header) == "" && isSSLCheck(r) {
		w.WriteHeader(http.StatusOK)
		return nil, false
	}
	if h.verifier == nil {
		pages.WriteError(w, http.StatusNotFound, "nothing is configured at this address")
		return nil, false
	}
	return h.Intake.Body(w, r, h.verifier)
}

// maxSSLCheck is more than an ssl_check has, in bytes.
const maxSSLCheck = 1 << 10

// isSSLCheck reports whether Slack looks at the certificate only, which it does
// without a signature. The body can be read again.
func isSSLCheck(r *http.Request) bool {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); r.ContentLength <= 0 || r.ContentLength > maxSSLCheck || kind != "application/x-www-form-urlencoded" {
		return false
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, wrong := url.ParseQuery(string(body))
	return err == nil && wrong == nil && form.Get("ssl_check") == "1"
}

// form answers a signed form with what f makes of it. nil is an empty answer.
func (h *Handler) form(w http.ResponseWriter, r *http.Request, f func(ctx context.Context, form url.Values) (any, error)) {
	body, ok := h.body(w, r)
	if !ok {
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		pages.WriteError(w, http.StatusBadRequest, "the body is no form")
		return
	}
	if form.Get("ssl_check") == "1" {
		w.WriteHeader(http.StatusOK)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
	defer cancel()
	answer, err := f(ctx, form)
	switch {
	case err != nil:
		h.Log.Warn("slack: refused a signed request", "error", err)
		pages.WriteError(w, http.StatusBadRequest, err.Error())
	case answer == nil:
		w.WriteHeader(http.StatusOK)
	default:
		pages.WriteJSON(w, http.StatusOK, answer)
	}
}
