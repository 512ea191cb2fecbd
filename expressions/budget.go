package expressions

import (
	"cmp"
	"errors"
	"maps"
	"reflect"
	"regexp"
	"regexp/syntax"

	"github.com/expr-lang/expr/ast"
)

// budget is what one evaluation may read and make: bytes of text, and valueCost
// for every value. It is counted, not timed, so that an expression that works
// works everywhere.
const (
	budget    = 1 << 20
	valueCost = 16
)

var errTooMuch = errors.New("does too much: more than 1 MiB of text and lists, or too many turns of a loop; make it simpler")

// spend is the name of meter.spend in compiled expressions. Nobody can write it.
const spend = "$spend"

// How a value counts.
const (
	once    = "once"
	squared = "squared" // a list whose elements are compared with each other
	matches = "matches" // a text and a pattern; the value is whether they match
)

// metering makes operators, functions and loops pay for the values that they
// read, and loops for those of their turns: what costs more than what it reads
// is stopped before it is made.
type metering struct {
	// used is true where anything pays.
	used bool
}

// Visit changes one node, after those below it.
func (m *metering) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.BinaryNode:
		m.operator(node, n)
	case *ast.BuiltinNode:
		m.builtin(n)
	case *ast.CallNode:
		name, _ := n.Callee.(*ast.IdentifierNode)
		if name == nil || name.Value == spend || name.Value == "get" { // get reads one member
			return
		}
		m.all(n.Arguments)
		m.pay(node, once)
	case *ast.SliceNode:
		m.pay(&n.Node, once)
	case *ast.ArrayNode:
		m.all(n.Nodes)
	case *ast.PairNode:
		m.pay(&n.Value, once)
	case *ast.PredicateNode:
		m.pay(&n.Node, once)
	}
}

func (m *metering) operator(node *ast.Node, n *ast.BinaryNode) {
	switch n.Operator {
	case "&&", "and", "||", "or", "??": // these hand on one of the two
		return
	case "matches":
		m.used = true
		ast.Patch(node, call(matches, n.Left, n.Right))
		return
	}
	_, left := n.Left.(*ast.NilNode)
	_, right := n.Right.(*ast.NilNode)
	if !left && !right {
		m.pay(&n.Left, once)
		m.pay(&n.Right, once)
	}
}

// builtin leaves out lists that a loop pays for turn by turn.
func (m *metering) builtin(n *ast.BuiltinNode) {
	for _, argument := range n.Arguments {
		if _, loop := argument.(*ast.PredicateNode); loop {
			return
		}
	}
	if n.Name == "uniq" {
		m.pay(&n.Arguments[0], squared)
		return
	}
	m.all(n.Arguments)
}

func (m *metering) all(nodes []ast.Node) {
	for i := range nodes {
		m.pay(&nodes[i], once)
	}
}

// pay makes the value of a node count. Constants are few and short.
func (m *metering) pay(node *ast.Node, how string) {
	switch (*node).(type) {
	case *ast.NilNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.StringNode:
		return
	}
	m.used = true
	ast.Patch(node, call(how, *node))
}

func call(how string, values ...ast.Node) ast.Node {
	return &ast.CallNode{Callee: &ast.IdentifierNode{Value: spend}, Arguments: append([]ast.Node{&ast.StringNode{Value: how}}, values...)}
}

// meter is what one evaluation has left.
type meter struct{ left int }

// metered are the variables of one evaluation.
func metered(vars map[string]any) map[string]any {
	out := maps.Clone(vars)
	if out == nil {
		out = map[string]any{}
	}
	out[spend] = (&meter{left: budget}).spend
	return out
}

// spend counts a value and returns it, or what matches says.
func (m *meter) spend(args ...any) any {
	v := args[1]
	var err error
	switch args[0] {
	case matches:
		v, err = m.matches(v, args[2])
	case squared:
		if list := reflect.ValueOf(v); list.Kind() == reflect.Slice {
			err = m.pay(list.Len() * list.Len() / 4)
		}
		fallthrough
	default:
		err = cmp.Or(err, m.value(v))
	}
	if err != nil {
		panic(err) //nolint:forbidigo // how a function of this kind ends the evaluation with an error
	}
	return v
}

func (m *meter) pay(cost int) error {
	if m.left -= cost; m.left < 0 {
		return errTooMuch
	}
	return nil
}

// value counts all that is in v. A list that holds another twice counts it
// twice, as printing it would.
func (m *meter) value(v any) error {
	cost := valueCost
	switch v := v.(type) {
	case string:
		cost += len(v)
	case []int:
		cost += valueCost * len(v)
	}
	if err := m.pay(cost); err != nil {
		return err
	}
	switch v := v.(type) {
	case nil, bool, int, float64, string, []int:
	case []any:
		for _, e := range v {
			if err := m.value(e); err != nil {
				return err
			}
		}
	default:
		return m.reflected(reflect.ValueOf(v))
	}
	return nil
}

// reflected counts maps, and the lists of other types that the language makes.
func (m *meter) reflected(v reflect.Value) error {
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Map {
		return nil
	}
	for k, e := range v.Seq2() {
		if err := cmp.Or(m.value(k.Interface()), m.value(e.Interface())); err != nil {
			return err
		}
	}
	return nil
}

// matches is the operator. A regular expression costs a step for each of its
// parts and each byte.
func (m *meter) matches(v, by any) (bool, error) {
	text, isText := v.(string)
	pattern, isPattern := by.(string)
	switch {
	case v == nil || by == nil:
		return false, nil
	case !isText || !isPattern:
		return false, errors.New("matches takes text and a pattern")
	}
	if err := m.pay(64 * len(pattern)); err != nil {
		return false, err
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return false, err
	}
	if err := m.pay((len(text) + 1) * parts(parsed) / 4); err != nil {
		return false, err
	}
	re, err := regexp.Compile(pattern)
	return err == nil && re.MatchString(text), err
}

// parts are those of a regular expression with its repetitions written out, at
// most budget.
func parts(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += parts(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, budget)
}
