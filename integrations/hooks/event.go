package hooks

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
)

// Limits of what a sender chooses.
const (
	maxType = 100
	maxID   = 255 // bytes, of ids and refs
	maxRefs = 100
)

// typeReceived is the type of events whose sender says none.
const typeReceived = "received"

// request is what an event is made of.
type request struct {
	header http.Header
	object
	// headers are those that rules and expressions read.
	headers map[string]string
	now     time.Time
}

// vars are the names in expressions.
func (r request) vars() map[string]any {
	headers := make(map[string]any, len(r.headers))
	for k, v := range r.headers {
		headers[k] = v
	}
	return map[string]any{"data": r.value, "headers": headers}
}

// Events reads a verified request: many is true where its body is a list. Either
// all of it is right or the error says what is not.
func (h *Hook) Events(header http.Header, body []byte, now time.Time) (out []integrations.Event, many bool, err error) {
	objects, many, err := readBody(header, body, h.preset.Form)
	if err != nil {
		return nil, many, err
	}
	given, err := givenID(header)
	if err != nil {
		return nil, many, err
	}
	common := eventHeaders(header, h.hidden)
	seen := map[string]int{}
	for i, o := range objects {
		r := request{header: header, object: o, headers: withAttributes(common, o.attributes), now: now}
		e, err := h.event(r, given, i, many)
		if err == nil && seen[e.ExternalID] > 0 {
			err = bad("it has the id of element %d", seen[e.ExternalID])
		}
		if err != nil && many {
			err = at(i, err)
		}
		if err != nil {
			return nil, many, err
		}
		seen[e.ExternalID] = i + 1
		out = append(out, e)
	}
	return out, many, nil
}

// at names the element of a list.
func at(i int, err error) error {
	r := refusal{code: http.StatusBadRequest}
	errors.As(err, &r)
	r.text = fmt.Sprintf("element %d: %v", i+1, err)
	return r
}

func withAttributes(common, attributes map[string]string) map[string]string {
	if len(attributes) == 0 {
		return common
	}
	out := make(map[string]string, len(common)+len(attributes))
	for _, all := range []map[string]string{common, attributes} {
		for k, v := range all {
			out[k] = v
		}
	}
	return out
}

// event makes one event. given is the request's own id.
func (h *Hook) event(r request, given string, i int, many bool) (e integrations.Event, err error) {
	vars := r.vars()
	if err := h.checkAccount(vars); err != nil {
		return e, err
	}
	e = integrations.Event{Source: SourceName(h.Name), Data: r.data, Headers: r.headers, Live: true}
	if e.ExternalID, err = h.eventID(r, vars, given, i, many); err != nil {
		return e, err
	}
	e.Object = e.ExternalID
	kind, err := evaluate("type", h.kind, vars)
	if err != nil {
		return e, err
	}
	if h.kind == nil && isCloudEvent(r.headers) {
		kind = r.headers["ce-type"]
	}
	e.Type = SourceName(h.Name) + "." + safeType(kind)
	if e.Time, err = h.eventTime(r, vars); err != nil {
		return e, err
	}
	if e.Live, err = h.isLive(vars); err != nil {
		return e, err
	}
	if e.Refs, err = h.eventRefs(vars); err != nil {
		return e, err
	}
	return h.applyMode(e), nil
}

// evaluate is an expression's value as text; empty where there is none.
func evaluate(key string, t *expressions.Text, vars map[string]any) (string, error) {
	if t == nil {
		return "", nil
	}
	s, err := t.String(vars)
	if err != nil {
		return "", bad("%s: %v", key, err)
	}
	return strings.TrimSpace(s), nil
}

func (h *Hook) checkAccount(vars map[string]any) error {
	if len(h.config.Account) == 0 {
		return nil
	}
	account, err := evaluate("account", h.account, vars)
	if err == nil && !slices.Contains(h.config.Account, account) {
		err = refusal{http.StatusUnauthorized, "the event is of another account"}
	}
	return err
}

// givenID is the id that a request itself has.
func givenID(h http.Header) (string, error) {
	for _, name := range []string{"Idempotency-Key", "Webhook-Id"} {
		values := h.Values(name)
		if len(values) > 1 {
			return "", bad("the header %s is there twice", name)
		}
		if len(values) == 1 && values[0] != "" {
			return values[0], checkID(name, values[0])
		}
	}
	return "", nil
}

// checkID says what is wrong with an id or a ref.
func checkID(what, id string) error {
	switch {
	case len(id) > maxID:
		return bad("%s: is longer than %d bytes", what, maxID)
	case !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl):
		return bad("%s: has characters that cannot be in an id", what)
	}
	return nil
}

// eventID is the event's id: what the config says, else the request's own.
func (h *Hook) eventID(r request, vars map[string]any, given string, i int, many bool) (string, error) {
	id, err := evaluate("id", h.id, vars)
	if err != nil {
		return "", err
	}
	if h.id == nil && isCloudEvent(r.headers) {
		id = r.headers["ce-source"] + " " + r.headers["ce-id"]
	}
	switch {
	case id != "":
		return id, checkID("id", id)
	case given == "" && h.id != nil && !h.freshID():
		return "", bad("id: the request has none where the config looks for it, and no header Idempotency-Key")
	case given == "":
		fresh, err := uuid.NewV7()
		if err != nil {
			return "", err
		}
		given = fresh.String()
	}
	if many {
		given += "#" + strconv.Itoa(i+1)
	}
	return given, nil
}

// freshID reports whether a request may have no id: the preset's own has none for
// some.
func (h *Hook) freshID() bool { return h.preset.Fresh && h.config.ID == "" }

var unsafe = regexp.MustCompile(`[^A-Za-z0-9_./-]`)

// safeType is a sender's type as rules name it.
func safeType(text string) string {
	text = unsafe.ReplaceAllString(strings.ToValidUTF8(text, "_"), "_")
	if text == "" {
		return typeReceived
	}
	return text[:min(len(text), maxType)]
}

func (h *Hook) isLive(vars map[string]any) (bool, error) {
	if h.live == nil {
		return true, nil
	}
	v, err := h.live.Eval(vars)
	if err != nil {
		return false, bad("live: %v", err)
	}
	switch v := v.(type) {
	case bool:
		return v, nil
	case int:
		return v != 0, nil
	case string:
		switch strings.ToLower(v) {
		case "true", "1", "yes", "on", "live":
			return true, nil
		case "false", "0", "no", "off", "test":
			return false, nil
		}
	}
	return false, bad("live: is neither true nor false")
}

// eventRefs are the ids of which there are any. A list is several.
func (h *Hook) eventRefs(vars map[string]any) ([]string, error) {
	var out []string
	for _, t := range h.refs {
		v, err := t.Eval(vars)
		if err != nil {
			return nil, bad("refs: %v", err)
		}
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, one := range list {
			ref := strings.TrimSpace(expressions.Stringify(one, expressions.Settings{}))
			if ref == "" || slices.Contains(out, ref) {
				continue
			}
			if err := checkRef(ref); err != nil {
				return nil, err
			}
			out = append(out, ref)
		}
	}
	if len(out) > maxRefs {
		return nil, bad("refs: there are more than %d", maxRefs)
	}
	return out, nil
}

// checkRef refuses what would be something else in the store: names of passes and
// of people's own references.
func checkRef(ref string) error {
	if prefix := integrations.Reserved(ref); prefix != "" {
		return bad("refs: none may begin with %s", prefix)
	}
	return checkID("refs", ref)
}

// layouts are ways to write a time, beside RFC 3339. Without a zone it is UTC.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 UTC", "2006-01-02 15:04:05", time.DateOnly}

func (h *Hook) eventTime(r request, vars map[string]any) (time.Time, error) {
	var v any
	switch {
	case h.time != nil:
		var err error
		if v, err = h.time.Eval(vars); err != nil {
			return time.Time{}, bad("time: %v", err)
		}
	case isCloudEvent(r.headers):
		v = r.headers["ce-time"]
	}
	if v == nil || v == "" {
		return r.now, nil
	}
	t, ok := readTime(v)
	if !ok || t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}, bad("time: is no time; it may be RFC 3339, or Unix seconds or milliseconds")
	}
	return t.UTC(), nil
}

// fromMillis is the first number that is milliseconds: as seconds, it would be
// the year 5138.
const fromMillis = 1e11

func readTime(v any) (time.Time, bool) {
	switch v := v.(type) {
	case int:
		return readTime(float64(v))
	case float64:
		if math.Abs(v) >= fromMillis {
			v /= 1000
		}
		if math.Abs(v) >= 1<<40 {
			return time.Time{}, false
		}
		seconds, rest := math.Modf(v)
		return time.Unix(int64(seconds), int64(rest*1e9)).Round(time.Millisecond), true
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return readTime(f)
		}
		for _, layout := range layouts {
			if t, err := time.Parse(layout, v); err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

// applyMode says what becomes of a test. It is done when an event arrives, and
// again when it is worked on: meanwhile the config may have been changed.
func (h *Hook) applyMode(e integrations.Event) integrations.Event {
	switch {
	case e.Live || e.Ignore != "":
	case h.config.TestRecipient != "":
		e.Redirect = integrations.Recipient{Channel: integrations.ChannelEmail, Address: h.config.TestRecipient}
	default:
		e.Ignore = fmt.Sprintf("it is a test, and hooks.%s has no test_recipient; to work on it, add one and replay it", h.Name)
	}
	return e
}
