package hooks

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/pages"
)

// answer is what is said of one event. It is flat, so that the next step of an
// automation finds each as a field.
type answer struct {
	ID        string `json:"id"`
	StatusURL string `json:"status_url,omitempty"`
	State     string `json:"state,omitempty"`
	Note      string `json:"note,omitempty"`
	Error     string `json:"error,omitempty"`
	// The first pass.
	*answerPass
	OrderURL string `json:"order_url,omitempty"`
	// Passes are all, where there are several.
	Passes []answerPass `json:"passes,omitempty"`
}

type answerPass struct {
	Serial  string `json:"serial_number"`
	FileURL string `json:"file_url"`
	PageURL string `json:"page_url"`
	Title   string `json:"title"`
	Voided  bool   `json:"voided"`
}

// status is the address at which a sender asks what became of an event.
func (h *Handler) status(hook *Hook, id string) string {
	return h.orders.URL() + "/hooks/" + hook.Name + "/events/" + h.orders.StatusToken(id)
}

// answerOf says what became of an event, and with which status.
func (h *Handler) answerOf(hook *Hook, o *orders.Outcome) (a answer, code int) {
	a = answer{ID: o.ID, State: o.State, Note: o.Note, OrderURL: o.OrderLink, StatusURL: h.status(hook, o.ID)}
	switch {
	case o.Pending():
		return a, http.StatusAccepted
	case o.Failed():
		a.Note, a.Error = "", o.Note
		return a, http.StatusUnprocessableEntity
	}
	for _, p := range o.Passes {
		a.Passes = append(a.Passes, answerPass{p.Serial, p.Link + ".pkpass", p.Link, p.Title, p.Voided})
	}
	if len(a.Passes) > 0 {
		first := a.Passes[0]
		a.answerPass = &first
	}
	if len(a.Passes) == 1 {
		a.Passes = nil
	}
	return a, http.StatusOK
}

// answer answers a request whose events are stored; who waits is told what became
// of them.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, hook *Hook, ids []string, many bool, patience time.Duration) {
	w.Header().Set("Cache-Control", "no-store")
	out, code := make([]answer, len(ids)), cmp.Or(hook.preset.Accepted, http.StatusAccepted)
	if patience > 0 {
		code = http.StatusOK
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	defer context.AfterFunc(h.stopping, cancel)()
	for i, id := range ids {
		out[i] = answer{ID: id, StatusURL: h.status(hook, id)}
		if patience == 0 {
			continue
		}
		outcome, err := h.orders.Await(ctx, id)
		if err != nil {
			h.unavailable(w, err)
			return
		}
		var own int
		out[i], own = h.answerOf(hook, outcome)
		code = max(code, own) // 422 before 202 before 200
	}
	if many {
		pages.WriteJSON(w, code, map[string]any{"events": out})
		return
	}
	pages.WriteJSON(w, code, out[0])
}

// Status answers what became of an event, by the token in its address.
func (h *Handler) Status(w http.ResponseWriter, r *http.Request) {
	vars := mux.Vars(r)
	w.Header().Set("Cache-Control", "no-store")
	hook := h.hooks[vars["name"]]
	if hook == nil {
		pages.WriteError(w, http.StatusNotFound, "there is no such hook")
		return
	}
	outcome, ok, err := h.orders.OutcomeByToken(r.Context(), SourceName(hook.Name), vars["token"])
	switch {
	case err != nil:
		h.unavailable(w, err)
	case !ok:
		pages.WriteError(w, http.StatusNotFound, "there is no such event")
	default:
		a, _ := h.answerOf(hook, outcome)
		pages.WriteJSON(w, http.StatusOK, a)
	}
}

func (h *Handler) unavailable(w http.ResponseWriter, err error) {
	h.log.Error("hooks: what became of an event cannot be said", "error", err)
	w.Header().Set("Retry-After", "5")
	pages.WriteError(w, http.StatusServiceUnavailable, "the event is stored, and what became of it cannot be said now; ask again later")
}
