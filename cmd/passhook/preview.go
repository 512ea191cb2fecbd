package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/passes/preview"
)

type previewCmd struct {
	Template string   `arg:"" help:"The template's name or folder, or a .pkpass file."`
	Inputs   []string `arg:"" optional:"" name:"input" help:"The template's inputs, as holder=\"Ada Lovelace\"; the others are their examples."`
	Output   string   `short:"o" required:"" help:"The picture to write." placeholder:"FILE.png"`
	Language string   `help:"The language of the phone, as de. Default: the project's locale." placeholder:"TAG"`
	Scale    int      `default:"2" help:"Pixels a point: 1, 2 or 3."`
	Front    bool     `help:"Only the front."`
}

// Run writes a picture of a pass. It needs no certificate.
func (p previewCmd) Run(_ context.Context, c terminal) error {
	if p.Scale < 1 || p.Scale > 3 {
		return wrongUse("--scale is 1, 2 or 3")
	}
	pass, err := p.pass(c)
	if err != nil {
		return err
	}
	draw := preview.Both
	if p.Front {
		draw = preview.Front
	}
	var img image.Image
	if img, err = draw(pass, preview.Options{Scale: p.Scale, Now: time.Now()}); err != nil {
		return fmt.Errorf("%s: %w", p.Template, err)
	}
	var b bytes.Buffer
	if err := preview.Encode(&b, img); err != nil {
		return err
	}
	if err := writeWhole(p.Output, &b); err != nil {
		return err
	}
	fmt.Fprintln(c.Out, p.Output)
	return nil
}

// pass reads a package, or fills in a template.
func (p previewCmd) pass(c terminal) (preview.Pass, error) {
	with, err := issueCmd{Inputs: p.Inputs}.inputs()
	if err != nil {
		return preview.Pass{}, err
	}
	if strings.EqualFold(filepath.Ext(p.Template), ".pkpass") {
		if len(with) > 0 {
			return preview.Pass{}, wrongUse("a package has its values already; take out name=value")
		}
		b, err := os.ReadFile(p.Template)
		if err != nil {
			return preview.Pass{}, err
		}
		pass, err := preview.Open(bytes.NewReader(b), int64(len(b)), p.Language)
		if err != nil {
			return preview.Pass{}, fmt.Errorf("%s %w", p.Template, err)
		}
		return pass, nil
	}
	cfg, err := c.load(config.Options{Sections: []config.Section{config.Templates}})
	if _, is := isTemplate(p.Template); is && errors.Is(err, fs.ErrNotExist) {
		cfg, err = &config.Config{Location: time.UTC}, nil // a folder needs no project
	}
	if err != nil {
		return preview.Pass{}, err
	}
	pass, err := p.rendered(c, cfg, with)
	pass.Language = cmp.Or(p.Language, cfg.Locale)
	return pass, err
}

// rendered is the template filled in with its examples, and with what is given.
func (p previewCmd) rendered(c terminal, cfg *config.Config, with map[string]any) (preview.Pass, error) {
	t, err := c.oneTemplate(cfg, p.Template, nil)
	if err != nil {
		return preview.Pass{}, err
	}
	pass, err := t.Sample(with)
	if err != nil {
		return preview.Pass{}, fmt.Errorf("template %s: %w", p.Template, err)
	}
	pass.Link, pass.Updated = cmp.Or(cfg.URL, pass.Link), time.Now()
	r, err := t.Render(pass)
	if err != nil {
		return preview.Pass{}, fmt.Errorf("template %s: %w", p.Template, err)
	}
	return preview.Pass{JSON: r.JSON, Files: t.Files()}, nil
}
