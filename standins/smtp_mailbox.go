package standins

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed smtp_mailbox.html smtp_mail.html
var mailboxFiles embed.FS

// frameCSP holds a mail's HTML: it may show itself and pictures of this server,
// and open links in a new tab, nothing else.
const frameCSP = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"

// pageCSP is for the mailbox's own pages, which need no scripts.
const pageCSP = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'"

// listedMail is one mail of the list, as JSON and on the page.
type listedMail struct {
	ID          string             `json:"id"`
	From        string             `json:"from"`
	To          string             `json:"to"`
	Subject     string             `json:"subject"`
	Date        time.Time          `json:"date"`
	URL         string             `json:"url"`
	Attachments []listedAttachment `json:"attachments"`
}

type listedAttachment struct {
	Filename    string `json:"filename"`
	ContentType string `json:"content_type"`
	Size        int    `json:"size"`
	URL         string `json:"url"`
}

// shownMail is one mail on its own page.
type shownMail struct {
	listedMail
	Mail   Mail
	Prefix string
	Error  error
}

type mailbox struct {
	server *SMTP
	prefix string
	pages  *template.Template
}

// Handler shows the mails as pages, the newest first, under prefix, which
// starts with a slash and ends without one: "/dev/mail". The list with
// ?format=json is an array of id, from, to, subject, date (when the server
// took the mail), url and attachments (filename, content_type, size, url).
// Beside a mail's page lie /html, /text, /raw and /attachments/N/FILENAME.
func (s *SMTP) Handler(prefix string) http.Handler {
	b := &mailbox{server: s, prefix: strings.TrimSuffix(prefix, "/")}
	b.pages = template.Must(template.New("").Funcs(template.FuncMap{"size": size, "links": links}).ParseFS(mailboxFiles, "*.html"))
	mux := http.NewServeMux()
	if b.prefix != "" {
		mux.HandleFunc("GET "+b.prefix, b.list)
	}
	mux.HandleFunc("GET "+b.prefix+"/{$}", b.list)
	mux.HandleFunc("GET "+b.prefix+"/{id}", b.one)
	mux.HandleFunc("GET "+b.prefix+"/{id}/{part}", b.part)
	mux.HandleFunc("GET "+b.prefix+"/{id}/attachments/{n}/{filename}", b.attachment)
	return mux
}

func (b *mailbox) list(w http.ResponseWriter, r *http.Request) {
	mails := []listedMail{}
	for i, m := range b.server.Messages() {
		parsed, _ := m.Parse() // the mail's own page tells what is wrong
		mails = append(mails, b.listed(i+1, m, parsed))
	}
	slices.Reverse(mails)
	if r.URL.Query().Get("format") == "json" {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(mails) // the client went away
		return
	}
	b.page(w, "smtp_mailbox.html", struct {
		Prefix string
		Mails  []listedMail
	}{b.prefix, mails})
}

func (b *mailbox) one(w http.ResponseWriter, r *http.Request) {
	id, m, parsed, err := b.find(r)
	if id == 0 {
		http.NotFound(w, r)
		return
	}
	b.page(w, "smtp_mail.html", shownMail{listedMail: b.listed(id, m, parsed), Mail: parsed, Prefix: b.prefix, Error: err})
}

func (b *mailbox) part(w http.ResponseWriter, r *http.Request) {
	id, m, parsed, _ := b.find(r)
	if id == 0 {
		http.NotFound(w, r)
		return
	}
	var content string
	contentType := "text/plain; charset=utf-8"
	switch r.PathValue("part") {
	case "html":
		// Links open beside the mailbox instead of inside the frame.
		content = strings.Replace(parsed.HTML, "<head>", `<head><base target="_blank">`, 1)
		contentType = "text/html; charset=utf-8"
	case "text":
		content = parsed.Text
	case "raw":
		content = string(m.Raw)
	default:
		http.NotFound(w, r)
		return
	}
	guard(w, frameCSP)
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write([]byte(content)) // the client went away
}

func (b *mailbox) attachment(w http.ResponseWriter, r *http.Request) {
	_, _, parsed, _ := b.find(r)
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 || n > len(parsed.Attachments) {
		http.NotFound(w, r)
		return
	}
	a := parsed.Attachments[n-1]
	guard(w, frameCSP)
	w.Header().Set("Content-Type", a.ContentType)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Filename}))
	w.Header().Set("Content-Length", strconv.Itoa(len(a.Bytes)))
	_, _ = w.Write(a.Bytes) // the client went away
}

// find is the message that the path names; id 0: there is none. The error is
// what could not be read of it.
func (b *mailbox) find(r *http.Request) (id int, m Message, parsed Mail, err error) {
	messages := b.server.Messages()
	id, err = strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 1 || id > len(messages) {
		return 0, Message{}, Mail{}, nil
	}
	m = messages[id-1]
	parsed, err = m.Parse()
	return id, m, parsed, err
}

func (b *mailbox) listed(id int, m Message, parsed Mail) listedMail {
	l := listedMail{
		ID: strconv.Itoa(id), From: parsed.Get("From"), To: strings.Join(m.To, ", "), Subject: parsed.Get("Subject"),
		Date: m.Received, URL: fmt.Sprintf("%s/%d", b.prefix, id), Attachments: []listedAttachment{},
	}
	if l.From == "" {
		l.From = m.From
	}
	for i, a := range parsed.Attachments {
		name := a.Filename
		if name == "" || strings.Trim(name, ".") == "" {
			name = "attachment"
		}
		l.Attachments = append(l.Attachments, listedAttachment{
			Filename: a.Filename, ContentType: a.ContentType, Size: len(a.Bytes),
			URL: fmt.Sprintf("%s/attachments/%d/%s", l.URL, i+1, url.PathEscape(name)),
		})
	}
	return l
}

func (b *mailbox) page(w http.ResponseWriter, name string, data any) {
	var page strings.Builder
	if err := b.pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	guard(w, pageCSP)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(page.String())) // the client went away
}

func guard(w http.ResponseWriter, csp string) {
	w.Header().Set("Content-Security-Policy", csp)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
}

// size is bytes as people read them.
func size(n int) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%d kB", (n+500)/1000)
	}
	return fmt.Sprintf("%d bytes", n)
}

// piece is a part of a text: an address, or what stands between addresses.
type piece struct {
	Text string
	Link bool
}

var address = regexp.MustCompile(`https?://[^\s<>"]+`)

// links splits a text at its addresses.
func links(text string) []piece {
	var out []piece
	at := 0
	for _, found := range address.FindAllStringIndex(text, -1) {
		out = append(out, piece{Text: text[at:found[0]]}, piece{text[found[0]:found[1]], true})
		at = found[1]
	}
	return append(out, piece{Text: text[at:]})
}
