package inspect

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/passhook/passhook/passes/schema"
	"github.com/passhook/passhook/problems"
)

// Code is how the program ends: 0 where an iPhone accepts everything, 1 where it
// refuses something, 2 where the file is no pass at all.
func (r *Report) Code() int {
	switch {
	case r.Kind == KindUnreadable:
		return 2
	case r.errors() > 0:
		return 1
	}
	return 0
}

func (r *Report) errors() int {
	n := len(r.Findings.Errors())
	for _, p := range r.Passes {
		n += len(p.Findings.Errors())
	}
	return n
}

// finish sorts, fills in what JSON shows as lists, and writes the verdict.
func (r *Report) finish() *Report {
	if r.Findings == nil {
		r.Findings = problems.List{}
	}
	if r.Passes == nil {
		r.Passes = []*Pass{}
	}
	r.Findings.SortBySeverity()
	for _, p := range r.Passes {
		if p.Findings == nil {
			p.Findings = problems.List{}
		}
	}
	r.Verdict = r.verdict()
	return r
}

func (r *Report) verdict() string {
	n := r.errors()
	switch {
	case r.Kind == KindUnreadable:
		return "This is no pass."
	case r.Kind == KindBundle && n == 0:
		return fmt.Sprintf("An iPhone accepts this bundle of %s.", plural(len(r.Passes), "pass", "passes"))
	case r.Kind == KindBundle:
		return fmt.Sprintf("An iPhone refuses this bundle, or passes of it: %s.", plural(n, "error", "errors"))
	case r.Kind == KindPass && n == 0:
		return "An iPhone accepts this pass."
	case r.Kind == KindPass:
		return fmt.Sprintf("An iPhone refuses this pass: %s.", plural(n, "error", "errors"))
	case n == 0:
		return fmt.Sprintf("An iPhone accepts what this %s makes, once it is signed.", r.Kind)
	}
	return fmt.Sprintf("An iPhone refuses what this %s makes: %s.", r.Kind, plural(n, "error", "errors"))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Write prints the report for people.
func (r *Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", printable(r.File), r.Verdict)
	writeFindings(&b, r.Findings)
	for _, p := range r.Passes {
		p.write(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// write prints what the pass is, what was found, and what each iOS shows.
func (p *Pass) write(b *strings.Builder) {
	b.WriteByte('\n')
	if p.File != "" {
		fmt.Fprintf(b, "%s\n", p.File)
	}
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "  %-12s %s\n", name, printable(value))
		}
	}
	row("pass", p.Description)
	row("from", p.Organization)
	row("style", p.Style)
	row("pass type", p.PassType)
	row("serial", p.Serial)
	if c := p.Certificate; c != nil {
		row("certificate", fmt.Sprintf("%s, issued by %s, until %s", c.Name, c.Issuer, day(c.NotAfter)))
	}
	if p.SignedAt != nil {
		row("signed", p.SignedAt.UTC().Format("2006-01-02 15:04:05")+" UTC")
	}
	writeFindings(b, p.Findings)
	writeTimeline(b, p.Timeline)
}

// writeFindings prints the worst first, as they are sorted.
func writeFindings(b *strings.Builder, list problems.List) {
	for i, f := range list {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "%s %s: %s\n", f.Severity, printable(cmp.Or(f.Place(), "package")), printable(f.Text))
		for _, more := range []string{f.Effect, f.Fix} {
			if more != "" {
				fmt.Fprintf(b, "    %s\n", printable(more))
			}
		}
	}
}

func writeTimeline(b *strings.Builder, list []schema.IOS) {
	for i, ios := range list {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "  iOS %-3d %s", ios.Version, cmp.Or(printable(ios.Scheme), "refuses it"))
		if ios.Barcode != "" {
			fmt.Fprintf(b, ", %s", printable(strings.TrimPrefix(ios.Barcode, "PKBarcodeFormat")))
		}
		if n := len(ios.Ignored); n > 0 {
			fmt.Fprintf(b, "; does not know %s", printable(strings.Join(ios.Ignored[:min(n, 5)], ", ")))
			if n > 5 {
				fmt.Fprintf(b, " and %d more", n-5)
			}
		}
		for _, note := range ios.Notes {
			fmt.Fprintf(b, "; %s", printable(note))
		}
		b.WriteByte('\n')
	}
}

// printable is text from a pass that can do nothing to a terminal, on one line
// and not too long.
func printable(s string) string {
	const most = 400
	cut := false
	if len(s) > most {
		s, cut = strings.ToValidUTF8(s[:most], ""), true
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return '�'
		}
		return r
	}, s)
	if cut {
		s += " …"
	}
	return s
}
