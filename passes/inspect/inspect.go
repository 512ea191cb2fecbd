// Package inspect says what is wrong with a pass, whoever made it: a .pkpass, a
// bundle, an unsigned folder or a template. It trusts nothing in it: every file
// is read within limits, and nothing is written.
package inspect

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/passhook/passhook/problems"
)

// Options of an inspection.
type Options struct {
	// Roots are trusted beside Apple's.
	Roots []*x509.Certificate
	// Now is compared with dates.
	Now time.Time
}

// Kinds of what was inspected.
const (
	KindPass     = "pass"
	KindBundle   = "bundle"
	KindFolder   = "folder"
	KindTemplate = "template"
	// KindUnreadable is none of them.
	KindUnreadable = "unreadable"
)

// Report is what was found out about one file or folder.
type Report struct {
	// File is its name, which the caller fills in.
	File string `json:"file"`
	Kind string `json:"kind"`
	// Verdict is the result in a sentence.
	Verdict string `json:"verdict"`
	// Findings are about the file as a whole: a bundle, or what is no pass.
	Findings problems.List `json:"findings"`
	// Passes is one pass, those of a bundle, or none.
	Passes []*Pass `json:"passes"`
}

// Limits of a bundle.
// https://developer.apple.com/documentation/walletpasses/distributing-and-updating-a-pass
const (
	bundlePasses = 10
	bundleBytes  = 150 << 20
	// maxBundle is how many passes of a bundle are looked at.
	maxBundle = 100
	// maxBundleInflated is how much is read of all passes of a bundle, in bytes.
	maxBundleInflated = 200 << 20
)

// File inspects a .pkpass or a .pkpasses of a size in bytes.
func File(r io.ReaderAt, size int64, o Options) *Report {
	a, err := openArchive(r, size)
	if err != nil && (a == nil || len(a.entries) == 0) {
		return unreadable(r, size, err)
	}
	report := &Report{Kind: KindPass}
	if inner := a.nested(); inner != nil {
		report.bundle(a, inner, o)
	} else {
		c := newCollection(&bytes.Buffer{})
		if err != nil {
			c.err("archive-directory", "", err.Error(), refused, "make the package anew")
		}
		report.Passes = []*Pass{inspectArchive(a, c, o)}
	}
	return report.finish()
}

// unreadable is the report of a file that is no archive.
func unreadable(r io.ReaderAt, size int64, err error) *Report {
	what, fix := err.Error(), "make the package anew"
	if errors.Is(err, errNoZip) {
		what, fix = sniff(r, size)
	}
	return noPass("no-archive", what, "an iPhone shows nothing, or that the file cannot be opened", fix)
}

// Missing is the report of a file that cannot be opened.
func Missing(err error) *Report {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return noPass("no-file", "cannot be read: "+err.Error(), "", "name a .pkpass, a .pkpasses or a folder with a pass.json")
}

// noPass is the report of what is no pass at all.
func noPass(rule, text, effect, fix string) *Report {
	list := problems.List{finding(problems.Error, rule, "", text, effect, fix)}
	return (&Report{Kind: KindUnreadable, Findings: list}).finish()
}

// finding is what is wrong with one file; empty is the package itself.
func finding(s problems.Severity, rule, file, text, effect, fix string) problems.Problem {
	return problems.Problem{Severity: s, Rule: rule, File: file, Text: text, Effect: effect, Fix: fix}
}

func inspectArchive(a *archive, c *collection, o Options) *Pass {
	p := &pass{Options: o, collection: c, report: &Pass{}}
	collect(a, c)
	return p.check()
}

// bundle inspects the passes of a .pkpasses, one level deep.
func (r *Report) bundle(a *archive, inner []zipEntry, o Options) {
	r.Kind = KindBundle
	add := func(s problems.Severity, rule, file, text, effect, fix string) {
		r.Findings = append(r.Findings, finding(s, rule, file, text, effect, fix))
	}
	names := make([]string, len(a.entries))
	for i, e := range a.entries {
		names[i] = e.name
	}
	r.Findings = append(checkArchive(a), checkNames(names)...)
	if len(inner) > bundlePasses {
		add(problems.Warning, "bundle-count", "",
			fmt.Sprintf("has %d passes; the most is %d", len(inner), bundlePasses),
			"Safari adds none of them", "make several bundles")
	}
	if a.size > bundleBytes {
		add(problems.Warning, "bundle-size", "", fmt.Sprintf("has %d MB; the most is %d", a.size>>20, bundleBytes>>20),
			"Safari adds none of them", "make several bundles")
	}
	for _, name := range names {
		if e := (zipEntry{name: name}); !e.folder() && !contains(inner, name) && junk[name] == "" {
			add(problems.Warning, "bundle-other", safe(name), "is no pass", "", "a bundle has passes only: take it out")
		}
	}
	if len(inner) > maxBundle {
		inner = inner[:maxBundle]
	}
	seen := map[string]string{}
	left := int64(maxBundleInflated)
	var scratch scratches
	for _, e := range inner {
		p, read := nested(a, e, o, &scratch, min(left, maxInflated))
		left = max(0, left-read)
		p.File = safe(e.name)
		r.Passes = append(r.Passes, p)
		if p.Serial == "" {
			continue
		}
		key := p.PassType + "\x00" + p.Serial
		if other := seen[key]; other != "" {
			add(problems.Warning, "bundle-duplicate", p.File, "has the serial number and pass type of "+other,
				"only one of them stays on the iPhone", "give each pass a serial number of its own")
		}
		seen[key] = cmp.Or(seen[key], p.File)
	}
}

func contains(list []zipEntry, name string) bool {
	for _, e := range list {
		if e.name == name {
			return true
		}
	}
	return false
}

// scratches are used for one pass of a bundle after the other.
type scratches struct{ nested, files bytes.Buffer }

// nested inspects one pass of a bundle, which it unpacks into scratch. It reads
// most bytes of its files, and says how many it read.
func nested(a *archive, e zipEntry, o Options, scratch *scratches, most int64) (p *Pass, read int64) {
	bad := func(f problems.Problem) (*Pass, int64) {
		f.File = ""
		return &Pass{Findings: problems.List{f}}, 0
	}
	if f := checkEntry(a, e); f.Rule != "" {
		return bad(f)
	}
	var r io.ReaderAt
	if at, _, err := a.data(e); err == nil && e.method == stored {
		r = io.NewSectionReader(a.r, at, e.packed)
	} else {
		scratch.nested.Reset()
		err := errNested
		if e.inflated <= maxNested {
			scratch.nested.Grow(int(e.inflated))
			err = a.read(e, &scratch.nested)
		}
		if err != nil {
			return bad(finding(problems.Error, "entry-unreadable", "", err.Error(), refused, "make the bundle anew"))
		}
		r = bytes.NewReader(scratch.nested.Bytes())
	}
	in, err := openArchive(r, e.inflated)
	if err != nil && (in == nil || len(in.entries) == 0) {
		return bad(unreadable(r, e.inflated, err).Findings[0])
	}
	c := newCollection(&scratch.files)
	c.most = most
	if err != nil {
		c.err("archive-directory", "", err.Error(), refused, "make the package anew")
	}
	return inspectArchive(in, c, o), min(c.total, most)
}
