package inspect

import (
	"cmp"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/passhook/passhook/problems"
)

// junk are files that systems leave in folders.
var junk = map[string]string{
	".DS_Store": "macOS", "__MACOSX": "macOS", "Thumbs.db": "Windows", "desktop.ini": "Windows",
	".git": "git", ".gitignore": "git", ".gitkeep": "git",
}

// badName says why an entry's name is refused, empty where it is not.
func badName(name string) string {
	switch {
	case name == "":
		return "has no name"
	case strings.ContainsRune(name, 0):
		return "has a NUL byte in its name"
	case strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return "has a control character in its name"
	case !utf8.ValidString(name):
		return "has a name that is no UTF-8"
	case strings.Contains(name, `\`):
		return "has a backslash in its name; folders are parted by /"
	case path.IsAbs(name) || len(name) > 1 && name[1] == ':':
		return "has an absolute name"
	case strings.Contains("/"+name+"/", "/../"):
		return "leads out of the package with .."
	case path.Clean(name) != strings.TrimSuffix(name, "/"):
		return "has a name with empty parts"
	case len(name) > 255:
		return "has a name of more than 255 bytes"
	}
	return ""
}

// safe is a name as it may be printed.
func safe(name string) string {
	if badName(name) == "" {
		return name
	}
	quoted := fmt.Sprintf("%q", name[:min(len(name), 100)])
	return strings.Trim(quoted, `"`)
}

// checkNames looks at the names of all entries, folders included.
func checkNames(names []string) problems.List {
	var found problems.List
	add := func(s problems.Severity, rule, file, text, effect, fix string) {
		found = append(found, finding(s, rule, safe(file), text, effect, fix))
	}
	seen, folded, junked := map[string]bool{}, map[string]string{}, map[string]bool{}
	for _, name := range names {
		if bad := badName(name); bad != "" {
			add(problems.Error, "entry-name", name, bad, refused, "make the package anew, with plain names")
			continue
		}
		fold := strings.ToLower(name)
		switch other := folded[fold]; {
		case seen[name]:
			add(problems.Error, "entry-duplicate", name, "stands in the package twice",
				"which of them an iPhone takes is not certain", "make the package anew")
		case other != "":
			add(problems.Warning, "entry-case", name, "differs from "+other+" by upper and lower case only",
				"which of them an iPhone takes is not certain", "keep one")
		}
		seen[name], folded[fold] = true, cmp.Or(folded[fold], name)
		first, _, _ := strings.Cut(name, "/")
		for _, part := range []string{first, path.Base(name)} {
			if system := junk[part]; system != "" && !junked[part] {
				junked[part] = true
				add(problems.Warning, "entry-junk", part, "was left there by "+system,
					"it is of no use, and an error where manifest.json does not name it",
					`leave it out: zip -X -r pass.pkpass . -x '.*' -x '__MACOSX/*'`)
			}
		}
	}
	return found
}

// topFolder is the one folder that everything stands in, empty where pass.json
// stands where it belongs.
func topFolder(names []string) string {
	var top string
	for _, name := range names {
		first, rest, _ := strings.Cut(name, "/")
		if name == passFile {
			return ""
		}
		if rest == passFile && first != "__MACOSX" {
			top = first
		}
	}
	return top
}
