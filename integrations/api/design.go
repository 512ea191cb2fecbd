package api

import (
	"bytes"
	"embed"
	"encoding/json"
	"io/fs"
	"testing/fstest"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/problems"
)

// Template is the name of the template of passes that are asked for by their
// fields.
const Template = bot.OwnTemplates + "api"

//go:embed design
var design embed.FS

// LoadTemplate loads the template of passes without one.
func (c Config) LoadTemplate(s passes.Settings) (*passes.Template, problems.List) {
	files := fstest.MapFS{}
	for _, name := range []string{"pass.json", "template.yaml", "icon.png"} {
		b, err := fs.ReadFile(design, "design/"+name)
		if err != nil {
			return nil, problems.List{{Text: err.Error()}}
		}
		if name == "pass.json" && c.PassType != "" {
			quoted, err := json.Marshal(c.PassType)
			if err != nil {
				return nil, problems.List{{Text: err.Error()}}
			}
			b = bytes.Replace(b, []byte("{"), []byte(`{"passTypeIdentifier": `+string(quoted)+`, `), 1)
		}
		files[Template+".pass/"+name] = &fstest.MapFile{Data: b}
	}
	t, found := passes.LoadTemplate(files, "api", Template, s)
	if found.Err() != nil {
		return nil, problems.List{problems.At("pass_type", "passes without a template cannot be made: %v; name the pass type identifier of one of the certificates", found.Err())}
	}
	return t, nil
}

// preset is a ground with what stands on it.
type preset struct{ ground, text, label string }

// presets are the colours that colorPreset names.
var presets = map[string]preset{
	"dark":   {"rgb(24, 24, 27)", white, "rgb(161, 161, 170)"},
	"blue":   {"rgb(30, 64, 175)", white, "rgb(191, 219, 254)"},
	"green":  {"rgb(22, 101, 52)", white, "rgb(187, 247, 208)"},
	"red":    {"rgb(153, 27, 27)", white, "rgb(254, 202, 202)"},
	"purple": {"rgb(91, 33, 182)", white, "rgb(221, 214, 254)"},
	"orange": {"rgb(154, 52, 18)", white, "rgb(254, 215, 170)"},
}

const (
	white = "rgb(255, 255, 255)"
	black = "rgb(17, 17, 17)"
)

// on is what is readable on a ground of any colour, by its relative luminance
// (WCAG 2.2).
func on(r, g, b uint8) preset {
	out := preset{ground: rgb(r, g, b), text: white, label: mixed(r, g, b, 255, 0.75)}
	if luminance(r, g, b) > 0.36 {
		out.text, out.label = black, mixed(r, g, b, 17, 0.75)
	}
	return out
}
