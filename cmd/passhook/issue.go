package main

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
)

type issueCmd struct {
	Template string   `arg:"" help:"The template's name: concert for templates/concert.pass."`
	Inputs   []string `arg:"" optional:"" name:"input" help:"The template's inputs, as holder=\"Ada Lovelace\"."`
	Output   string   `short:"o" required:"" help:"The package to write." placeholder:"FILE.pkpass"`
}

// Run makes one signed package that no server knows of: nothing is stored, and
// a phone asks nobody for updates.
func (i issueCmd) Run(_ context.Context, c console) error {
	with, err := i.inputs()
	if err != nil {
		return err
	}
	cfg, err := c.load(config.Options{Sections: []config.Section{config.Templates, config.Signing}})
	if err != nil {
		return err
	}
	t, err := c.template(cfg, i.Template)
	if err != nil {
		return err
	}
	checked, err := t.Check(with)
	if err != nil {
		return fmt.Errorf("template %s: %w", i.Template, err)
	}
	serial := make([]byte, 16)
	if _, err := rand.Read(serial); err != nil {
		return err
	}
	p := passes.Pass{
		Serial: strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(serial)),
		Link:   cfg.URL, Inputs: checked, Updated: time.Now(),
	}
	r, err := t.Render(p)
	if err != nil {
		return fmt.Errorf("template %s: %w", i.Template, err)
	}
	pkg, err := t.Package(p, r)
	if err != nil {
		return err
	}
	if err := writeWhole(i.Output, pkg); err != nil {
		return err
	}
	fmt.Fprintln(c.Out, i.Output)
	return nil
}

// inputs reads the name=value arguments.
func (i issueCmd) inputs() (map[string]any, error) {
	with := map[string]any{}
	for _, arg := range i.Inputs {
		name, value, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return nil, wrongUse(fmt.Sprintf("%s is no input; write it as name=value", arg))
		}
		if _, twice := with[name]; twice {
			return nil, wrongUse(name + " is given twice")
		}
		with[name] = value
	}
	return with, nil
}

// template loads one template with its certificate.
func (c console) template(cfg *config.Config, name string) (*passes.Template, error) {
	keyring, found := certificates.Load(cfg.Signing, time.Now())
	if err := c.tell(cfg.Place(found.Under("signing"))); err != nil {
		return nil, err
	}
	all, found := passes.LoadTemplates(os.DirFS(cfg.Templates), display(cfg), settings(cfg, keyring))
	if all[name] == nil {
		if len(all) == 0 {
			return nil, fmt.Errorf("there is no template in %s", display(cfg))
		}
		return nil, fmt.Errorf("there is no template %s; there is %s", name, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
	}
	// Mistakes in the other templates do not matter here.
	found = slices.DeleteFunc(found, func(p problems.Problem) bool { return !strings.Contains(p.File, name+".pass") })
	return all[name], c.tell(found)
}

// writeWhole writes a file so that it is never there half done.
func writeWhole(name string, from io.WriterTo) error {
	part := name + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the user names the file
	if err != nil {
		return err
	}
	if _, err = from.WriteTo(f); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return os.Rename(part, name)
}
