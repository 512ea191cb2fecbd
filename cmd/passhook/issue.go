package main

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/certificates"
)

type issueCmd struct {
	Template string   `arg:"" help:"The template's name: concert for templates/concert.pass."`
	Inputs   []string `arg:"" optional:"" name:"input" help:"The template's inputs, as holder=\"Ada Lovelace\"."`
	CSV      string   `name:"csv" help:"A table with a column for each input: one package for each row." placeholder:"FILE.csv"`
	To       string   `help:"Send the package to this address, through the project's mail server." placeholder:"ADDRESS"`
	Output   string   `short:"o" help:"The package to write; with --csv a folder for the packages, or FILE.pkpasses for bundles of ten." placeholder:"FILE.pkpass"`
}

// Run makes one signed package that no server knows of: nothing is stored, and
// a phone asks nobody for updates.
func (i issueCmd) Run(ctx context.Context, c terminal) error {
	with, err := i.inputs()
	if err != nil {
		return err
	}
	sections := []config.Section{config.Templates, config.Signing}
	switch {
	case i.CSV != "" && i.To != "":
		return wrongUse("--to sends one package; with --csv, the packages are written alone")
	case i.CSV != "" && len(with) > 0:
		return wrongUse("with --csv the inputs come from the table; take out name=value")
	case i.Output == "" && (i.To == "" || i.CSV != ""):
		return wrongUse("say where the package goes: -o FILE.pkpass writes it, --to ADDRESS sends it")
	case i.To != "":
		sections = append(sections, config.Mail)
	}
	cfg, err := c.load(config.Options{Sections: sections})
	if err != nil {
		return err
	}
	t, err := c.template(cfg, i.Template)
	if err != nil {
		return err
	}
	issue := issuer{template: t, url: cfg.URL}
	if i.CSV != "" {
		return c.issueTable(ctx, issue, i.CSV, i.Output)
	}
	made, err := issue.issue(with)
	if err != nil {
		return fmt.Errorf("template %s: %w", i.Template, err)
	}
	if i.Output != "" {
		if err := writeWhole(i.Output, made.pkg); err != nil {
			return err
		}
		fmt.Fprintln(c.Out, i.Output)
	}
	if i.To != "" {
		return c.mail(ctx, cfg, i.To, made)
	}
	return nil
}

// mail sends a package that no server knows of, and waits until the mail server
// has taken it.
func (c terminal) mail(ctx context.Context, cfg *config.Config, to string, made *made) error {
	if cfg.Mail == nil {
		return fmt.Errorf("%s has no mail section; --to needs one", cfg.File)
	}
	m, err := app.NewMailer(cfg)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	d := integrations.Delivery{
		ID: made.serial, Recipient: to, Subject: made.Subject, Intro: made.Intro, Created: time.Now(),
		Packages: []integrations.Package{{Serial: made.serial, Title: made.Title, Filename: made.name + ".pkpass", Bytes: made.pkg.Size(), Sign: func() (*passes.Package, error) { return made.pkg, nil }}},
	}
	for _, f := range made.Fields() {
		d.Packages[0].Fields = append(d.Packages[0].Fields, integrations.Field{Label: f.Label, Value: f.Value})
	}
	if err := errors.Join(m.Deliver(ctx, d), m.Close()); err != nil {
		return fmt.Errorf("to %s: %w", to, err)
	}
	fmt.Fprintf(c.Err, "sent to %s\n", to)
	return nil
}

// issuer makes packages of one template that no server knows of.
type issuer struct {
	template *passes.Template
	url      string
}

// made is a package with what is in it.
type made struct {
	serial string
	// name is that of its file in a mail, without .pkpass.
	name string
	*passes.Rendered
	pkg *passes.Package
}

// issue makes a package, with a serial number of its own.
func (i issuer) issue(with map[string]any) (*made, error) {
	checked, err := i.template.Check(with)
	if err != nil {
		return nil, err
	}
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return nil, err
	}
	p := passes.Pass{
		Serial: strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random)),
		Link:   i.url, Inputs: checked, Updated: time.Now(),
	}
	r, err := i.template.Render(p)
	if err == nil {
		err = r.Err()
	}
	if err != nil {
		return nil, err
	}
	pkg, err := i.template.Package(p, r, p.Updated)
	return &made{p.Serial, i.template.Name + "-" + p.Serial[:8], r, pkg}, err
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
func (c terminal) template(cfg *config.Config, name string) (*passes.Template, error) {
	keyring, found := certificates.Load(cfg.Signing, time.Now())
	if err := c.printProblems(cfg.Place(found.Under("signing"))); err != nil {
		return nil, err
	}
	return c.oneTemplate(cfg, name, keyring)
}

// oneTemplate loads one template, by its name or its folder; keyring is nil
// where nothing is signed.
func (c terminal) oneTemplate(cfg *config.Config, name string, keyring *certificates.Keyring) (*passes.Template, error) {
	if folder, is := isTemplate(name); is {
		elsewhere := *cfg
		elsewhere.Templates, name = filepath.Dir(name), folder
		cfg = &elsewhere
	}
	t, found := app.LoadTemplate(cfg, name, keyring)
	return t, c.printProblems(found)
}

// isTemplate reports whether a path is a template's folder, and its name.
func isTemplate(path string) (name string, is bool) {
	ext := filepath.Ext(path)
	info, err := os.Stat(path)
	return strings.TrimSuffix(filepath.Base(path), ext), err == nil && info.IsDir() && (ext == ".pass" || ext == ".pkpasstemplate")
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
