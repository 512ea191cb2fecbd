package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// notRun are statements that make the tables, or ask for the version.
var notRun = regexp.MustCompile(`sqlite_version|goose_db_version|pg_advisory_(un)?lock\W`)

// statements are patterns of those that the package's source has, by place.
func statements(t testing.TB) map[string]*regexp.Regexp {
	t.Helper()
	out := map[string]*regexp.Regexp{}
	files := token.NewFileSet()
	for _, path := range got[[]string](t)(filepath.Glob("*.go")) {
		if strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "migrate") {
			continue
		}
		file, err := parser.ParseFile(files, path, got[[]byte](t)(os.ReadFile(path)), 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			expr, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text := patternOf(expr)
			if text == "" || notRun.MatchString(text) {
				return text == ""
			}
			out[files.Position(n.Pos()).String()] = regexp.MustCompile("(?s)" + text)
			return false
		})
	}
	return out
}

var (
	startsStatement = regexp.MustCompile(`^(SELECT|UPDATE|INSERT|DELETE|WITH) `)
	verbs           = regexp.MustCompile(`%(\\\[\d\\\])?[sd]`)
)

// patternOf is the pattern of a statement, or empty for what is none. What is not
// literal may be anything.
func patternOf(e ast.Expr) string {
	literal := e
	for {
		sum, ok := literal.(*ast.BinaryExpr)
		if !ok {
			break
		}
		literal = sum.X
	}
	if first, ok := literal.(*ast.BasicLit); !ok || first.Kind != token.STRING || !startsStatement.MatchString(strings.Trim(first.Value, "\"`")) {
		return ""
	}
	return anything(e)
}

func anything(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return anything(e.X) + anything(e.Y)
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		if err != nil {
			return ""
		}
		return strings.ReplaceAll(verbs.ReplaceAllString(regexp.QuoteMeta(text), ".*"), `\?`, `\$\d+`)
	}
	return ".*"
}
