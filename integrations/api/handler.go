package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/pages"
	"github.com/passhook/passhook/store"
)

const (
	// maxBody is the largest request, in bytes.
	maxBody = 2 << 20
	// atOnce is how many requests are worked on at once, and maxWait how long
	// others wait for their turn.
	atOnce  = 64
	maxWait = 2 * time.Second
	// A client may send a few requests that are refused before it is asked to
	// slow down.
	refusedRate, refusedBurst = 20, 100
)

// Options are what a Handler works with.
type Options struct {
	Engine *bot.Engine
	// Guard fetches the pictures that requests name.
	Guard   *integrations.Guard
	Clients pages.Clients
	// URL is the server's address, for those who read about the API.
	URL string
	Log *slog.Logger
}

// Handler answers the API. Its routes are in app.
type Handler struct {
	Options
	config  Config
	keys    []*key
	refused *pages.Limiter
	room    *semaphore.Weighted
	// papers are made when somebody first asks for one.
	papers func() (papers, error)
}

// key is one that may be used.
type key struct {
	settings Key
	source   string
	sum      [sha256.Size]byte
	pace     *integrations.Pace
}

// New makes the handler of a config that was checked.
func New(c Config, o Options) (*Handler, error) {
	h := &Handler{Options: o, config: c, refused: pages.NewLimiter(o.Clients, refusedRate, refusedBurst, o.Engine.Now), room: semaphore.NewWeighted(atOnce)}
	h.papers = sync.OnceValues(func() (papers, error) { return newPapers(o.URL, o.Log) })
	for _, k := range c.Keys {
		rate, err := integrations.ParseRate(cmp.Or(k.Rate, DefaultRate))
		if err != nil {
			return nil, err
		}
		h.keys = append(h.keys, &key{settings: k, source: SourcePrefix + k.Name, sum: sha256.Sum256([]byte(k.Key)), pace: integrations.NewPace(rate)})
	}
	return h, nil
}

// refusal is an answer that is not what was asked for.
type refusal struct {
	code int
	text string
	// more stands beside the text.
	more map[string]any
	// retry is a Retry-After in seconds, or 0.
	retry int
}

func (r *refusal) Error() string { return r.text }

func refuse(code int, text string) error { return &refusal{code: code, text: text} }

// do is what an address does for a key.
type do func(w http.ResponseWriter, r *http.Request, k *key) error

// with answers requests of keys that have a scope; an empty one is any key.
func (h *Handler) with(scope string, f do) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.AllowOrigin(w, r)
		k, err := h.who(r, scope)
		if err == nil {
			err = h.admitted(r.Context(), func() error { return f(w, r, k) })
		}
		h.answer(w, err)
	}
}

// who finds the key that asks. Nothing of the body is read before.
func (h *Handler) who(r *http.Request, scope string) (*key, error) {
	if h.refused.Exhausted(r) {
		return nil, &refusal{code: http.StatusTooManyRequests, text: "Too many requests were refused; send fewer", retry: 5}
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	var found *key
	for _, k := range h.keys {
		if subtle.ConstantTimeCompare(sum[:], k.sum[:]) == 1 {
			found = k
		}
	}
	if found == nil || !strings.EqualFold(scheme, "Bearer") {
		h.refused.Allow(r)
		return nil, refuse(http.StatusUnauthorized, "Missing or invalid API key; send it as Authorization: Bearer KEY")
	}
	if wait, ok := found.pace.Take(h.Engine.Now()); !ok {
		return nil, &refusal{code: http.StatusTooManyRequests, text: "Rate limit exceeded", retry: wait, more: map[string]any{
			"message":   "This key may be used " + found.rate() + "; ask again later",
			"resetDate": h.Engine.Now().Add(time.Duration(wait) * time.Second).UTC().Format(time.RFC3339),
		}}
	}
	if scope != "" && len(found.settings.Allow) > 0 && !slices.Contains(found.settings.Allow, scope) {
		return nil, refuse(http.StatusForbidden, "This key may not do that; it lacks "+scope+" under allow")
	}
	return found, nil
}

func (k *key) rate() string {
	return cmp.Or(k.settings.Rate, DefaultRate)
}

// admitted runs f when it is its turn.
func (h *Handler) admitted(ctx context.Context, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	if h.room.Acquire(ctx, 1) != nil {
		return errBusy
	}
	defer h.room.Release(1)
	return f()
}

var errBusy = &refusal{code: http.StatusServiceUnavailable, text: "The server is busy; send the request again", retry: 2}

// answer answers what went wrong.
func (h *Handler) answer(w http.ResponseWriter, err error) {
	var r *refusal
	switch {
	case err == nil:
		return
	case errors.As(err, &r):
	case integrations.IsNever(err):
		r = &refusal{code: http.StatusBadRequest, text: err.Error()}
	case errors.Is(err, store.ErrOverloaded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		r = errBusy
	default:
		h.Log.Error("api: a request could not be answered", "error", err)
		r = &refusal{code: http.StatusServiceUnavailable, text: "The request could not be done now; send it again", retry: 5}
	}
	if r.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(r.retry))
	}
	if r.code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	body := map[string]any{"error": r.text}
	for name, v := range r.more {
		body[name] = v
	}
	pages.WriteJSON(w, r.code, body)
}

// body reads a request.
func body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, refuse(http.StatusRequestEntityTooLarge, "The body is larger than 2 MB")
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "The body could not be read")
	}
	return b, nil
}

// Preflight answers what browsers ask before a call.
func (h *Handler) Preflight() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { h.AllowOrigin(w, r) }
}

// exposed are headers that pages may read.
const exposed = "Content-Disposition, X-Serial-Number, X-Google-Save-Url, X-Pass-Url, X-Ignored-Fields, Idempotent-Replayed, Retry-After"

// AllowOrigin lets pages of the config's origins read the answer.
// https://fetch.spec.whatwg.org/#http-cors-protocol
func (h *Handler) AllowOrigin(w http.ResponseWriter, r *http.Request) {
	from := r.Header.Get("Origin")
	if from != "" && (slices.Contains(h.config.CORS, "*") || slices.Contains(h.config.CORS, from)) {
		w.Header().Set("Access-Control-Allow-Origin", from)
		w.Header().Set("Access-Control-Expose-Headers", exposed)
	}
	w.Header().Add("Vary", "Origin")
	if r.Method != http.MethodOptions {
		return
	}
	if w.Header().Get("Access-Control-Allow-Origin") != "" {
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key")
		w.Header().Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}
