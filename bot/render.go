package bot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/store"
)

// Paths of the pages below the public address; a token follows each.
const (
	PassPath     = "/p/"
	OrderPath    = "/o/"
	DecisionPath = "/console/decisions/"
	// WalletPath begins the addresses that phones ask.
	WalletPath = "/wallet"
)

// Renderer makes of stored passes what people see of them, and what they get.
type Renderer struct {
	Secrets Secrets
	// URL is the public address, without a slash at the end.
	URL string
	Now func() time.Time
	// Files reads the pictures that passes have of their own, by id; nil: there
	// are none.
	Files func(ctx context.Context, ids []string) (map[string][]byte, error)

	program atomic.Pointer[Program]
}

// NewRenderer makes one for the templates of a program. url is the public
// address, without a slash at the end.
func NewRenderer(p *Program, s Secrets, url string, now func() time.Time) *Renderer {
	r := &Renderer{Secrets: s, URL: url, Now: now}
	r.program.Store(p)
	return r
}

// Program is the rules and templates as they are now.
func (r *Renderer) Program() *Program { return r.program.Load() }

// SetProgram replaces rules and templates while they are in use.
func (r *Renderer) SetProgram(p *Program) { r.program.Store(p) }

// Pass is a pass as people see it.
type Pass struct {
	integrations.Package
	// Modified is when the package last changed: the pass or its template.
	Modified time.Time
	// Version differs from that of another state of the pass or its template.
	Version string
	// Subject and Intro are the template's words for the mail.
	Subject, Intro string
	// Editable is true while its delivery's page lets the buyer change something.
	Editable bool
	// Template made Rendered of Source.
	Template *passes.Template
	Source   passes.Pass
	Rendered *passes.Rendered
}

// Pass is what people see of a stored pass. It needs no certificate.
func (r *Renderer) Pass(row store.Pass) (*Pass, error) {
	p, err := r.render(r.program.Load(), row)
	if err != nil {
		return nil, err
	}
	if err := r.pictures(p); err != nil {
		return nil, err
	}
	p.Modified = row.Updated
	if p.Template.ModTime.After(p.Modified) {
		p.Modified = p.Template.ModTime
	}
	p.Version = fmt.Sprintf("%x-%x", row.Updated.UnixMilli(), p.Template.ModTime.UnixMilli())
	p.Subject, p.Intro = p.Rendered.Subject, p.Rendered.Intro
	if p.Editable, err = r.editable(p); err != nil {
		return nil, err
	}
	p.Package = integrations.Package{Serial: row.Serial, Title: p.Rendered.Title, Filename: filename(row), Link: p.Source.Link, Voided: p.Source.Voided, Sign: func() (*passes.Package, error) { return r.sign(p) }}
	if p.Bytes, err = p.Template.PackageSize(p.Source, p.Rendered); err != nil {
		return nil, err
	}
	for _, f := range p.Rendered.Fields() {
		p.Fields = append(p.Fields, integrations.Field{Label: f.Label, Value: f.Value})
	}
	return p, nil
}

// pictures reads those that a pass has of its own.
func (r *Renderer) pictures(p *Pass) error {
	ids := p.Template.PictureIDs(p.Source.Inputs)
	if len(ids) == 0 || r.Files == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	files, err := r.Files(ctx, slices.Collect(maps.Values(ids)))
	p.Source.Pictures = map[string][]byte{}
	for name, id := range ids {
		p.Source.Pictures[name] = files[id]
	}
	return err
}

// sign fails where the certificate is not valid now, which the operator has to
// mend.
func (r *Renderer) sign(p *Pass) (*passes.Package, error) {
	out, err := p.Template.Package(p.Source, p.Rendered, r.Now())
	if err != nil {
		return nil, integrations.Blocked(fmt.Errorf("pass %s: %w", p.Serial, err))
	}
	return out, nil
}

// render makes pass.json, not the package.
func (r *Renderer) render(program *Program, row store.Pass) (*Pass, error) {
	t := program.templates[row.Template]
	if t == nil {
		return nil, fmt.Errorf("template %s is gone%s; put it back", row.Template, known(program.templates))
	}
	k, err := r.Secrets.find(row.SecretID)
	if err != nil {
		return nil, err
	}
	v, err := expressions.DecodeJSON(row.Inputs)
	if err != nil {
		return nil, fmt.Errorf("the stored inputs of pass %s: %w", row.Serial, err)
	}
	inputs, _ := v.(map[string]any)
	source := passes.Pass{
		Serial: row.Serial, AuthToken: k.authToken(row.Key), WebServiceURL: r.URL + WalletPath,
		Link: r.URL + PassPath + k.linkToken(row.Key), Inputs: inputs, Voided: len(row.Void) > 0, Updated: row.Updated,
	}
	rendered, err := t.Render(source)
	if err != nil {
		return nil, err
	}
	return &Pass{Template: t, Source: source, Rendered: rendered}, nil
}

// editable reports whether the buyer may change something of a pass now.
func (r *Renderer) editable(p *Pass) (bool, error) {
	if len(p.Template.BuyerInputs) == 0 || p.Source.Voided {
		return false, nil
	}
	until, err := p.Template.BuyerUntil(p.Source.Inputs)
	return until.IsZero() || r.Now().Before(until), err
}

// DeliveryLink is the address of a delivery's page; empty where it has none.
func (r *Renderer) DeliveryLink(d store.Delivery) (string, error) {
	if d.LinkKey == "" {
		return "", nil
	}
	k, err := r.Secrets.find(d.SecretID)
	if err != nil {
		return "", err
	}
	return r.URL + OrderPath + k.pageToken(d.LinkKey), nil
}

// filename is ASCII and differs between the passes of an order.
func filename(row store.Pass) string {
	return fmt.Sprintf("%s-%s.pkpass", row.Template, row.Serial[:min(8, len(row.Serial))])
}
