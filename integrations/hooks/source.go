package hooks

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
)

var _ integrations.Source = (*Hook)(nil)

// Types are those of the preset's samples. Without a preset a hook may send any
// type, unless it sends one alone.
func (h *Hook) Types() (map[string]integrations.TypeInfo, error) {
	out := map[string]integrations.TypeInfo{}
	for name, data := range h.data {
		info := integrations.TypeInfo{Samples: []any{data}}
		if h.preset.AnyMember {
			info.Samples = nil
		}
		out[SourceName(h.Name)+"."+name] = info
	}
	switch {
	case len(out) > 0 && !h.preset.AnyType && h.config.Type == "":
	case h.kind == nil:
		out[SourceName(h.Name)+"."+typeReceived] = integrations.TypeInfo{}
	default:
		out[SourceName(h.Name)+".*"] = integrations.TypeInfo{}
	}
	return out, nil
}

// fileID is the id of an event that was read from a file and has none.
const fileID = "file"

// Decode reads the body of a request from a file. What its headers would have
// said is missing.
func (h *Hook) Decode(body []byte) (integrations.Event, error) {
	header := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {fileID}}
	objects, many, err := readBody(header, body, h.preset.Form)
	if err == nil && many {
		err = errors.New("the file has a list; give one event")
	}
	if err != nil {
		return integrations.Event{}, err
	}
	bare := *h
	bare.config.Account = nil
	return bare.event(request{header: header, object: objects[0], headers: withAttributes(map[string]string{}, objects[0].attributes), now: time.Now()}, fileID, 0, false)
}

// Complete fetches the event's object where the event says only where it is.
func (h *Hook) Complete(ctx context.Context, event integrations.Event) (integrations.Completed, error) {
	e := integrations.Completed{Event: h.applyMode(event)}
	if e.Ignore != "" || h.address == nil {
		return e, nil
	}
	value, err := expressions.DecodeJSON(e.Data)
	if err != nil {
		return e, integrations.Never(err)
	}
	data, _ := value.(map[string]any)
	body, err := h.fetched(ctx, e.Event, data)
	if err != nil {
		return e, err
	}
	if value, err = expressions.DecodeJSON(body); err != nil {
		return e, integrations.Never(err)
	}
	data, ok := value.(map[string]any)
	if !ok {
		return e, integrations.Never(errors.New("what was fetched is no JSON object"))
	}
	e.Data = body
	refs, err := h.eventRefs(request{object: object{value: data}, headers: e.Headers}.vars())
	if err != nil {
		return e, integrations.Never(err)
	}
	for _, ref := range refs {
		if !slices.Contains(e.Refs, ref) {
			e.Refs = append(slices.Clip(e.Refs), ref)
		}
	}
	return e, nil
}

// fetched is the object of an event. A sample carries its own, as whoever has the
// hook's secret may.
func (h *Hook) fetched(ctx context.Context, e integrations.Event, data map[string]any) (json.RawMessage, error) {
	if own, ok := data[sampleMember]; ok {
		return json.Marshal(own)
	}
	address, err := h.address.String(request{object: object{value: data}, headers: e.Headers}.vars())
	if err != nil {
		return nil, integrations.Never(err)
	}
	if err := onHost(address, h.preset.Fetch.From); err != nil {
		return nil, integrations.Never(err)
	}
	var failed error
	for _, token := range h.config.Token {
		b, err := h.fetch(ctx, address, bearer(token))
		if err == nil || !integrations.IsBlocked(err) {
			return b, err
		}
		failed = err
	}
	return nil, failed
}
