package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/pages"
	"github.com/passhook/passhook/store"
)

// one answers about the pass that the address names, of the key that asks.
func (h *Handler) one(scope string, f func(w http.ResponseWriter, r *http.Request, k *key, row *store.Pass) error) http.HandlerFunc {
	return h.with(scope, func(w http.ResponseWriter, r *http.Request, k *key) error {
		row, err := h.Engine.Store.PassBySerial(r.Context(), mux.Vars(r)["serial"])
		switch {
		case errors.Is(err, store.ErrNotFound):
			return refuse(http.StatusNotFound, "Pass not found")
		case err != nil:
			return err
		case row.Source != k.source:
			return refuse(http.StatusForbidden, "This pass belongs to another key")
		}
		return f(w, r, k, row)
	})
}

// Show is GET /api/passes/{serial}: what the pass is now, or with ?format=binary
// its package.
func (h *Handler) Show() http.HandlerFunc {
	return h.one(ScopeRead, func(w http.ResponseWriter, r *http.Request, _ *key, row *store.Pass) error {
		if formOf(r, "json") == "binary" {
			return h.give(w, "binary", []string{row.Template}, []store.Pass{*row})
		}
		state, err := h.state(r.Context(), *row)
		if err == nil {
			pages.WriteJSON(w, http.StatusOK, state)
		}
		return err
	})
}

// maxDevices is how many phones of a pass are listed.
const maxDevices = 100

// state is a pass for programs.
func (h *Handler) state(ctx context.Context, row store.Pass) (map[string]any, error) {
	p, err := h.Engine.Pass(row)
	if err != nil {
		return nil, err
	}
	phones, err := h.Engine.Store.PhonesOf(ctx, row.Serial, maxDevices)
	if err != nil {
		return nil, err
	}
	devices := []any{}
	for _, d := range phones {
		devices = append(devices, map[string]any{"registeredAt": d.Registered.UnixMilli(), "upToDate": d.Fetched >= d.Tag})
	}
	out := map[string]any{
		"serialNumber": row.Serial, "title": p.Title, "template": row.Template, "inputs": json.RawMessage(row.Inputs),
		"createdAt": row.Created.UnixMilli(), "lastUpdated": row.Updated.UnixMilli(), "voided": p.Voided, "voidReasons": append([]string{}, row.Void...),
		"redeemedAt": nil, "shareUrl": p.Link, "devices": devices, "google": map[string]any{"configured": false}, "googleSaveUrl": nil,
	}
	if !row.Redeemed.IsZero() {
		out["redeemedAt"] = row.Redeemed.UnixMilli()
	}
	return out, nil
}

// Google is GET /api/passes/{serial}/google, which this server does not have.
func (h *Handler) Google() http.HandlerFunc {
	return h.one(ScopeRead, func(http.ResponseWriter, *http.Request, *key, *store.Pass) error {
		return refuse(http.StatusNotFound, "Google Wallet is not configured on this server")
	})
}

// Update is PUT /api/passes/{serial}: the pass becomes what the request says.
// What it does not name is empty.
func (h *Handler) Update() http.HandlerFunc {
	return h.one(ScopeUpdate, func(w http.ResponseWriter, r *http.Request, k *key, row *store.Pass) error {
		b, err := body(w, r)
		if err != nil {
			return err
		}
		inputs, ignored, err := h.inputs(r.Context(), b, row)
		if err != nil {
			return err
		}
		now, changed, err := h.change(r.Context(), bot.TypeUpdate, k, row, inputs)
		if err != nil {
			return err
		}
		woken, err := h.woken(r.Context(), row.Serial, changed)
		if err != nil {
			return err
		}
		if len(ignored) > 0 {
			w.Header().Set("X-Ignored-Fields", headerList(ignored))
		}
		pages.WriteJSON(w, http.StatusOK, map[string]any{
			"serialNumber": row.Serial, "lastUpdated": now.Updated.UnixMilli(), "notifiedDevices": woken, "unchanged": !changed,
		})
		return nil
	})
}

// inputs are all inputs of a pass, as a request wants them.
func (h *Handler) inputs(ctx context.Context, body []byte, row *store.Pass) (all map[string]any, ignored []string, err error) {
	w, err := parseUpdate(body, row.Template)
	if err != nil {
		return nil, nil, refuse(http.StatusBadRequest, err.Error())
	}
	program := h.Engine.Program()
	t := program.Templates()[row.Template]
	if t == nil {
		return nil, nil, refuse(http.StatusConflict, "The template of this pass is gone: "+row.Template)
	}
	files := map[string][]byte{}
	if w.template == Template {
		w.inputs["expires"] = expires(row.Created, w.days)
		if w.inputs["images"], err = h.pictures(ctx, w, files); err != nil {
			return nil, nil, err
		}
	}
	all = map[string]any{}
	for _, in := range t.Inputs {
		all[in.Name] = nil
	}
	maps.Copy(all, w.inputs)
	if err := program.Draft(integrations.Order{Template: row.Template, Inputs: all}); err != nil {
		return nil, nil, refuse(http.StatusBadRequest, err.Error())
	}
	if len(files) > 0 {
		err = h.Engine.Store.PutFiles(ctx, files)
	}
	return all, w.ignored, err
}

// parseUpdate reads what a pass of a template is to become.
func parseUpdate(body []byte, template string) (wanted, error) {
	m, err := decode(body)
	if err != nil {
		return wanted{}, err
	}
	switch {
	case m["template"] != nil:
	case template != Template:
		m["template"] = template
	case m["inputs"] != nil:
		return wanted{}, errors.New("the pass has no template, and so no inputs; name its fields, such as title")
	}
	r := newReader(m)
	w, err := r.pass()
	w.ignored = r.unread()
	switch {
	case err != nil:
		return w, err
	case w.template != template:
		return w, fmt.Errorf("the pass is of template %s, which an update cannot change", template)
	}
	return w, nil
}

// change makes an event of passhook itself about one pass, and does it at once.
// What would change nothing is not done.
func (h *Handler) change(ctx context.Context, kind string, k *key, row *store.Pass, inputs map[string]any) (now *store.Pass, changed bool, err error) {
	if kind == bot.TypeUpdate {
		if t := h.Engine.Program().Templates()[row.Template]; t != nil {
			checked, err := t.Check(inputs)
			if err != nil {
				return nil, false, integrations.Never(err)
			}
			if same, err := json.Marshal(checked); err == nil && string(same) == string(row.Inputs) {
				return row, false, nil
			}
		}
	}
	ev, err := bot.OwnEvent(kind, row.Serial, inputs, k.source, h.Engine.Now())
	if err != nil {
		return nil, false, err
	}
	completed, err := bot.Own{}.Complete(ctx, ev)
	if err != nil {
		return nil, false, err
	}
	out, err := h.Engine.Perform(ctx, completed)
	if err != nil || len(out.Changed) == 0 {
		return row, false, err
	}
	return &out.Changed[0], true, nil
}

// woken is how many phones are woken for a pass, where it has changed.
func (h *Handler) woken(ctx context.Context, serial string, changed bool) (int, error) {
	if !changed {
		return 0, nil
	}
	return h.Engine.Store.CountPhones(ctx, serial)
}

// Delete is DELETE /api/passes/{serial}: the pass is void.
func (h *Handler) Delete() http.HandlerFunc {
	return h.one(ScopeUpdate, func(w http.ResponseWriter, r *http.Request, k *key, row *store.Pass) error {
		already := slices.Contains(row.Void, integrations.ReasonOperator)
		now, changed, err := h.change(r.Context(), bot.TypeVoid, k, row, nil)
		if err != nil {
			return err
		}
		woken, err := h.woken(r.Context(), row.Serial, changed)
		if err != nil {
			return err
		}
		answer := map[string]any{"serialNumber": row.Serial, "deleted": true, "googleRevoked": false, "notifiedDevices": woken, "lastUpdated": now.Updated.UnixMilli()}
		if already {
			answer["alreadyDeleted"] = true
		}
		pages.WriteJSON(w, http.StatusOK, answer)
		return nil
	})
}

// Void is POST /api/passes/{serial}/void, and Unvoid takes it back.
func (h *Handler) Void() http.HandlerFunc { return h.voiding(bot.TypeVoid) }

// Unvoid is POST /api/passes/{serial}/unvoid: what this API or the operator made
// void is valid again. What a refund or a dispute made void stays so.
func (h *Handler) Unvoid() http.HandlerFunc { return h.voiding(bot.TypeUnvoid) }

func (h *Handler) voiding(kind string) http.HandlerFunc {
	return h.one(ScopeUpdate, func(w http.ResponseWriter, r *http.Request, k *key, row *store.Pass) error {
		now, _, err := h.change(r.Context(), kind, k, row, nil)
		if err != nil {
			return err
		}
		state, err := h.state(r.Context(), *now)
		if err == nil {
			pages.WriteJSON(w, http.StatusOK, state)
		}
		return err
	})
}
