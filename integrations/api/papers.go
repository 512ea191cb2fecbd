package api

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"html/template"
	"log/slog"
	"net/http"
	texts "text/template"
	"time"

	"github.com/passhook/passhook/pages"
)

// Where the API is described.
const (
	DocumentPath = "/openapi.json"
	DocsPath     = "/api/docs"
	TextPath     = "/llms.txt"
)

//go:embed docs
var docs embed.FS

// papers describe the API. They hold no secret.
type papers struct{ document, docs, text paper }

// paper is an answer that is the same for everybody.
type paper struct {
	kind, tag string
	body      []byte
	// policy is the Content-Security-Policy of a page; other answers may be read
	// by pages from everywhere.
	policy string
}

func newPaper(kind string, body []byte) paper {
	sum := sha256.Sum256(body)
	return paper{kind: kind, tag: `"` + hex.EncodeToString(sum[:8]) + `"`, body: body}
}

func newPapers(url string, log *slog.Logger) (p papers, err error) {
	url = cmp.Or(url, writtenFor)
	d, document, err := readDocument(url)
	if err != nil {
		return p, err
	}
	p.document = newPaper("application/json", document)
	if p.docs, err = newDocs(d, url, log); err != nil {
		return p, err
	}
	p.text, err = newText(d, url)
	return p, err
}

// newDocs makes the page. Its one script is known by its sum, and may ask this
// server alone.
func newDocs(d document, url string, log *slog.Logger) (p paper, err error) {
	set, err := pages.Parse(docs, "docs", log)
	if err != nil {
		return p, err
	}
	script, err := docs.ReadFile("docs/try.js")
	if err != nil {
		return p, err
	}
	g := d.guide(url, func(name string) string { return "[" + name + "](#" + name + ")" })
	page, err := set.Render("docs.html", map[string]any{"Guide": g, "Script": template.JS(script)}) //nolint:gosec // our own
	if err != nil {
		return p, err
	}
	p = newPaper("text/html; charset=utf-8", page)
	sum := sha256.Sum256(script)
	p.policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	return p, nil
}

func newText(d document, url string) (p paper, err error) {
	t, err := texts.ParseFS(docs, "docs/llms.txt")
	if err != nil {
		return p, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, d.guide(url, func(name string) string { return name }))
	return newPaper("text/plain; charset=utf-8", b.Bytes()), err
}

// Document is GET /openapi.json: the API, as OpenAPI 3.1.
func (h *Handler) Document() http.HandlerFunc {
	return h.paper(func(p papers) paper { return p.document })
}

// Docs is GET /api/docs: the same for people.
func (h *Handler) Docs() http.HandlerFunc { return h.paper(func(p papers) paper { return p.docs }) }

// Text is GET /llms.txt: the same for programs that read prose.
func (h *Handler) Text() http.HandlerFunc { return h.paper(func(p papers) paper { return p.text }) }

func (h *Handler) paper(one func(papers) paper) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		all, err := h.papers()
		if err != nil {
			h.answer(w, err)
			return
		}
		one(all).serve(w, r)
	}
}

func (p paper) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", p.kind)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "public, max-age=300")
	header.Set("ETag", p.tag)
	if p.policy != "" {
		header.Set("Content-Security-Policy", p.policy)
		header.Set("Referrer-Policy", "no-referrer")
	} else {
		header.Set("Access-Control-Allow-Origin", "*")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p.body))
}
