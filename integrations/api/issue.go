package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/pages"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/store"
)

// typeIssue ends the type of events that issue passes.
const typeIssue = ".issue"

// issuing is one request for passes under way.
type issuing struct {
	*Handler
	*request
	key *key
	// id is the request's own: the same again is the same passes.
	id    string
	given bool
}

// recorded is the data of the event of a request.
type recorded struct {
	// Request is the sum of the request.
	Request string  `json:"request"`
	Orders  []order `json:"orders"`
}

// order is one pass that was asked for.
type order struct {
	Template string                   `json:"template"`
	Inputs   map[string]any           `json:"inputs"`
	To       []integrations.Recipient `json:"to,omitempty"`
}

// PkPass is POST /api/pkpass: the answer is the package.
func (h *Handler) PkPass() http.HandlerFunc { return h.with(ScopeIssue, h.issue("binary")) }

// Create is POST /api/passes: the answer is JSON with the package in it.
func (h *Handler) Create() http.HandlerFunc { return h.with(ScopeIssue, h.issue("json")) }

// issue makes passes, and answers in a form that ?format= may change.
func (h *Handler) issue(form string) do {
	return func(w http.ResponseWriter, r *http.Request, k *key) error {
		b, err := body(w, r)
		if err != nil {
			return err
		}
		req, err := parse(b)
		if err != nil {
			return refuse(http.StatusBadRequest, err.Error())
		}
		i := issuing{Handler: h, request: req, key: k}
		if err := i.identify(r); err != nil {
			return err
		}
		made, again, err := i.passes(r.Context())
		if err != nil {
			return err
		}
		if again {
			w.Header().Set("Idempotent-Replayed", "true")
		}
		if len(req.ignored) > 0 {
			w.Header().Set("X-Ignored-Fields", headerList(req.ignored))
		}
		return h.give(w, formOf(r, form), i.names(), made)
	}
}

// headerList is a list in a header, which others have chosen.
func headerList(names []string) string {
	text := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, strings.Join(names, ", "))
	return text[:min(len(text), 500)]
}

func formOf(r *http.Request, byDefault string) string {
	switch form := r.URL.Query().Get("format"); form {
	case "binary", "json":
		return form
	}
	return byDefault
}

// maxID is the longest Idempotency-Key, in bytes.
const maxID = 255

// identify finds the request's own id, or makes one.
func (i *issuing) identify(r *http.Request) error {
	i.id = r.Header.Get("Idempotency-Key")
	if i.given = i.id != ""; !i.given {
		id, err := uuid.NewV7()
		i.id = id.String()
		return err
	}
	if len(i.id) > maxID || strings.ContainsFunc(i.id, func(c rune) bool { return c < ' ' || c > '~' }) {
		return refuse(http.StatusBadRequest, "Idempotency-Key must be 255 characters of ASCII or less")
	}
	return nil
}

func (i *issuing) names() []string {
	var out []string
	for _, p := range i.request.passes {
		out = append(out, p.name)
	}
	return out
}

// passes are the ones that are issued now, or that the same request has issued
// before.
func (i *issuing) passes(ctx context.Context) (made []store.Pass, again bool, err error) {
	if i.given {
		if made, err = i.before(ctx); err != nil || made != nil {
			return made, true, err
		}
	}
	if err := i.allowed(); err != nil {
		return nil, false, err
	}
	completed, files, err := i.event(ctx)
	if err != nil {
		return nil, false, err
	}
	if len(files) > 0 {
		if err := i.Engine.Store.PutFiles(ctx, files); err != nil {
			return nil, false, err
		}
	}
	out, err := i.Engine.Perform(ctx, completed)
	if errors.Is(err, store.ErrSeen) {
		made, err = i.before(ctx)
		return made, true, err
	}
	return inOrder(out.Passes), false, err
}

// inOrder sorts passes as the request asked for them.
func inOrder(made []store.Pass) []store.Pass {
	slices.SortFunc(made, func(a, b store.Pass) int {
		x, _ := strconv.Atoi(a.Item)
		y, _ := strconv.Atoi(b.Item)
		return x - y
	})
	return made
}

// before is what the same request has issued; nil: there was none.
func (i *issuing) before(ctx context.Context) ([]store.Pass, error) {
	ev, made, err := i.Engine.Seen(ctx, i.key.source, i.id)
	if err != nil || ev == nil {
		return nil, err
	}
	var data recorded
	if err := json.Unmarshal(ev.Data, &data); err != nil {
		return nil, err
	}
	if data.Request != i.sum {
		return nil, refuse(http.StatusConflict, "This Idempotency-Key was used for another request")
	}
	return inOrder(made), nil
}

// allowed refuses what this key may not issue, and what cannot be signed now.
func (i *issuing) allowed() error {
	templates := i.Engine.Program().Templates()
	for _, p := range i.request.passes {
		if may := i.key.settings.Templates; len(may) > 0 && !slices.Contains(may, p.template) {
			return refuse(http.StatusForbidden, "This key may issue these templates only: "+strings.Join(may, ", "))
		}
		t := templates[p.template]
		if t == nil {
			continue // Perform says so
		}
		certificate, err := t.Certificate()
		if err == nil {
			err = certificate.Valid(i.Engine.Now())
		}
		if err != nil {
			i.Log.Error("api: a pass cannot be signed", "error", err)
			return &refusal{code: http.StatusServiceUnavailable, text: "Passes cannot be signed right now; whoever runs this server has to renew the certificate", retry: 3600}
		}
	}
	for _, to := range i.to {
		if i.Engine.Channels[to.Channel] == nil {
			return refuse(http.StatusBadRequest, fmt.Sprintf("deliver: this server does not deliver by %s", to.Channel))
		}
	}
	return nil
}

// event is what is to be done, with the files that it needs.
func (i *issuing) event(ctx context.Context) (out integrations.Completed, files map[string][]byte, err error) {
	now := i.Engine.Now()
	data := recorded{Request: i.sum}
	files = map[string][]byte{}
	for n, p := range i.request.passes {
		inputs := p.inputs
		if p.template == Template {
			inputs["expires"] = expires(now, p.days)
			if inputs["images"], err = i.pictures(ctx, p, files); err != nil {
				return out, nil, err
			}
		}
		data.Orders = append(data.Orders, order{p.template, inputs, i.to})
		out.Orders = append(out.Orders, data.Orders[n].ask(n))
	}
	out.Event = integrations.Event{
		Source: i.key.source, Type: i.key.source + typeIssue, ExternalID: i.id, Object: i.id, Live: true, Time: now, Wanted: true,
	}
	out.Data, err = json.Marshal(data)
	return out, files, err
}

// ask is the order of one pass, by its place in the request.
func (o order) ask(n int) integrations.Order {
	return integrations.Order{Name: strconv.Itoa(n + 1), Template: o.Template, Inputs: o.Inputs, To: o.To}
}

// pictures fetches a pass's own, and adds them to files. The result is an input.
func (h *Handler) pictures(ctx context.Context, p wanted, files map[string][]byte) (any, error) {
	if len(p.pictures) == 0 {
		return nil, nil
	}
	all, err := h.fetchPictures(ctx, p)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, err.Error())
	}
	ids := map[string]any{}
	for _, f := range all {
		ids[f.name], files[f.id] = f.id, f.data
	}
	return ids, nil
}

// give answers with packages, as they are or in JSON.
func (h *Handler) give(w http.ResponseWriter, form string, names []string, rows []store.Pass) error {
	var made []*bot.Pass
	var packages []*passes.Package
	for _, row := range rows {
		p, err := h.Engine.Pass(row)
		if err != nil {
			return err
		}
		pkg, err := p.Sign()
		if err != nil {
			return err
		}
		made, packages = append(made, p), append(packages, pkg)
	}
	if form == "binary" {
		return giveFile(w, names, made, packages)
	}
	var all []map[string]any
	for n, p := range made {
		all = append(all, map[string]any{
			"serialNumber": p.Serial, "applePass": base64.StdEncoding.EncodeToString(packages[n].Bytes()), "shareUrl": p.Link, "googleSaveUrl": nil,
		})
	}
	if len(all) == 1 {
		pages.WriteJSON(w, http.StatusOK, all[0])
		return nil
	}
	pages.WriteJSON(w, http.StatusOK, map[string]any{"passes": all})
	return nil
}

// giveFile answers with a package, or with a bundle of several.
func giveFile(w http.ResponseWriter, names []string, made []*bot.Pass, packages []*passes.Package) error {
	var serials []string
	for _, p := range made {
		serials = append(serials, p.Serial)
	}
	header := w.Header()
	header.Set("X-Serial-Number", strings.Join(serials, ", "))
	header.Set("Cache-Control", "private, no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Access-Control-Expose-Headers", exposed)
	if len(packages) > 1 {
		var b bytes.Buffer
		if err := passes.WriteBundle(&b, packages); err != nil {
			return err
		}
		header.Set("Content-Type", passes.BundleType)
		header.Set("Content-Disposition", `attachment; filename="`+slug(names[0])+`.pkpasses"`)
		_, _ = w.Write(b.Bytes()) // the other side may have gone
		return nil
	}
	header.Set("X-Pass-Url", made[0].Link)
	header.Set("Content-Type", passes.MIMEType)
	header.Set("Content-Disposition", `attachment; filename="`+slug(names[0])+`.pkpass"`)
	header.Set("Content-Length", strconv.FormatInt(packages[0].Size(), 10))
	_, _ = packages[0].WriteTo(w)
	return nil
}

// slug is a name for a file.
func slug(name string) string {
	s := strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		}
		return ' '
	}, name)
	s = strings.Join(strings.Fields(s), "-")
	if s == "" {
		return "pass"
	}
	return s[:min(len(s), 64)]
}
