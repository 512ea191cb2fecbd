package hooks

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passhook/passhook/expressions"
)

// sampleMember is where a sample has the object that would be fetched.
const sampleMember = "passhook_sample"

// sampleTime is the time in samples that are only looked at.
var sampleTime = time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)

// fill puts a number and a time into a sample.
func (s sampleText) fill(n string, now time.Time) sampleText {
	r := strings.NewReplacer("{{n}}", n, "{{time}}", now.UTC().Format(time.RFC3339), "{{unix}}", strconv.FormatInt(now.Unix(), 10))
	out := sampleText{ContentType: s.ContentType, Headers: map[string]string{}, Body: r.Replace(s.Body), Fetched: r.Replace(s.Fetched)}
	for name, value := range s.Headers {
		out.Headers[name] = r.Replace(value)
	}
	return out
}

func (s sampleText) header() http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	if s.ContentType != "" {
		h.Set("Content-Type", s.ContentType)
	}
	for name, value := range s.Headers {
		h.Set(name, value)
	}
	return h
}

// Request is a request as the hook's sender would make it.
type Request struct {
	// Path follows the hook's address.
	Path   string
	Header http.Header
	Body   []byte
}

// Sample says how a sample is made.
type Sample struct {
	// N is a number that no other sample has.
	N   string
	Now time.Time
	// To, where it is set, is the buyer's address.
	To string
}

// Samples are the types of which the preset has one.
func (h *Hook) Samples() []string { return slices.Sorted(maps.Keys(h.preset.Samples)) }

// Sample makes the preset's sample of a type.
func (h *Hook) Sample(kind string, s Sample) (Request, error) {
	text, ok := h.preset.Samples[kind]
	if !ok {
		return Request{}, fmt.Errorf("there is no sample of %s", kind)
	}
	text = text.fill(s.N, s.Now)
	body, err := text.to(h.preset.Email, s.To)
	if err != nil {
		return Request{}, err
	}
	header := text.header()
	id := s.N
	if h.idHeader != "" && header.Get(h.idHeader) != "" {
		id = header.Get(h.idHeader)
	}
	return h.signed(header, body, id, s.Now)
}

// OwnSample makes a request of a JSON object. Where the hook's id is a member of
// it, that becomes N; so do recipients To, which are expressions of a rule.
func (h *Hook) OwnSample(object []byte, recipients []string, s Sample) (Request, error) {
	value, err := expressions.DecodeJSON(object)
	if err != nil {
		return Request{}, err
	}
	if path, ok := memberOf(string(h.config.ID)); ok {
		setMember(value, path, "sample-"+s.N)
	}
	if s.To != "" {
		for _, text := range recipients {
			if path, ok := memberOf(text); ok {
				setMember(value, path, s.To)
			}
		}
	}
	body, err := json.Marshal(value)
	if err != nil {
		return Request{}, err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if h.id == nil {
		header.Set("Idempotency-Key", "sample-"+s.N)
	}
	return h.signed(header, body, "sample-"+s.N, s.Now)
}

// signed adds what the sender would.
func (h *Hook) signed(header http.Header, body []byte, id string, now time.Time) (Request, error) {
	if h.sign == nil {
		return Request{}, errors.New("the hook has no secret that could sign")
	}
	own, path, err := h.sign(id, body, now)
	if err != nil {
		return Request{}, err
	}
	maps.Copy(header, own)
	return Request{path, header, body}, nil
}

// to is the body with another buyer's address, and with the object that would be
// fetched.
func (s sampleText) to(emails []string, to string) ([]byte, error) {
	if strings.HasPrefix(s.ContentType, "application/x-www-form-urlencoded") {
		values, err := url.ParseQuery(s.Body)
		for _, name := range emails {
			if to != "" && values.Has(name) {
				values.Set(name, to)
			}
		}
		return []byte(values.Encode()), err
	}
	value, err := expressions.DecodeJSON([]byte(s.Body))
	if err != nil {
		return nil, err
	}
	object := value
	if s.Fetched != "" {
		if object, err = expressions.DecodeJSON([]byte(s.Fetched)); err != nil {
			return nil, err
		}
		if m, ok := value.(map[string]any); ok {
			m[sampleMember] = object
		}
	}
	for _, path := range emails {
		if to != "" {
			setMember(object, path, to)
			if m, ok := object.(map[string]any); ok && s.ContentType == cloudEvent {
				setMember(m["data"], path, to)
			}
		}
	}
	return json.Marshal(value)
}

// cloudEvent is the type of a CloudEvent in structured mode.
const cloudEvent = "application/cloudevents+json"

var member = regexp.MustCompile(`^\s*\$\{\{\s*data\.([A-Za-z_][\w.\[\]]*)\s*\}\}\s*$`)

// memberOf is the path that an expression is, if it is no more than that.
func memberOf(text string) (path string, ok bool) {
	m := member.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	return m[1], true
}

var step = regexp.MustCompile(`[^.\[\]]+`)

// setMember puts a value at a path, as a.b[0].c, where there is one already or an
// object for it.
func setMember(in any, path string, value any) {
	steps := step.FindAllString(path, -1)
	for i, name := range steps {
		last := i == len(steps)-1
		switch at := in.(type) {
		case map[string]any:
			if _, there := at[name]; last && there {
				at[name] = value
			}
			in = at[name]
		case []any:
			n, err := strconv.Atoi(name)
			if err != nil || n < 0 || n >= len(at) {
				return
			}
			if last {
				at[n] = value
			}
			in = at[n]
		default:
			return
		}
	}
}
