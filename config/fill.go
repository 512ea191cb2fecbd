package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
)

// maxFile is the most that file:PATH reads, in bytes.
const maxFile = 1 << 20

var reference = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// fault is a reference that cannot be filled in, at a byte of the value.
type fault struct {
	at   int
	text string
}

// expand replaces ${NAME} by what lookup says, and $$ by $. Expressions in
// ${{ }} and the mark $${{, which is a literal ${{ to them, stay as they are.
// What a variable holds is not looked at again.
func expand(s string, lookup func(string) (string, bool)) (string, []fault) {
	var out strings.Builder
	var faults []fault
	for i := 0; i < len(s); {
		rest := s[i:]
		switch {
		case strings.HasPrefix(rest, "$${{"):
			out.WriteString("$${{")
			i += len("$${{")
		case strings.HasPrefix(rest, "$$"):
			out.WriteByte('$')
			i += len("$$")
		case strings.HasPrefix(rest, "${{"):
			n := expression(rest)
			out.WriteString(rest[:n])
			i += n
		case strings.HasPrefix(rest, "${"):
			m := reference.FindStringSubmatch(rest)
			if m == nil {
				faults = append(faults, fault{i, "${ begins a variable, as ${NAME} with letters, digits and _; write $${ for the characters themselves"})
				i += len("${")
				continue
			}
			value, _ := lookup(m[1])
			if value == "" {
				faults = append(faults, fault{i, m[1] + " is not set, or empty; set it in the environment or in the file .env"})
			}
			out.WriteString(value)
			i += len(m[0])
		default:
			out.WriteByte(s[i])
			i++
		}
	}
	return out.String(), faults
}

// expression is the length of the ${{ }} that s begins with, or all of s where
// it does not end. A }} in a string or of two nested maps does not end it.
func expression(s string) int {
	depth := 0
	for i := len("${{"); i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\'', '`':
			for i++; i < len(s) && s[i] != c; i++ {
				if s[i] == '\\' && c != '`' {
					i++
				}
			}
		case '{':
			depth++
		case '}':
			if depth == 0 && strings.HasPrefix(s[i:], "}}") {
				return i + len("}}")
			}
			depth = max(depth-1, 0)
		}
	}
	return len(s)
}

// fill puts variables and files into all values.
func (l *loader) fill() {
	l.filled = map[*yaml.Node]bool{}
	l.fillNode("", l.config.doc.root, map[*yaml.Node]bool{})
}

func (l *loader) fillNode(path string, n *yaml.Node, seen map[*yaml.Node]bool) {
	n = target(n)
	if seen[n] {
		return
	}
	seen[n] = true
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			l.fillNode(join(path, n.Content[i].Value), n.Content[i+1], seen)
		}
	case yaml.SequenceNode:
		for i, child := range n.Content {
			l.fillNode(item(path, i), child, seen)
		}
	case yaml.ScalarNode:
		l.fillScalar(path, n)
	}
}

func (l *loader) fillScalar(path string, n *yaml.Node) {
	switch n.ShortTag() {
	case "!!null", "!!bool", "!!int", "!!float":
		return
	case "!!timestamp":
		n.Tag = "!!str" // No setting is a time; a date stays as it is written.
	}
	text, faults := expand(n.Value, l.env.lookup)
	for _, f := range faults {
		p := problems.At(path, "%s", f.text)
		before := n.Value[:f.at]
		p.Line = strings.Count(before, "\n") + 1
		p.Column = utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
		l.addInside(n, p)
	}
	if name, ok := strings.CutPrefix(text, "file:"); ok && len(faults) == 0 {
		file := l.config.resolve(strings.TrimSpace(name))
		content, err := readFile(file)
		written := strings.TrimSpace(strings.TrimPrefix(n.Value, "file:"))
		if text := certificates.Exposed(file, written); text != "" && certificates.HoldsKey([]byte(content)) {
			l.add(problems.Warn(path, "%s", text))
		}
		if err != nil {
			l.report(path, "the file %v; paths start at the folder of %s", err, l.config.File)
			l.broken = append(l.broken, path)
		}
		text = content
	}
	if len(faults) > 0 {
		l.broken = append(l.broken, path)
		text = ""
	}
	if text != n.Value {
		n.Value, n.Tag = text, "!!str"
		l.filled[n] = true
	}
}

// addInside is add for a problem inside a value that is about to change.
func (l *loader) addInside(n *yaml.Node, p problems.Problem) {
	if l.usesPath(p.Path) {
		p.Line, p.Column = l.config.doc.inside(n, p.Line, p.Column)
		p.File, p.Path, p.Text = l.config.File, "", p.Path+": "+p.Text
		l.found = append(l.found, p)
	}
}

// readFile reads a file without its last line break; what is no text, such as
// PKCS#12, keeps every byte. Errors do not name the path, which may have come
// from a variable.
func readFile(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", errors.New("does not exist")
	case err != nil:
		return "", fmt.Errorf("cannot be read: %w", reason(err))
	case !info.Mode().IsRegular():
		return "", errors.New("is a folder or a device, not a file")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", reason(err))
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("cannot be read: %w", reason(err))
	case len(raw) > maxFile:
		return "", fmt.Errorf("is larger than %d bytes", maxFile)
	}
	text := string(raw)
	if utf8.ValidString(text) {
		if line, ok := strings.CutSuffix(text, "\n"); ok {
			text = strings.TrimSuffix(line, "\r")
		}
	}
	return text, nil
}
