package expressions

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"

	"github.com/passhook/passhook/problems"
)

// Limits of one expression.
const (
	maxSource     = 4 << 10 // bytes
	maxNodes      = 500
	maxPredicates = 2       // closures; more could loop for minutes
	memoryBudget  = 100_000 // elements made while it runs
)

// Error says where an expression is wrong and what to do. Line and Column count
// from 1 within the string that was compiled.
type Error struct {
	Line, Column int
	Message      string
}

func (e *Error) Error() string { return e.Message }

// Expr is a compiled bare expression, safe for concurrent use.
type Expr struct {
	source  string
	program *vm.Program
	// metered is true where evaluation counts what it reads and makes.
	metered bool
}

// Compile checks and compiles a bare expression. The error is an *Error.
func (s Scope) Compile(src string) (*Expr, error) { return s.compile(src, src, 0) }

// compile compiles src, which begins at byte start of whole.
func (s Scope) compile(src, whole string, start int) (*Expr, error) {
	fail := func(offset int, format string, args ...any) error {
		line, column := position(whole, start+offset)
		return &Error{Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
	}
	switch {
	case strings.TrimSpace(src) == "":
		return nil, fail(0, "the expression is empty; write a name, such as data.id")
	case len(src) > maxSource:
		return nil, fail(0, "the expression is longer than %d bytes; split it up", maxSource)
	}
	tree, err := parser.Parse(src)
	if err == nil && predicates(tree.Node) > maxPredicates {
		return nil, fail(0, "the expression loops more than %d times; make it simpler", maxPredicates)
	}
	options := s.options()
	if err == nil {
		_, err = expr.Compile(src, append(options, expr.Env(s.roots))...)
	}
	var program *vm.Program
	var meters metering
	if err == nil {
		roots := maps.Clone(s.roots)
		roots[spend] = types.TypeOf((*meter)(nil).spend)
		program, err = expr.Compile(src, append(options, expr.Env(roots), expr.Patch(missingIsNull{}), expr.Patch(&meters))...)
	}
	if err != nil {
		offset, message := s.explain(src, err)
		return nil, fail(offset, "%s", message)
	}
	return &Expr{source: strings.TrimSpace(src), program: program, metered: meters.used}, nil
}

// missingIsNull makes every member access a get(), which is null where there is
// nothing to get; and not null is true, as null is no condition.
type missingIsNull struct{}

// Visit replaces one node.
func (missingIsNull) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.MemberNode:
		if !n.Method {
			ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: "get"}, Arguments: []ast.Node{n.Node, n.Property}})
		}
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			n.Node = &ast.BinaryNode{Operator: "??", Left: n.Node, Right: &ast.BoolNode{Value: false}}
		}
	}
}

type predicateCounter int

// Visit counts closures.
func (c *predicateCounter) Visit(node *ast.Node) {
	if _, ok := (*node).(*ast.PredicateNode); ok {
		*c++
	}
}

func predicates(node ast.Node) int {
	var c predicateCounter
	ast.Walk(&node, &c)
	return int(c)
}

var unknown = regexp.MustCompile(`^(unknown name|unknown field|type .* has no field) (\S+)$`)

// explain is where and what, in plain words, with the line corrected where a
// near name is known.
func (s Scope) explain(src string, err error) (offset int, message string) {
	var fe *file.Error
	if !errors.As(err, &fe) {
		return 0, strings.TrimSpace(err.Error())
	}
	offset = byteOffset(src, fe.From)
	m := unknown.FindStringSubmatch(fe.Message)
	if m == nil {
		return offset, strings.TrimSpace(fe.Message)
	}
	word := m[2]
	candidates := slices.Collect(maps.Keys(s.members))
	if m[1] == "unknown name" {
		candidates = slices.Collect(maps.Keys(s.roots))
		for name := range functions(s.settings) {
			candidates = append(candidates, name)
		}
	}
	if at := strings.Index(src[offset:], word); at >= 0 {
		offset += at
	}
	message = fmt.Sprintf("there is no %s", word)
	if near := problems.Nearest(word, candidates); near != "" {
		corrected := src[:offset] + strings.Replace(src[offset:], word, near, 1)
		return offset, fmt.Sprintf("%s; did you mean %s: %s", message, near, strings.TrimSpace(corrected))
	}
	if m[1] == "unknown name" {
		roots := slices.Sorted(maps.Keys(s.roots))
		message += "; there is " + strings.Join(roots, ", ")
	}
	return offset, message
}

// Eval runs the expression.
func (e *Expr) Eval(vars map[string]any) (any, error) {
	if e.metered {
		vars = metered(vars)
	}
	machine := vm.VM{MemoryBudget: memoryBudget}
	v, err := machine.Run(e.program, vars)
	if err != nil {
		return nil, e.fail(err)
	}
	return v, nil
}

// fail names the expression; the library's text would show the data.
func (e *Expr) fail(err error) error {
	var fe *file.Error
	switch {
	case errors.As(err, &fe) && fe.Message == "memory budget exceeded":
		err = errTooMuch
	case fe != nil:
		return fmt.Errorf("%s: %s", e.source, strings.TrimSpace(fe.Message))
	}
	return fmt.Errorf("%s: %w", e.source, err)
}

// Bool runs a condition; null is false.
func (e *Expr) Bool(vars map[string]any) (bool, error) {
	v, err := e.Eval(vars)
	if v == nil || err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("%s is %s, not true or false", e.source, kind(v))
	}
	return b, nil
}

// Int runs an expression for a whole number; numeric strings count.
func (e *Expr) Int(vars map[string]any) (int, error) {
	v, err := e.Eval(vars)
	if err != nil {
		return 0, err
	}
	switch v := v.(type) {
	case int:
		return v, nil
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int(v), nil
		}
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%s is %s, not a whole number", e.source, kind(v))
}

// List runs an expression for a list.
func (e *Expr) List(vars map[string]any) ([]any, error) {
	v, err := e.Eval(vars)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is %s, not a list", e.source, kind(v))
	}
	return list, nil
}

// kind names what a value is, without the value.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case string:
		return "text"
	case int, float64:
		return "a number"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("%T", v)
}

// position is the line and column of a byte offset, both from 1; columns count
// characters.
func position(s string, offset int) (line, column int) {
	before := s[:min(offset, len(s))]
	last := strings.LastIndexByte(before, '\n')
	return strings.Count(before, "\n") + 1, len([]rune(before[last+1:])) + 1
}

// byteOffset is where the n-th character begins.
func byteOffset(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}
