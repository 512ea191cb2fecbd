package slack_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/app/apptest"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/examples"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

// server is passhook with a Slack app, as its users run it.
type server struct {
	url, secret string
	smtp        *standins.SMTP
	slack       *standins.Slack
	app         *app.App
	log         apptest.Log
	store       *store.Store
	triggers    atomic.Int64
}

// options are what a test's server has otherwise than others.
type options struct {
	database string
	// address is the public one; empty: that of the listener.
	address string
	// slack is put into the slack section, yaml beside it.
	slack, yaml string
	// standIn is what Slack is like.
	standIn standins.SlackOptions
	now     func() time.Time
	noMail  bool
}

const (
	secret = "8f742231b10e8888abcd99yyyzzz85a5"
	team   = "T0HALLONE1"
	anna   = "U0ANNA0001"
	ben    = "U0BEN00001"
	cleo   = "U0CLEO0001"
	office = "C0BOXOFF01"
)

const visitor = `inputs:
  holder: {label: Name, required: true, example: Ada Lovelace}
  starts: {label: From, type: time, example: "2026-12-31T20:00:00+01:00"}
  day: {label: Day, type: date}
  floor: {label: Floor, type: choice, options: [first, "second & third"], default: first}
  guests: {label: Guests, type: number}
  mail: {label: Mail, type: email}
title: Visit of ${{ holder }}
`

const visitorJSON = `{
  "description": "Visitor", "organizationName": "Hall One", "passTypeIdentifier": "pass.com.example.tickets",
  "generic": {
    "primaryFields": [ {"key": "holder", "label": "Visitor", "value": "${{ holder }}"} ],
    "secondaryFields": [ {"key": "floor", "label": "Floor", "value": "${{ floor }}"}, {"key": "guests", "label": "Guests", "value": "${{ guests }}"} ]
  },
  "barcodes": [ {"format": "PKBarcodeFormatQR", "message": "${{ serial }}", "messageEncoding": "iso-8859-1"} ]
}`

// serve runs a server until the test ends.
func serve(t testing.TB, o options) *server {
	t.Helper()
	s := &server{secret: secret}
	dir := t.TempDir()
	var err error
	s.smtp, err = standins.NewSMTP(standins.SMTPOptions{})
	must(t, err)
	t.Cleanup(func() { _ = s.smtp.Close() })
	ca, err := standins.NewCA(time.Now())
	must(t, err)
	cert, err := ca.Issue("pass.com.example.tickets", "TEAM123456", "Hall One")
	must(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.url = "http://" + l.Addr().String()
	if o.address == "" {
		o.address = s.url
	}
	if o.slack == "" {
		o.slack = "  signing_secrets: [" + secret + "]\n  templates: {visitor: {allow: [everyone]}, concert: {allow: [" + anna + ", C0RANDOM01]}}\n"
	}
	if o.standIn.Rates == (standins.SlackRates{}) {
		o.standIn.Rates.None = true
	}
	o.standIn.SigningSecret = secret
	o.standIn.App = standins.SlackApp{
		Commands: s.url + "/slack/commands", Interactivity: s.url + "/slack/interactions", Options: s.url + "/slack/options", Events: s.url + "/slack/events", Escape: true,
	}
	s.slack = standins.NewSlack(o.standIn)
	must(t, s.slack.Listen(""))
	t.Cleanup(func() { _ = s.slack.Close() })
	if o.now == nil {
		o.now = time.Now
	}
	mail := "mail: {from: Hall One <tickets@example.com>, smtp: \"smtp+insecure://" + s.smtp.Addr() + "\"}\n"
	if o.noMail {
		mail = ""
	}
	text := "url: " + o.address + "\nsecret: " + strings.Repeat("0123456789abcdef", 3) + "\ntimezone: Europe/Berlin\nsigning: [{certificate: \"file:cert.pem\", key: \"file:key.pem\", intermediate: \"file:wwdr.pem\"}]\n" +
		mail + "slack:\n  bot_token: xoxb-stand-in\n  api_url: " + s.slack.APIURL() + "\n" + o.slack + o.yaml
	if o.database != "" {
		text += "database: " + o.database + "\n"
	}
	for name, content := range map[string]string{
		"passhook.yaml": text, "cert.pem": string(cert.CertPEM), "key.pem": string(cert.KeyPEM), "wwdr.pem": string(ca.IntermediatePEM()),
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	concert, err := fs.Sub(examples.FS, "concert/templates")
	must(t, err)
	must(t, os.CopyFS(filepath.Join(dir, "templates"), concert))
	folder := filepath.Join(dir, "templates", "visitor.pass")
	must(t, os.MkdirAll(folder, 0o700))
	icon, err := fs.ReadFile(concert, "concert.pass/icon.png")
	must(t, err)
	for name, content := range map[string]string{"template.yaml": visitor, "pass.json": visitorJSON, "icon.png": string(icon)} {
		must(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	s.run(t, filepath.Join(dir, "passhook.yaml"), l, o.now)
	return s
}

func (s *server) run(t testing.TB, file string, l net.Listener, now func() time.Time) {
	t.Helper()
	c, p, found, err := app.Load(file, config.Options{})
	must(t, err)
	must(t, found.Err())
	s.app, err = app.New(context.Background(), c, p, app.Options{Now: now, Log: slog.New(slog.NewTextHandler(&s.log, nil))})
	must(t, err)
	s.store = s.app.Store
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.app.Run(ctx, l, func() {}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// answer is what the server said.
type answer struct {
	code int
	body string
}

// text is all that a person sees of it.
func (a answer) text(t testing.TB) string {
	t.Helper()
	if a.code != http.StatusOK {
		t.Fatalf("%d %s", a.code, a.body)
	}
	var v any
	must(t, json.Unmarshal([]byte(a.body), &v))
	return shown(v)
}

// shown are all texts and addresses in a message.
func shown(v any) string {
	var out []string
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				walk(k, e)
			}
		case []any:
			for _, e := range v {
				walk(key, e)
			}
		case string:
			if key == "text" || key == "url" || key == "image_url" || key == "alt_text" || key == "value" {
				out = append(out, v)
			}
		}
	}
	walk("", v)
	return strings.Join(out, "\n")
}

// signed is a request as Slack sends it.
func signed(t testing.TB, secret, address, kind, body string, at time.Time) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	must(t, err)
	ts := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", ts, body)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("X-Slack-Request-Timestamp", ts)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return r
}

func send(t testing.TB, r *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	must(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	return answer{resp.StatusCode, string(b)}
}

const formType = "application/x-www-form-urlencoded"

// post posts a signed form.
func (s *server) post(t testing.TB, path string, form url.Values) answer {
	t.Helper()
	return send(t, signed(t, s.secret, s.url+path, formType, form.Encode(), time.Now()))
}

// slash types a command in a channel.
func (s *server) slash(t testing.TB, user, channel, text string) answer {
	t.Helper()
	return s.post(t, "/slack/commands", s.form(user, channel, text))
}

func (s *server) form(user, channel, text string) url.Values {
	return url.Values{
		"command": {"/pass"}, "text": {text}, "user_id": {user}, "team_id": {team}, "channel_id": {channel},
		"trigger_id": {"1." + strconv.FormatInt(s.triggers.Add(1), 10)}, "response_url": {"http://127.0.0.1:1/commands/1"},
	}
}

// passes are all that were issued.
func (s *server) passes(t testing.TB) []store.Pass {
	t.Helper()
	out, err := s.store.FindPasses(t.Context(), store.Filter{})
	must(t, err)
	return out
}
