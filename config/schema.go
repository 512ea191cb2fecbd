package config

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/passhook/passhook/bot"
)

// Schema is the JSON Schema of passhook.yaml, for editors. config/schema.json
// holds it.
func Schema() ([]byte, error) {
	r := jsonschema.Reflector{
		FieldNameTag: "yaml",
		Anonymous:    true,
		// Several packages call their settings Config.
		Namer:          reflect.Type.String,
		DoNotReference: true,
		ExpandedStruct: true,
		Mapper:         mapType,
	}
	s := r.Reflect(&Config{})
	s.Title = "passhook.yaml"
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("config schema: %w", err)
	}
	return append(out, '\n'), nil
}

// mapType describes the types that have a spelling of their own in YAML.
func mapType(t reflect.Type) *jsonschema.Schema {
	text := &jsonschema.Schema{Type: "string"}
	switch t {
	case reflect.TypeFor[bot.OneOrMany]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{text, {Type: "array", Items: text}}}
	case reflect.TypeFor[bot.Optional]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{text, {Type: "integer"}, {Type: "null"}}}
	}
	return nil
}
