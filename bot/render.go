package bot

import (
	"context"
	"fmt"
	"time"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/store"
)

// rendered is a pass with what its template made of it.
type rendered struct {
	template *passes.Template
	pass     passes.Pass
	*passes.Rendered
}

// render makes pass.json, not the package.
func (e *Engine) render(program *Program, row store.Pass) (*rendered, error) {
	t := program.templates[row.Template]
	if t == nil {
		return nil, fmt.Errorf("template %s is gone%s; put it back", row.Template, known(program.templates))
	}
	k, err := e.Secrets.find(row.SecretID)
	if err != nil {
		return nil, err
	}
	v, err := expressions.DecodeJSON(row.Inputs)
	if err != nil {
		return nil, fmt.Errorf("the stored inputs of pass %s: %w", row.Serial, err)
	}
	inputs, _ := v.(map[string]any)
	p := passes.Pass{
		Serial: row.Serial, AuthToken: k.authToken(row.Key), WebServiceURL: e.URL + "/wallet",
		Link: e.link(k, row), Inputs: inputs, Voided: len(row.Void) > 0, Updated: row.Updated,
	}
	r, err := t.Render(p)
	return &rendered{t, p, r}, err
}

func (e *Engine) link(k secret, row store.Pass) string { return e.URL + "/p/" + k.linkToken(row.Key) }

// Issued is a pass as its page and its download need it.
type Issued struct {
	integrations.Package
	Voided bool
	// Modified is when the package last changed: the pass or its template.
	Modified time.Time
	// Subject and Intro are the template's words for the mail.
	Subject, Intro string
	// Editable is true while its order's page lets the buyer change something.
	Editable bool
}

// PassByLink finds a pass by the token in its link and makes its package. ok is
// false where no pass has that link.
func (e *Engine) PassByLink(ctx context.Context, token string) (*Issued, bool, error) {
	row, ok, err := e.Store.PassByLink(ctx, linkHash(token))
	if err != nil || !ok {
		return nil, false, err
	}
	out, err := e.pack(*row)
	return out, err == nil, err
}

// pack makes the signed package of a pass.
func (e *Engine) pack(row store.Pass) (*Issued, error) {
	r, out, err := e.describe(row)
	if err != nil {
		return nil, err
	}
	out.Content, err = r.template.Package(r.pass, r.Rendered, e.Now())
	return out, err
}

// describe is a pass for people, without its package.
func (e *Engine) describe(row store.Pass) (*rendered, *Issued, error) {
	r, err := e.render(e.program.Load(), row)
	if err != nil {
		return nil, nil, err
	}
	modified := row.Updated
	if r.template.ModTime.After(modified) {
		modified = r.template.ModTime
	}
	out := &Issued{Voided: r.pass.Voided, Modified: modified, Subject: r.Subject, Intro: r.Intro}
	if out.Editable, err = e.editable(r); err != nil {
		return nil, nil, err
	}
	out.Package = integrations.Package{Serial: row.Serial, Title: r.Title, Filename: filename(row), Link: r.pass.Link}
	for _, f := range r.Fields() {
		out.Fields = append(out.Fields, integrations.Field{Label: f.Label, Value: f.Value})
	}
	return r, out, nil
}

// filename is ASCII and differs between the passes of an order.
func filename(row store.Pass) string {
	return fmt.Sprintf("%s-%s.pkpass", row.Template, row.Serial[:min(8, len(row.Serial))])
}
