package expressions_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/passhook/passhook/expressions"
)

// bombs would take minutes or gigabytes. Their data is what one event may hold.
var bombs = []string{
	`reduce(1..40, #acc + #acc, "boom")`,
	`reduce(1..40, [#acc, #acc], "boom")`,
	`reduce(1..40, ({"a": #acc, "b": #acc}), "boom")`,
	`reduce(1..40, concat(#acc, #acc), ["boom"])`,
	`reduce(1..40, join([#acc, #acc], #acc), "boom")`,
	`reduce(1..40, replace(#acc, "o", "oooooooo"), "boom")`,
	`reduce(1..60000, #acc + data.text, "")`,
	`reduce(1..60000, [#acc], 1)`,
	`toJSON(reduce(1..40, [#acc, #acc], 1))`,
	`reduce(1..40, [#acc, #acc], 1) == reduce(1..40, [#acc, #acc], 1)`,
	`let a = ["boom", "boom"]; let b = [a, a, a, a, a, a, a, a]; let c = [b, b, b, b, b, b, b, b]; let d = [c, c, c, c, c, c, c, c]; let e = [d, d, d, d, d, d, d, d]; [e, e, e, e, e, e, e, e]`,
	`let a = {"x": "boom", "y": "boom"}; let b = {"s": a, "t": a, "u": a, "v": a, "w": a}; let c = {"s": b, "t": b, "u": b, "v": b, "w": b}; let d = {"s": c, "t": c, "u": c, "v": c, "w": c}; let e = {"s": d, "t": d, "u": d, "v": d, "w": d}; let f = {"s": e, "t": e, "u": e, "v": e, "w": e}; {"s": f, "t": f, "u": f, "v": f, "w": f}`,
	`map(1..60000, map(1..60000, 1))`,
	`any(1..60000, any(data.list, # == -1))`,
	`any(1..60000, sum(data.list) == 0)`,
	`let r = 1..60000; any(r, sum(r) == 0)`,
	`map(1..1000, data.text)`,
	`any(1..60000, data.text contains "zz")`,
	`any(1..60000, len(data.text) == 0)`,
	`any(1..60000, upper(data.text) == "")`,
	`any(1..60000, (let x = data.text[1:]; false))`,
	`any(1..60000, "x" in data.list)`,
	`any(1..60000, min(data.list) == 1)`,
	`any(1..60000, (let x = replace(data.text, "a", "bb"); false))`,
	`any(1..20000, (let x = datetime("2026-11-01", data.text); false))`,
	`any(1..60000, money(1999, "usd") == "")`,
	`any(1..60000, len(sort(data.list)) == 0)`,
	`any(1..60000, len(split(data.text, "")) == 0)`,
	`replace(data.text, "", data.text)`,
	`join(split(data.text, ""), data.text)`,
	`join(data.words, data.text)`,
	`any(1..60000, data.text matches "(a*)*b")`,
	`data.text matches "(a{100}){10}b"`,
	`data.text matches data.pattern`,
	`"a" matches data.text`,
	`uniq(1..60000)`,
	`1..100000000`,
}

func TestBombsEndWithAnError(t *testing.T) {
	list := make([]any, 50_000)
	for i := range list {
		list[i] = i
	}
	words := make([]any, 10_000)
	for i := range words {
		words[i] = "a"
	}
	vars := map[string]any{"data": map[string]any{"text": strings.Repeat("a", 200_000), "pattern": strings.Repeat("(x{1000})", 400), "list": list, "words": words}}
	scope := expressions.NewScope(expressions.Settings{}).With("data")
	for _, src := range bombs {
		t.Run(src, func(t *testing.T) {
			e, err := scope.Compile(src)
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err = e.Eval(vars)
			runtime.ReadMemStats(&after)
			if want := src + ": does too much: more than 1 MiB of text and lists, or too many turns of a loop; make it simpler"; err == nil || err.Error() != want {
				t.Errorf("got %v", err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
				t.Errorf("it took %d MiB", used>>20)
			}
		})
	}
}

// What people write is far from the limit, with an event of a large order.
func TestUsualExpressionsAreNoBombs(t *testing.T) {
	items := make([]any, 1000)
	for i := range items {
		items[i] = map[string]any{"name": "Floor, row 12", "quantity": 2, "price": map[string]any{"product": "prod_1"}}
	}
	vars := map[string]any{"data": map[string]any{"items": items, "name": "Ada", "note": strings.Repeat("word ", 2000)}}
	for src, want := range map[string]any{
		`sum(data.items, .quantity)`:                                                 2000,
		`len(filter(data.items, .name startsWith "Floor" and .quantity > 1))`:        1000,
		`len(join(map(data.items, .name), ", "))`:                                    14_998,
		`len(uniq(map(data.items, .price.product)))`:                                 1,
		`find(data.items, .price.product == "prod_1").quantity`:                      2,
		`len(reduce(data.items[0:100], #acc + .name + "\n", ""))`:                    1400,
		`data.note matches "(?i)WORD" and data.items != nil and data.name != ""`:     true,
		`len(sortBy(data.items, .name)) + len(groupBy(data.items, .name))`:           1001,
		`count(data.items, data.items != nil)`:                                       1000,
		`data.gone matches "a" or data.note matches data.gone`:                       false,
		`len(replace(data.note, "word", data.note, 1))`:                              19_996,
		`len(replace(data.note, "word", "sentence"))`:                                18_000,
		`any(data.items, .name == "x") ? "yes" : upper(data.name) + " " + data.name`: "ADA Ada",
		`data.name | replace("A", "a") | replace("a", "o", 1)`:                       "oda",
		`join(["a", "b"])`: "ab",
		`uniq([1, 2, 1, "a", "a", [1], [1]]) | len()`: 4,
	} {
		e, err := expressions.NewScope(expressions.Settings{}).With("data").Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.Eval(vars); err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %v", src, got, err, want)
		}
	}
}
