// Package pages is what all answers have in common: the frame of pages, its look,
// the headers that keep them private, JSON for programs, and how often a client
// may ask.
package pages

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"

	"github.com/gorilla/mux"
)

//go:embed *.html
var frame embed.FS

// Set is the pages of one part of the program.
type Set struct {
	templates *template.Template
	log       *slog.Logger
}

// Parse reads the *.html of a folder, which use the frame: {{template "top"
// TITLE}} and {{template "bottom"}}. It fails only when the program was built
// wrongly.
func Parse(files fs.FS, folder string, log *slog.Logger) (*Set, error) {
	t, err := template.ParseFS(frame, "*.html")
	if err == nil {
		t, err = t.ParseFS(files, folder+"/*.html")
	}
	return &Set{templates: t, log: log}, err
}

// Render makes a page that its caller writes, with headers of its own.
func (s *Set) Render(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	err := s.templates.ExecuteTemplate(&b, name, data)
	return b.Bytes(), err
}

// Show writes a page. Pages hold personal links: no cache, no referrer, no
// index, and nothing from elsewhere.
func (s *Set) Show(w http.ResponseWriter, r *http.Request, code int, name string, data any) {
	b, err := s.Render(name, data)
	if err != nil {
		s.log.Error("a page could not be made", "page", name, "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	action := "'none'"
	if bytes.Contains(b, []byte("<form ")) {
		action = "'self'"
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "private, no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action "+action)
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Robots-Tag", "noindex")
	w.WriteHeader(code)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b)
	}
}

// problem is a page that says why there is no other.
type problem struct{ Title, Text string }

// Problem is a page that says why there is no other.
func (s *Set) Problem(w http.ResponseWriter, r *http.Request, code int, title, text string) {
	s.Show(w, r, code, "problem.html", problem{title, text})
}

// NotFound is the page for unknown links, and for every other page that is not.
func (s *Set) NotFound(w http.ResponseWriter, r *http.Request) {
	s.Problem(w, r, http.StatusNotFound, "There is nothing here", "The link may be incomplete. Open it again from your mail, or ask whoever sent it.")
}

// Unavailable is the page for a failure that will pass, or that the operator must
// mend. what names the page for its reader: "Your pass".
func (s *Set) Unavailable(w http.ResponseWriter, r *http.Request, what string, err error) {
	s.log.Error("a page could not be made", "error", err)
	w.Header().Set("Retry-After", "30")
	s.Problem(w, r, http.StatusServiceUnavailable, "Just a moment", what+" cannot be shown right now. Please try again in a few minutes.")
}

// Token is the part of a route by which a page is found. Tokens are secrets:
// whoever logs requests logs the route, not the path.
const Token = "{token:[A-Za-z0-9_-]{22,128}}"

// Find looks up what a page is about by its Token. Where it is not there, or
// cannot be read now, it answers itself and the result is nil. what names the
// page for its reader.
func Find[T any](s *Set, w http.ResponseWriter, r *http.Request, what string, byToken func(context.Context, string) (*T, bool, error)) *T {
	v, ok, err := byToken(r.Context(), mux.Vars(r)["token"])
	switch {
	case err != nil:
		s.Unavailable(w, r, what, err)
		return nil
	case !ok:
		s.NotFound(w, r)
		return nil
	}
	return v
}

// maxForm is the largest form, in bytes.
const maxForm = 64 << 10

// Form reads a posted form; where it cannot, it answers itself.
func (s *Set) Form(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err := r.ParseForm()
	if err == nil {
		return true
	}
	code := http.StatusBadRequest
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		code = http.StatusRequestEntityTooLarge
	}
	s.Problem(w, r, code, "That cannot be read", "Please go back and enter it again.")
	return false
}

// SeeOther sends the visitor on with GET. A relative location holds behind any
// proxy.
func SeeOther(w http.ResponseWriter, location string) {
	w.Header().Set("Location", location)
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusSeeOther)
}
