package inspect

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/passhook/passhook/problems"
)

// checkArchive is what can be wrong with an archive as a whole.
func checkArchive(a *archive) problems.List {
	var found problems.List
	add := func(s problems.Severity, rule, text, effect, fix string) {
		found = append(found, finding(s, rule, "", text, effect, fix))
	}
	if a.more {
		add(problems.Error, "archive-entries",
			fmt.Sprintf("says it has %d entries; only the first %d are looked at", a.count, len(a.entries)),
			"an iPhone may refuse the pass", "a pass has some twenty files: leave the rest out")
	}
	if a.zip64 {
		add(problems.Warning, "archive-zip64", "is a ZIP64 archive, which a pass need not be",
			"an iPhone may refuse the pass", "make it with a plain zip")
	}
	if a.before > 0 {
		add(problems.Warning, "archive-around", fmt.Sprintf("%d bytes stand before the archive", a.before),
			"an iPhone may refuse the pass", "take them out: a server may have printed something before the file")
	}
	if a.after > 0 {
		add(problems.Warning, "archive-around", fmt.Sprintf("%d bytes stand after the archive", a.after),
			"an iPhone may refuse the pass", "take them out: a server may have printed something after the file")
	}
	return found
}

// checkEntry says why an entry is not read, empty where it is.
func checkEntry(a *archive, e zipEntry) problems.Problem {
	no := func(rule, text, fix string) problems.Problem {
		return finding(problems.Error, rule, safe(e.name), text, refused, fix)
	}
	switch {
	case e.flags&flagEncrypted != 0:
		return no("entry-encrypted", "is encrypted", "make the package without a password")
	case e.symlink:
		return no("entry-link", "is a link to another file", "put the file itself there")
	case e.method != stored && e.method != deflated:
		return no("entry-method",
			fmt.Sprintf("is packed with method %d; a pass has stored (0) and deflated (8) files", e.method),
			"make the package with a plain zip")
	case e.method == stored && e.packed != e.inflated:
		return no("entry-size", fmt.Sprintf("is stored, and has %d bytes packed and %d unpacked", e.packed, e.inflated),
			"make the package anew")
	case e.inflated > 1<<20 && e.inflated/maxRatio > e.packed:
		return no("entry-bomb",
			fmt.Sprintf("has %d bytes packed and %d unpacked, which no file of a pass has", e.packed, e.inflated),
			"make the package anew")
	}
	if _, local, err := a.data(e); err != nil {
		return no("entry-unreadable", err.Error(), "make the package anew")
	} else if local != e.name {
		return no("entry-name", fmt.Sprintf("has another name where it begins: %s", safe(local)),
			"make the package anew")
	}
	return problems.Problem{}
}

// collect reads the files of an archive. A folder that everything stands in is
// left out of the names.
func collect(a *archive, c *collection) {
	names := make([]string, len(a.entries))
	for i, e := range a.entries {
		names[i] = e.name
	}
	c.found = append(c.found, checkArchive(a)...)
	c.found = append(c.found, checkNames(names)...)
	top := topFolder(names)
	if top != "" {
		c.err("archive-folder", safe(top),
			"everything stands in a folder; pass.json must stand at the top of the archive", refused,
			"pack the folder's content, not the folder: cd "+safe(top)+" && zip -r ../pass.pkpass .")
	}
	for _, e := range a.entries {
		name := e.name
		if top != "" {
			name = strings.TrimPrefix(name, top+"/")
		}
		if e.folder() || name == "" || badName(e.name) != "" || c.files[name] != nil {
			continue
		}
		if f := checkEntry(a, e); f.Rule != "" {
			c.found = append(c.found, f)
			c.files[name] = &file{name: name, unread: true}
			c.names = append(c.names, name)
			continue
		}
		c.add(name, e.inflated, func(w io.Writer) error { return a.read(e, w) })
	}
}

// nested are the packages in an archive: those of a bundle.
func (a *archive) nested() []zipEntry {
	var out []zipEntry
	for _, e := range a.entries {
		if e.name == passFile {
			return nil
		}
		if strings.HasSuffix(strings.ToLower(e.name), ".pkpass") && !strings.HasPrefix(e.name, "__MACOSX/") {
			out = append(out, e)
		}
	}
	return out
}

var errNested = errors.New("is too large to be looked at")
