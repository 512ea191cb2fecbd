package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
)

type certsShowCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"Any .p12, .pem, .cer, .key or .csr. Default: the signing section of the config."`
	JSON  bool     `name:"json" help:"For programs."`
}

// Run says what is installed, or what is in the files.
func (s certsShowCmd) Run(_ context.Context, c terminal) error {
	now := time.Now()
	list, err := s.list(c, now)
	if err != nil {
		return err
	}
	if s.JSON {
		for i := range list {
			list[i].Problems = append(problems.List{}, list[i].Problems...) // never null
		}
		err = c.json(list)
	} else {
		for i, one := range list {
			if i > 0 {
				fmt.Fprintln(c.Out)
			}
			fmt.Fprintf(c.Out, "%s: %s\n", one.Where, one.Kind)
			err = errors.Join(err, c.table(one.rows()))
		}
	}
	for _, one := range list {
		if err == nil && (one.Problems.Err() != nil || one.Days != nil && (now.After(one.Until) || now.Before(one.From))) {
			err = errSilent // it stands in the table
		}
	}
	return err
}

func (s certsShowCmd) list(c terminal, now time.Time) ([]shown, error) {
	if len(s.Files) > 0 {
		return c.showFiles(s.Files, now), nil
	}
	cfg, err := c.load(config.Options{Sections: []config.Section{config.Signing}})
	if err != nil {
		return nil, err
	}
	var out []shown
	for i, entry := range cfg.Signing {
		e := certificates.Examine(entry, now)
		one := describe(fmt.Sprintf("signing[%d]", i), e, now)
		one.Problems = cfg.Place(e.Problems.Under(one.Where))
		out = append(out, one)
	}
	return out, nil
}

// showFiles describes files. What belongs together may be in different ones: a
// key beside its certificate, an issuer among the others.
func (c terminal) showFiles(names []string, now time.Time) []shown {
	password := c.certificatePassword()
	read := make([]certificates.Content, len(names))
	unreadable := make([]problems.List, len(names))
	var issuers []*x509.Certificate
	var folders []string
	for i, name := range names {
		var err error
		if read[i], err = c.readCertificates(name, password); err != nil && !errors.As(err, &unreadable[i]) {
			unreadable[i] = problems.List{{Text: err.Error()}}
		}
		for _, cert := range read[i].Certificates {
			if cert.IsCA {
				issuers = append(issuers, cert)
			}
		}
		folders = append(folders, filepath.Dir(name))
	}
	slices.Sort(folders)
	keys := c.keysNear(slices.Compact(folders), password)
	var out []shown
	for i, name := range names {
		switch content := read[i]; {
		case unreadable[i] != nil:
			out = append(out, shown{Where: name, Kind: "unreadable", Problems: unreadable[i]})
		case len(content.Certificates) == 0 && len(content.Requests) > 0:
			out = append(out, describeRequest(name, content.Requests[0]))
		case len(content.Certificates) == 0 && content.Key != nil:
			out = append(out, shown{Where: name, Kind: "private key", Key: keyText(content.Key.Public())})
		case len(content.Certificates) == 1 && content.Certificates[0].IsCA:
			out = append(out, describeIssuer(name, content.Certificates[0], now))
		default:
			out = append(out, describeLeaf(name, content, keys, issuers, now))
		}
		if text := certificates.Exposed(c.in(name), name); text != "" && read[i].Key != nil {
			out[i].Problems = append(out[i].Problems, problems.Problem{File: name, Text: text, Severity: problems.Warning})
		}
	}
	return out
}

// describeLeaf describes a certificate with the key that lies beside it.
func describeLeaf(
	name string, content certificates.Content, keys map[string]certificates.Content,
	issuers []*x509.Certificate, now time.Time,
) shown {
	beside := ""
	leaf := passCertificate(content.Certificates)
	for file, near := range keys {
		if content.Key == nil && leaf != nil && near.Fits(leaf) {
			content.Key, beside = near.Key, file
		}
	}
	content.Certificates = append(content.Certificates, issuers...)
	e := certificates.Check(content, now)
	out := describe(name, e, now)
	if beside != "" {
		out.Key += ", in " + beside
	}
	for _, p := range e.Problems {
		p.File, p.Path = name, ""
		out.Problems = append(out.Problems, p)
	}
	return out
}
