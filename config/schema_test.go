package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/invopop/jsonschema"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations/hooks"
)

// schema.json is the JSON Schema of passhook.yaml, for editors, made from the
// structs of Config.
func TestSchemaIsCurrent(t *testing.T) {
	s := reflector().Reflect(&config.Config{})
	s.Title = "passhook.yaml"
	want, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile("schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("schema.json")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("schema.json is not current; run: go test ./config -run Schema -update (%v)", err)
	}
}

func reflector() *jsonschema.Reflector {
	return &jsonschema.Reflector{
		FieldNameTag: "yaml",
		Anonymous:    true,
		// Several packages call their settings Config.
		Namer:          reflect.Type.String,
		DoNotReference: true,
		ExpandedStruct: true,
		Mapper:         mapType,
	}
}

// mapType describes the types that have a spelling of their own in YAML.
func mapType(t reflect.Type) *jsonschema.Schema {
	text := &jsonschema.Schema{Type: "string"}
	switch t {
	case reflect.TypeFor[bot.OneOrMany]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{text, {Type: "array", Items: text}}}
	case reflect.TypeFor[hooks.Verify]():
		ways := reflector()
		ways.Mapper = func(inner reflect.Type) *jsonschema.Schema {
			if inner == t {
				return nil
			}
			return mapType(inner)
		}
		s := ways.Reflect(&hooks.Verify{})
		s.Version = ""
		s.Properties.Delete("none")
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "string", Const: "none"}, s}}
	case reflect.TypeFor[bot.Optional]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{text, {Type: "integer"}, {Type: "null"}}}
	}
	return nil
}
