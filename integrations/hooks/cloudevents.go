package hooks

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/passhook/passhook/expressions"
)

// readCloudEvent reads an event in structured mode: its attributes become those
// headers that it would have in binary mode, and its data the object.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
func readCloudEvent(m map[string]any, raw json.RawMessage) (object, error) {
	o := object{attributes: map[string]string{}}
	for name, v := range m {
		switch v := v.(type) {
		case string:
			o.attributes["ce-"+strings.ToLower(name)] = v
		case int:
			o.attributes["ce-"+strings.ToLower(name)] = strconv.Itoa(v)
		case bool:
			o.attributes["ce-"+strings.ToLower(name)] = strconv.FormatBool(v)
		}
	}
	delete(o.attributes, "ce-data")
	delete(o.attributes, "ce-data_base64")
	if !isCloudEvent(o.attributes) {
		return o, bad("the CloudEvent lacks specversion, id, source or type")
	}
	var parts struct {
		Data   json.RawMessage `json:"data"`
		Base64 string          `json:"data_base64"`
	}
	if err := json.Unmarshal(raw, &parts); err != nil {
		return o, bad("the CloudEvent cannot be read")
	}
	if parts.Base64 != "" {
		b, err := base64.StdEncoding.DecodeString(parts.Base64)
		if err != nil {
			return o, bad("data_base64 is not base64")
		}
		parts.Data = b
	}
	if len(parts.Data) == 0 || string(parts.Data) == "null" {
		parts.Data = json.RawMessage("{}")
	}
	value, err := expressions.DecodeJSON(parts.Data)
	if err != nil {
		return o, bad("data: %v", err)
	}
	data, err := readObject(value, parts.Data, false)
	if err != nil {
		return o, bad("the CloudEvent's data must be a JSON object")
	}
	o.value, o.data = data.value, data.data
	return o, nil
}

// isCloudEvent reports whether these headers are an event's.
func isCloudEvent(h map[string]string) bool {
	return h["ce-specversion"] != "" && h["ce-id"] != "" && h["ce-source"] != "" && h["ce-type"] != ""
}
