package api

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/passhook/passhook/pages"
	"github.com/passhook/passhook/store"
)

// Redeem is POST /api/passes/{serial}/redeem: of all who ask, one gets 200.
func (h *Handler) Redeem() http.HandlerFunc {
	return h.one(ScopeRedeem, func(w http.ResponseWriter, r *http.Request, k *key, row *store.Pass) error {
		i := issuing{Handler: h, key: k}
		if err := i.identify(r); err != nil {
			return err
		}
		now, err := h.Engine.Store.Redeem(r.Context(), row.Serial, k.source+" "+i.id)
		switch {
		case errors.Is(err, store.ErrRedeemed):
			return &refusal{code: http.StatusConflict, text: "This pass was redeemed already", more: map[string]any{"redeemedAt": now.Redeemed.UnixMilli()}}
		case errors.Is(err, store.ErrVoid):
			return refuse(http.StatusGone, "This pass is void")
		case err != nil:
			return err
		}
		pages.WriteJSON(w, http.StatusOK, map[string]any{"serialNumber": row.Serial, "redeemed": true, "redeemedAt": now.Redeemed.UnixMilli()})
		return nil
	})
}

// Resend is POST /api/passes/{serial}/resend: the delivery that the pass was last
// in goes out again, to another address where the body names one.
func (h *Handler) Resend() http.HandlerFunc {
	return h.one(ScopeIssue, func(w http.ResponseWriter, r *http.Request, _ *key, row *store.Pass) error {
		b, err := body(w, r)
		if err != nil {
			return err
		}
		var to struct{ To string }
		if len(b) > 0 && json.Unmarshal(b, &to) != nil {
			return refuse(http.StatusBadRequest, `the body must be empty, or name an address: {"to": "ada@example.com"}`)
		}
		all, err := h.Engine.Store.FindDeliveries(r.Context(), store.Filter{Query: row.Serial, Limit: 1})
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return refuse(http.StatusNotFound, "This pass was never sent to anybody")
		}
		if channel := h.Engine.Channels[all[0].Channel]; to.To != "" && channel != nil {
			if err := channel.Check(to.To); err != nil {
				return refuse(http.StatusBadRequest, "to "+err.Error())
			}
		}
		id, err := h.Engine.Store.Resend(r.Context(), all[0].ID, to.To, 0)
		if err == nil {
			pages.WriteJSON(w, http.StatusAccepted, map[string]any{"serialNumber": row.Serial, "deliveryId": id})
		}
		return err
	})
}

const (
	// pageSize is how many passes a list has unless its limit says otherwise.
	pageSize = 50
	maxPage  = 200
)

// List is GET /api/passes: the key's passes, newest first. ?q= is a serial
// number, an id or a mail address; ?cursor= is the answer's nextCursor.
func (h *Handler) List() http.HandlerFunc {
	return h.with(ScopeRead, func(w http.ResponseWriter, r *http.Request, k *key) error {
		q := r.URL.Query()
		f := store.Filter{Query: q.Get("q"), Source: k.source, Limit: pageSize}
		if text := q.Get("limit"); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > maxPage {
				return refuse(http.StatusBadRequest, "limit must be between 1 and "+strconv.Itoa(maxPage))
			}
			f.Limit = n
		}
		if text := q.Get("cursor"); text != "" {
			if f.After = readCursor(text); f.After == nil {
				return refuse(http.StatusBadRequest, "cursor is not one that this server has given")
			}
		}
		limit := f.Limit
		f.Limit++
		rows, err := h.Engine.Store.FindPasses(r.Context(), f)
		if err != nil {
			return err
		}
		var next any
		if len(rows) > limit {
			rows = rows[:limit]
			next = cursor(rows[limit-1])
		}
		list := []map[string]any{}
		for _, row := range rows {
			state, err := h.state(r.Context(), row)
			if err != nil {
				return err
			}
			list = append(list, state)
		}
		pages.WriteJSON(w, http.StatusOK, map[string]any{"passes": list, "nextCursor": next})
		return nil
	})
}

// place is where a page of a list ends.
type place struct {
	Created int64  `json:"c"`
	Key     string `json:"k"`
}

func cursor(p store.Pass) string {
	b, _ := json.Marshal(place{p.Created.UnixMilli(), p.Key}) // a number and a text
	return base64.RawURLEncoding.EncodeToString(b)
}

func readCursor(text string) *store.Pass {
	var p place
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &p) != nil || p.Created <= 0 {
		return nil
	}
	return &store.Pass{Created: time.UnixMilli(p.Created), Key: p.Key}
}

// unlimited is what usage says of limits that there are none of.
const unlimited = 1_000_000_000

// Usage is GET /api/auth/usage: how many passes the key issued and changed this
// month, by UTC. There is no limit.
func (h *Handler) Usage() http.HandlerFunc {
	return h.with("", func(w http.ResponseWriter, r *http.Request, k *key) error {
		now := h.Engine.Now().UTC()
		from := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
		next := from.AddDate(0, 1, 0)
		n, err := h.Engine.Store.Figure(r.Context(), k.source, from, next)
		if err == nil {
			pages.WriteJSON(w, http.StatusOK, map[string]any{
				"count": n, "limit": unlimited, "remaining": unlimited - n, "resetDate": next.Format(time.RFC3339), "plan": "byok",
			})
		}
		return err
	})
}
