package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/passes/inspect"
)

type inspectCmd struct {
	Files []string `arg:"" name:"file" help:"Packages (.pkpass), bundles (.pkpasses), and folders: unsigned passes or templates."`
	Root  string   `help:"A root certificate to trust beside Apple's, as PEM or DER." placeholder:"FILE"`
	JSON  bool     `name:"json" help:"For programs."`
}

// Run says what is wrong with passes, and what to do. With --json it prints one
// object for each file.
func (i inspectCmd) Run(c terminal) error {
	o := inspect.Options{Now: time.Now()}
	if i.Root != "" {
		roots, err := readRoots(i.Root)
		if err != nil {
			return wrongUse("--root: " + err.Error())
		}
		o.Roots = roots
	}
	worst := exitGood
	unreadable := ""
	for n, name := range i.Files {
		r := inspectPath(name, o)
		r.File = name
		if worst = max(worst, r.Code()); r.Code() == exitWrongUse {
			unreadable = name
		}
		if err := i.print(c, r, n == 0); err != nil {
			return err
		}
	}
	switch worst {
	case exitGood:
		return nil
	case exitBadNews:
		return errSilent
	}
	return wrongUse(unreadable + " is no pass that can be read")
}

func (i inspectCmd) print(c terminal, r *inspect.Report, first bool) error {
	if i.JSON {
		return c.json(r)
	}
	if !first {
		fmt.Fprintln(c.Out)
	}
	return r.Write(c.Out)
}

// inspectPath inspects a file or a folder.
func inspectPath(name string, o inspect.Options) *inspect.Report {
	f, err := os.Open(name)
	if err != nil {
		return inspect.Missing(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return inspect.Missing(err)
	case info.IsDir():
		return inspect.Folder(os.DirFS(name), o)
	case !info.Mode().IsRegular():
		return inspect.Missing(errors.New("is no plain file"))
	}
	return inspect.File(f, info.Size(), o)
}

// readRoots reads certificates, as PEM or DER.
func readRoots(name string) ([]*x509.Certificate, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	content, found := certificates.Read(b, "")
	if len(found) > 0 {
		return nil, fmt.Errorf("%s: %s", name, found[0].Text)
	}
	if len(content.Certificates) == 0 {
		return nil, fmt.Errorf("%s holds no certificate", name)
	}
	return content.Certificates, nil
}
