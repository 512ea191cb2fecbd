package schema

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestJSONSchemaIsCurrent(t *testing.T) {
	b, err := jsonSchema()
	if err != nil {
		t.Fatal(err)
	}
	current(t, "pass.schema.json", b)
}

// jsonSchema is a JSON Schema (2020-12) of a template's pass.json, for editors.
// Every value may be a text with ${{ in place of what it would be.
// https://json-schema.org/draft/2020-12
func jsonSchema() ([]byte, error) {
	defs := map[string]any{
		"expression": map[string]any{"type": "string", "pattern": `\$\{\{`, "description": "An expression, as ${{ holder }}."},
	}
	for _, o := range known().order {
		if o.File == "" {
			defs[o.Name] = o.schema()
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   passFile,
		"$ref":    "#/$defs/pass",
		"$defs":   defs,
	})
	return b.Bytes(), err
}

func (o *Object) schema() map[string]any {
	properties := map[string]any{}
	var required []string
	for _, k := range o.Keys {
		properties[k.Name] = k.schema()
		if k.Required && !k.Filled {
			required = append(required, k.Name)
		}
	}
	s := map[string]any{"type": "object", "description": o.About, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func (k *Key) schema() map[string]any {
	s := k.elementSchema()
	if k.list {
		s = map[string]any{"type": "array", "items": k.orExpression(s)}
	}
	s = k.orExpression(s)
	s["description"] = k.About + k.remarks()
	if k.Deprecated != "" {
		s["deprecated"] = true
	}
	return s
}

// orExpression lets an expression stand in place of anything but a text.
func (k *Key) orExpression(s map[string]any) map[string]any {
	if len(s) == 0 || s["type"] == "string" && len(s) == 1 {
		return s
	}
	return map[string]any{"anyOf": []any{s, map[string]any{"$ref": "#/$defs/expression"}}}
}

func (k *Key) elementSchema() map[string]any {
	switch {
	case k.object != nil:
		return map[string]any{"$ref": "#/$defs/" + k.object.Name}
	case k.values != nil:
		return map[string]any{"enum": k.values.names}
	}
	s := map[string]any{}
	switch k.element {
	case "any":
	case "value":
		s["type"] = []string{"string", "number"}
	case "boolean", "integer", "number":
		s["type"] = k.element
		if k.Min != nil && !k.list {
			s["minimum"] = *k.Min
		}
		if k.Max != nil && !k.list {
			s["maximum"] = *k.Max
		}
	case "storeID":
		s["type"] = "integer"
	case "date":
		s["type"], s["format"] = "string", "date-time"
	case "url":
		s["type"], s["format"] = "string", "uri"
	case "email", "uuid":
		s["type"], s["format"] = "string", k.element
	case "colour":
		s["type"], s["pattern"] = "string", `^(#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})|rgba?\([0-9., ]+\))$`
	default:
		s["type"] = "string"
	}
	return s
}

// remarks are since when and for which style a key is.
func (k *Key) remarks() string {
	var s string
	if k.Since != "" {
		s += " Since iOS " + k.Since + "."
	}
	if k.Deprecated != "" {
		s += " Deprecated since iOS " + k.Deprecated + "."
	}
	for i, style := range k.Styles {
		switch {
		case i == 0:
			s += " Only " + style
		default:
			s += " and " + style
		}
	}
	if len(k.Styles) > 0 {
		s += "."
	}
	return s
}
