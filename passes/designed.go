package passes

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/passhook/passhook/passes/schema"
)

// designedSuffix ends the names of the folders that Apple's Pass Designer saves:
// a pass.json with sample values, images, and tooling.json for the designer.
// https://developer.apple.com/documentation/walletpasses
const designedSuffix = ".pkpasstemplate"

// toolingFile is the designer's own.
const toolingFile = "tooling.json"

// design makes a template of what Pass Designer saved. Without a template.yaml
// that declares inputs, every field is an input by its key, with the sample as
// its default; and the barcode's message is one, which is the serial number by
// default: a sample that stays on every ticket opens every door.
func (l *templateLoader) design(pass map[string]any) {
	withoutIDs(pass)
	if len(l.template.Inputs) > 0 {
		return
	}
	for _, style := range schema.Styles() {
		fields, _ := pass[style].(map[string]any)
		for _, group := range append(slices.Clone(groups), "backFields", "additionalInfoFields") {
			list, _ := fields[group].([]any)
			for _, v := range list {
				if field, ok := v.(map[string]any); ok {
					l.designField(field)
				}
			}
		}
	}
	codes, _ := pass["barcodes"].([]any)
	for _, v := range codes {
		if code, ok := v.(map[string]any); ok {
			l.designInput(Input{Name: "barcode_message", Label: "Barcode", Type: typeText})
			code["message"] = "${{ barcode_message ?? serial }}"
		}
	}
}

func (l *templateLoader) designField(field map[string]any) {
	key, _ := field["key"].(string)
	name := inputNameOf(key)
	value := field["value"]
	if s, _ := value.(string); name == "" || strings.Contains(s, "${{") {
		return
	}
	in := Input{Name: name, Label: name, Type: typeText, Default: value, Example: value}
	if label, _ := field["label"].(string); label != "" {
		in.Label = label
	}
	switch value.(type) {
	case int, float64:
		in.Type = typeNumber
	case string:
	default:
		return
	}
	l.designInput(in)
	field["value"] = fmt.Sprintf("${{ %s }}", name)
}

// designInput adds an input once: a key may stand in two styles.
func (l *templateLoader) designInput(in Input) {
	if !slices.ContainsFunc(l.template.Inputs, func(other Input) bool { return other.Name == in.Name }) {
		l.template.Inputs = append(l.template.Inputs, in)
	}
}

var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// inputNameOf is a field's key as the name of an input: memberName and
// MEMBER_NAME are member_name.
func inputNameOf(key string) string {
	spaced := lowerUpper.ReplaceAllString(key, "${1}_${2}")
	name := strings.Trim(notInName.ReplaceAllString(strings.ToLower(spaced), "_"), "_")
	if slices.Contains(reserved, name) {
		name += "_value"
	}
	if !inputName.MatchString(name) {
		return ""
	}
	return name
}

var lowerUpper = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// withoutIDs takes out the designer's bookkeeping, at every depth.
func withoutIDs(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "_id")
		for _, child := range v {
			withoutIDs(child)
		}
	case []any:
		for _, child := range v {
			withoutIDs(child)
		}
	}
}
