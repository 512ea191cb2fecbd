package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/problems"
)

// tableRow is one row of a table: the inputs of one pass.
type tableRow struct {
	line int
	with map[string]any
	// id tells the row from all others, wherever it stands in the table.
	id string
}

// issueTable makes a package for each row of a CSV file.
func (c terminal) issueTable(ctx context.Context, issue issuer, file, output string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	rows, err := readTable(file, b, issue.template)
	if err != nil {
		return err
	}
	if strings.HasSuffix(output, ".pkpasses") {
		return c.issueBundles(ctx, issue, file, rows, output)
	}
	done, err := openLedger(output)
	if err != nil {
		return err
	}
	todo := slices.DeleteFunc(slices.Clone(rows), func(r tableRow) bool { return done.has(r.id) })
	if n := len(rows) - len(todo); n > 0 {
		fmt.Fprintf(c.Err, "%d of %d passes are there already; %s says which\n",
			n, len(rows), filepath.Join(output, ledgerName))
	}
	failed, err := c.eachRow(ctx, todo, func(r tableRow) error {
		made, err := issue.issue(r.with)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s-%s.pkpass", issue.template.Name, made.serial)
		if err := writeWhole(filepath.Join(done.dir, name), made.pkg); err != nil {
			return err
		}
		return done.add(r, made.serial, name)
	})
	if err := errors.Join(err, done.Close()); err != nil {
		return err
	}
	fmt.Fprintln(c.Out, output)
	return c.tellRows(file, len(rows), failed)
}

// issueBundles writes all rows into bundles, or nothing where one fails.
func (c terminal) issueBundles(ctx context.Context, issue issuer, file string, rows []tableRow, output string) error {
	packages := make([]*passes.Package, len(rows))
	at := map[string]int{}
	for i, r := range rows {
		at[r.id] = i
	}
	failed, err := c.eachRow(ctx, rows, func(r tableRow) error {
		made, err := issue.issue(r.with)
		if err == nil {
			packages[at[r.id]] = made.pkg
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(failed) > 0 {
		return c.tellRows(file, len(rows), failed)
	}
	all := passes.Bundles(packages)
	for i, bundle := range all {
		name := output
		if len(all) > 1 {
			name = fmt.Sprintf("%s-%d.pkpasses", strings.TrimSuffix(output, ".pkpasses"), i+1)
		}
		if err := writeWhole(name, bundled(bundle)); err != nil {
			return err
		}
		fmt.Fprintln(c.Out, name)
	}
	return nil
}

// bundled is a bundle that writes itself.
type bundled []*passes.Package

// WriteTo does not count: nobody asks.
func (b bundled) WriteTo(w io.Writer) (int64, error) { return 0, passes.WriteBundle(w, b) }

// failedRow is why a row has no pass.
type failedRow struct {
	line int
	err  error
}

// eachRow does all rows, on all processors, and says how far it is where
// somebody looks. It ends early only when it is stopped.
func (c terminal) eachRow(ctx context.Context, rows []tableRow, do func(tableRow) error) ([]failedRow, error) {
	line := progressLine{w: io.Discard, all: len(rows)}
	if f, ok := c.Err.(*os.File); ok && isTerminal(f) {
		line.w = f
	}
	defer line.end()
	var mu sync.Mutex
	var failed []failedRow
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, r := range rows {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			err := do(r)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = append(failed, failedRow{r.line, err})
			}
			line.step()
			return nil
		})
	}
	_ = g.Wait() // rows tell their own errors
	if ctx.Err() != nil {
		return nil, errors.New("stopped; run it again to go on where it stopped")
	}
	slices.SortFunc(failed, func(a, b failedRow) int { return a.line - b.line })
	return failed, nil
}

// progressLine says on one line how many rows are done, at each percent.
type progressLine struct {
	w         io.Writer
	done, all int
}

func (p *progressLine) step() {
	p.done++
	if p.done*100/p.all != (p.done-1)*100/p.all {
		fmt.Fprintf(p.w, "\r%d of %d rows", p.done, p.all)
	}
}

func (p *progressLine) end() {
	if p.done > 0 {
		fmt.Fprintln(p.w)
	}
}

func (c terminal) tellRows(file string, all int, failed []failedRow) error {
	var found problems.List
	for _, f := range failed {
		found = append(found, problems.Problem{File: file, Line: f.line, Column: 1, Text: f.err.Error()})
	}
	for _, p := range found {
		fmt.Fprintln(c.Err, p)
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d rows have no pass; mend them and run it again: what is done stays as it is",
			len(failed), all)
	}
	return nil
}

// readTable reads the rows. Its first row names the inputs.
func readTable(file string, b []byte, t *passes.Template) ([]tableRow, error) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(b, 0) >= 0 {
		return nil, fmt.Errorf("%s: is not text in UTF-8; save it as CSV UTF-8", file)
	}
	r := csv.NewReader(bytes.NewReader(b))
	first, _, _ := bytes.Cut(b, []byte("\n"))
	if bytes.Contains(first, []byte(";")) && !bytes.Contains(first, []byte(",")) {
		r.Comma = ';' // as spreadsheets write it where the comma is in numbers
	}
	head, err := r.Read()
	if err != nil {
		return nil, tableError(file, err)
	}
	if err := checkHead(file, head, t); err != nil {
		return nil, err
	}
	var rows []tableRow
	seen := map[string]int{}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, tableError(file, err)
		}
		line, _ := r.FieldPos(0)
		row := tableRow{line: line, with: map[string]any{}}
		for i, v := range record {
			if v != "" {
				row.with[head[i]] = v
			}
		}
		row.id = rowID(t.Name, row.with, seen)
		rows = append(rows, row)
	}
}

func tableError(file string, err error) error {
	var p *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s: is empty; its first row names the template's inputs", file)
	case errors.As(err, &p):
		return fmt.Errorf("%s:%d:%d: %w", file, p.Line, p.Column, p.Err)
	}
	return fmt.Errorf("%s: %w", file, err)
}

func checkHead(file string, head []string, t *passes.Template) error {
	var names []string
	for _, in := range t.Inputs {
		names = append(names, in.Name)
	}
	seen := map[string]bool{}
	for i, name := range head {
		name = strings.TrimSpace(name)
		head[i] = name
		switch near := problems.Nearest(name, names); {
		case seen[name]:
			return fmt.Errorf("%s:1: column %s is there twice", file, name)
		case slices.Contains(names, name):
		case near != "":
			return fmt.Errorf("%s:1: column %s is no input of template %s; did you mean %s?", file, name, t.Name, near)
		default:
			return fmt.Errorf("%s:1: column %s is no input of template %s; it has %s",
				file, name, t.Name, strings.Join(names, ", "))
		}
		seen[name] = true
	}
	for _, in := range t.Inputs {
		if in.Required && in.Default == nil && !seen[in.Name] {
			return fmt.Errorf("%s:1: there is no column %s, which template %s requires", file, in.Name, t.Name)
		}
	}
	return nil
}
