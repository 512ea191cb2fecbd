package hooks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/passhook/passhook/expressions"
)

// object is one event of a body.
type object struct {
	value map[string]any
	// data is value as JSON, in one spelling for all that are equal.
	data json.RawMessage
	// attributes are a CloudEvent's, as ce-id.
	attributes map[string]string
}

// refusal is why a request is not taken, with its status.
type refusal struct {
	code int
	text string
}

func (r refusal) Error() string { return r.text }

func bad(format string, args ...any) error {
	return refusal{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// Limits of one body, beside its bytes.
const (
	maxObjects = 1_000
	maxFields  = 1_000
)

// readBody takes a body apart. form names the field of a form in which JSON is;
// empty: the form's fields are the object. many is true where the body is a list,
// which may have one object.
func readBody(h http.Header, body []byte, form string) (out []object, many bool, err error) {
	if e := h.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, false, refusal{http.StatusUnsupportedMediaType, "the body is compressed; send it as it is"}
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = h.Get("Content-Type")
	}
	switch {
	case kind == "application/x-www-form-urlencoded":
		return one(readForm(body, form))
	case kind == "multipart/form-data":
		return one(readMultipart(body, params["boundary"], form))
	}
	value, err := expressions.DecodeJSON(body)
	if err != nil {
		isJSON := kind == "" || kind == "application/json" || kind == "text/json" || strings.HasSuffix(kind, "+json")
		if !isJSON && !json.Valid(body) {
			return nil, false, refusal{http.StatusUnsupportedMediaType, "the body is neither JSON nor a form; set Content-Type: application/json"}
		}
		return nil, false, bad("%v", err)
	}
	events := strings.HasPrefix(kind, "application/cloudevents")
	if list, ok := value.([]any); ok {
		out, err = readList(list, body, events)
		return out, true, err
	}
	return one(readObject(value, body, events))
}

func one(o object, err error) ([]object, bool, error) {
	if err != nil {
		return nil, false, err
	}
	return []object{o}, false, nil
}

func readList(list []any, body []byte, events bool) ([]object, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil || len(raw) != len(list) {
		return nil, bad("invalid JSON")
	}
	switch {
	case len(list) == 0:
		return nil, bad("the list is empty")
	case len(list) > maxObjects:
		return nil, bad("the list has %d elements; %d is the most", len(list), maxObjects)
	}
	var out []object
	for i, value := range list {
		o, err := readObject(value, raw[i], events)
		if err != nil {
			return nil, bad("element %d: %v", i+1, err)
		}
		out = append(out, o)
	}
	return out, nil
}

// readObject takes a value of which raw is the JSON; event is true where it is a
// CloudEvent in structured mode.
func readObject(value any, raw json.RawMessage, event bool) (object, error) {
	m, ok := value.(map[string]any)
	if !ok {
		return object{}, bad("the body must be a JSON object, or a list of them")
	}
	if event {
		return readCloudEvent(m, raw)
	}
	data, err := canonical(raw)
	return object{value: m, data: data}, err
}

// canonical is JSON in which white space and the order of keys tell nothing.
// Numbers stay as they were written: an id may have more digits than a float64.
func canonical(raw json.RawMessage) (json.RawMessage, error) {
	v := jsontext.Value(bytes.Clone(raw))
	// That no key is there twice is known.
	if err := v.Format(jsontext.ReorderRawObjects(true), jsontext.AllowDuplicateNames(true)); err != nil {
		return nil, bad("%v", err)
	}
	return json.RawMessage(v), nil
}

// readForm reads name=value&…; a name that comes several times is a list.
func readForm(body []byte, form string) (object, error) {
	if bytes.Count(body, []byte("&")) >= maxFields {
		return object{}, bad("the form has more than %d fields", maxFields)
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return object{}, bad("the form cannot be read; its values must be URL-encoded")
	}
	return fields(values, form)
}

// readMultipart reads the fields that are text. Files are left out.
func readMultipart(body []byte, boundary, form string) (object, error) {
	if boundary == "" {
		return object{}, bad("the multipart form has no boundary")
	}
	values := map[string][]string{}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for n := 0; ; n++ {
		part, err := r.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return fields(values, form)
		case err != nil:
			return object{}, bad("the multipart form cannot be read")
		case n >= maxFields:
			return object{}, bad("the form has more than %d fields", maxFields)
		case part.FileName() != "" || part.FormName() == "":
			continue
		}
		b, err := io.ReadAll(part)
		if err != nil {
			return object{}, bad("the multipart form cannot be read")
		}
		values[part.FormName()] = append(values[part.FormName()], string(b))
	}
}

// fields are a form's as an object.
func fields(values map[string][]string, form string) (object, error) {
	if text := values[form]; form != "" && len(text) == 1 {
		value, err := expressions.DecodeJSON([]byte(text[0]))
		if err != nil {
			return object{}, bad("the field %s: %v", form, err)
		}
		return readObject(value, []byte(text[0]), false)
	}
	m := map[string]any{}
	for name, list := range values {
		for _, s := range append([]string{name}, list...) {
			if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
				return object{}, bad("the form has text that is not UTF-8 or holds U+0000")
			}
		}
		if len(list) == 1 {
			m[name] = list[0]
			continue
		}
		all := make([]any, len(list))
		for i, s := range list {
			all[i] = s
		}
		m[name] = all
	}
	if len(m) == 0 {
		return object{}, bad("the form has no fields")
	}
	data, err := json.Marshal(m)
	return object{value: m, data: data}, err
}
