package expressions_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/expressions"
)

// data is what the tests' expressions see; sample is what they are checked
// against.
var (
	sample = map[string]any{
		"id": "cs_1", "amount": 1999, "customer_details": map[string]any{"name": "Ada", "email": "a@example.com"},
		"metadata": map[string]any{}, "items": []any{map[string]any{"quantity": 1}, map[string]any{"price": nil}}, "payment_intent": nil,
	}
	data = map[string]any{
		"id": "cs_1", "amount": 1999, "customer_details": map[string]any{"name": "Ada Lovelace"}, "metadata": map[string]any{"show": "hall-one", "hostile": "${{ data.id }}"},
		"items": []any{map[string]any{"quantity": 3}, map[string]any{"quantity": 1}},
	}
	vars = map[string]any{"data": data, "now": time.Date(2026, 11, 1, 20, 0, 0, 0, time.UTC)}
)

func scope(t testing.TB) expressions.Scope {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return expressions.NewScope(expressions.Settings{Location: berlin}).With("data", sample).With("now")
}

func TestEval(t *testing.T) {
	for src, want := range map[string]any{
		`data.id`:                                                 "cs_1",
		`data["id"]`:                                              "cs_1",
		`data.customer_details.name ?? "Guest"`:                   "Ada Lovelace",
		`data.customer_details.email ?? "none"`:                   "none",
		`data.payment_intent.id.deep`:                             nil,
		`data.metadata.not.there.at.all`:                          nil,
		`data.id.member_of_text`:                                  nil,
		`data.items[0].quantity`:                                  3,
		`data.items[-1].quantity`:                                 1,
		`data.items[9].quantity`:                                  nil,
		`data.metadata.show == "hall-one"`:                        true,
		`data.metadata.seat == nil`:                               true,
		`!data.payment_intent`:                                    true,
		`not data.metadata.x`:                                     true,
		`!(data.amount > 5) or !data.metadata.seat`:               true,
		`data.amount * 2`:                                         3998,
		`filter(data.items, .quantity > 2) | len()`:               1,
		`sum(data.items, .quantity)`:                              4,
		`upper(data.id)`:                                          "CS_1",
		`{"a": 1}.a`:                                              1,
		`money(1999, "usd")`:                                      "$19.99",
		`money(1999, "EUR", "de")`:                                "19,99\u00a0€",
		`money(1999, "jpy")`:                                      "¥1,999",
		`money(-50, "gbp")`:                                       "-£0.50",
		`money(1999, "isk")`:                                      "kr19.99",
		`money(1500, "kwd")`:                                      "KWD\u00a01.500",
		`datetime(now, "time")`:                                   "9:00 PM",
		`datetime(now, "full")`:                                   "Sunday, November 1, 2026, 9:00 PM",
		`datetime("2026-11-01", "date")`:                          "Nov 1, 2026",
		`datetime(now, "EEE d MMM", "Asia/Tokyo")`:                "Mon 2 Nov",
		`datetime(now, "H 'o''clock'")`:                           "21 o'clock",
		`datetime(1795197600, "yyyy-MM-dd HH:mm:ss")`:             "2026-11-20 19:00:00",
		`datetime(date_add("2026-01-31", "1 month"), "date")`:     "Feb 28, 2026",
		`datetime(date_add(now, "-2 days 3 hours"), "d.M. H:mm")`: "31.10. 0:00",
		`datetime(end_of_day(now), "yy-MM-dd HH:mm:ss")`:          "26-11-01 23:59:59",
	} {
		t.Run(src, func(t *testing.T) {
			e, err := scope(t).Compile(src)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := e.Eval(vars); err != nil || got != want {
				t.Errorf("got %#v, %v; want %#v", got, err, want)
			}
		})
	}
}

func TestDatesInOtherLanguages(t *testing.T) {
	for locale, want := range map[string]string{
		"de": "Sonntag, 1. November 2026, 20:00", "fr": "dimanche 1 novembre 2026, 20:00", "es": "domingo, 1 de noviembre de 2026, 20:00",
		"it": "domenica 1 novembre 2026, 20:00", "nl": "zondag 1 november 2026, 20:00", "pl": "2026-11-01 20:00", "de-AT": "Sonntag, 1. November 2026, 20:00",
	} {
		e, err := expressions.NewScope(expressions.Settings{Locale: locale}).With("now").Compile(`datetime(now)`)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.Eval(vars); got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", locale, got, err, want)
		}
	}
}

func TestMistakesAreFoundWhenCompiled(t *testing.T) {
	for _, tc := range []struct {
		src          string
		line, column int
		want         string
	}{
		{`data.custmer_details.name`, 1, 6, "there is no custmer_details; did you mean customer_details: data.customer_details.name"},
		{`dta.id`, 1, 1, "there is no dta; did you mean data: data.id"},
		{`monye(1, "usd")`, 1, 1, "did you mean money"},
		{`xyzzy`, 1, 1, "there is no xyzzy; there is data, now"},
		{`data.items[0].zzzzzz`, 1, 15, "there is no zzzzzz"},
		{"data.id ==\n  data.idd", 2, 8, "did you mean id"},
		{`data.id +`, 1, 9, "unexpected"},
		{`5 in ["5"]`, 1, 3, "cannot use"}, // the optimizer would panic
		{``, 1, 1, "is empty"},
		{`fromJSON("{}")`, 1, 1, "there is no fromJSON"},
		{strings.Repeat("1 + ", 2000) + "1", 1, 1, "longer than"},
		{`all(data.items, all(data.items, any(data.items, true)))`, 1, 1, "loops more than 2 times"},
	} {
		t.Run(tc.src[:min(len(tc.src), 40)], func(t *testing.T) {
			_, err := scope(t).Compile(tc.src)
			var e *expressions.Error
			if !errors.As(err, &e) || !strings.Contains(e.Message, tc.want) || e.Line != tc.line || e.Column != tc.column {
				t.Errorf("got %+v, want %d:%d %s", err, tc.line, tc.column, tc.want)
			}
		})
	}
}

func TestErrorsAtRunTimeNameTheExpressionNotTheData(t *testing.T) {
	for _, src := range []string{`data.amount + data.customer_details.email`, `upper(data.payment_intent)`, `money(data.id, "usd")`, `datetime(data.customer_details.name)`, `date_add(now, "soon")`, `1..100000000`} {
		e, err := scope(t).Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Eval(vars); err == nil || !strings.HasPrefix(err.Error(), src+": ") || strings.Contains(err.Error(), "Lovelace") {
			t.Errorf("%s: got %v", src, err)
		}
	}
}

func TestBoolIntList(t *testing.T) {
	compile := func(src string) *expressions.Expr {
		e, err := scope(t).Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if b, err := compile(`data.payment_intent`).Bool(vars); b || err != nil {
		t.Errorf("null is false, got %t, %v", b, err)
	}
	if _, err := compile(`data.id`).Bool(vars); err == nil {
		t.Error("text is no condition")
	}
	for src, want := range map[string]int{`3`: 3, `6 / 2`: 3, `"3"`: 3} {
		if n, err := compile(src).Int(vars); n != want || err != nil {
			t.Errorf("%s: got %d, %v", src, n, err)
		}
	}
	for _, src := range []string{`2.5`, `data.payment_intent`, `"x"`, `1e300`} {
		if _, err := compile(src).Int(vars); err == nil {
			t.Errorf("%s is no whole number", src)
		}
	}
	if l, err := compile(`data.items`).List(vars); len(l) != 2 || err != nil {
		t.Errorf("got %v, %v", l, err)
	}
	if _, err := compile(`data.payment_intent`).List(vars); err == nil || !strings.Contains(err.Error(), "data.payment_intent is null") {
		t.Errorf("got %v", err)
	}
}

func TestText(t *testing.T) {
	for src, want := range map[string]any{
		"plain":                          "plain",
		"":                               "",
		"${{ data.amount }}":             1999,
		"${{ data.items[0] }}":           nil, // compared below
		"${{ data.payment_intent }}":     nil,
		" ${{ data.amount }}":            " 1999",
		"a ${{ data.id }} b":             "a cs_1 b",
		"${{ data.id }}${{ data.id }}":   "cs_1cs_1",
		"${{ data.payment_intent }}!":    "!",
		"$${{ data.id }}":                "${{ data.id }}",
		`${{ "a}}b" }}`:                  "a}}b",
		`${{ {"a": {"b": 2}}.a.b }}`:     2,
		"${{ now }}":                     "2026-11-01T21:00:00+01:00",
		"at ${{ now }}":                  "at 2026-11-01T21:00:00+01:00",
		"${{ data.metadata.hostile }}":   "${{ data.id }}",
		"${{ 0.1 + 0.2 }} ${{ 1e21 }}":   "0.30000000000000004 1000000000000000000000",
		"{{ data.id }} $${NAME} ${NAME}": "{{ data.id }} $${NAME} ${NAME}",
	} {
		t.Run(src, func(t *testing.T) {
			text, err := scope(t).CompileText(src)
			if err != nil {
				t.Fatal(err)
			}
			got, err := text.Eval(vars)
			if m, ok := got.(map[string]any); ok {
				got, want = m["quantity"], 3
			}
			if err != nil || got != want {
				t.Errorf("got %#v, %v; want %#v", got, err, want)
			}
		})
	}
}

func TestTextMistakes(t *testing.T) {
	for _, tc := range []struct {
		src          string
		line, column int
	}{{"ab ${{ data.id", 1, 4}, {"x\n y ${{ data.idd }}", 2, 13}, {`${{ "a }}`, 1, 1}, {"${{ data.id } }}", 1, 1}} {
		_, err := scope(t).CompileText(tc.src)
		var e *expressions.Error
		if !errors.As(err, &e) || e.Line != tc.line || e.Column != tc.column {
			t.Errorf("%q: got %+v", tc.src, err)
		}
	}
}

func TestTree(t *testing.T) {
	tree, found := scope(t).CompileTree(map[string]any{
		"plain": 7, "null": nil, "text": "to ${{ data.customer_details.name }}", "gone": "${{ data.payment_intent }}",
		"fields": []any{
			map[string]any{"key": "a", "value": "${{ data.amount }}"},
			map[string]any{"key": "b", "value": "${{ data.payment_intent }}"},
			map[string]any{"key": "c", "value": "x ${{ data.payment_intent }}"},
			"${{ data.payment_intent }}",
		},
	})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	got, err := tree.Eval(vars)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"fields":[{"key":"a","value":1999},{"key":"c","value":"x "}],"null":null,"plain":7,"text":"to Ada Lovelace"}`
	if s := expressions.Stringify(got, expressions.Settings{}); s != want {
		t.Errorf("got %s\nwant %s", s, want)
	}
}

func TestTreeProblemsHavePaths(t *testing.T) {
	_, found := scope(t).CompileTree(map[string]any{"eventTicket": map[string]any{"primaryFields": []any{map[string]any{"value": "x ${{ data.idd }}"}}}})
	if len(found) != 1 || found[0].Path != "eventTicket.primaryFields[0].value" || found[0].Line != 1 || found[0].Column != 12 {
		t.Errorf("got %+v", found)
	}
}

func TestDecodeJSON(t *testing.T) {
	v, err := expressions.DecodeJSON([]byte(`{"a": [1, 2.5, 1e2, -3, 9007199254740993, null, true, "x"]}`))
	if err != nil {
		t.Fatal(err)
	}
	list := v.(map[string]any)["a"].([]any) //nolint:forcetypeassert // the test's own JSON
	for i, want := range []any{1, 2.5, 100, -3, 9007199254740993, nil, true, "x"} {
		if list[i] != want {
			t.Errorf("%d: got %#v, want %#v", i, list[i], want)
		}
	}
	for name, bad := range map[string]string{
		"empty": ``, "cut": `{"a":`, "duplicate": `{"a":1,"a":2}`, "trailing": `{} {}`, "UTF-8": "\"\xff\"", "NUL": `"\u0000"`, "NUL in a key": `{"\u0000":1}`,
		"deep": strings.Repeat("[", 101) + strings.Repeat("]", 101), "very deep": strings.Repeat("[", 100_000), "huge": `1e999`, "comment": `{} // x`,
	} {
		if v, err := expressions.DecodeJSON([]byte(bad)); err == nil {
			t.Errorf("%s was accepted: %v", name, v)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"a ${{ data.id }}", "$${{", `${{ "}}" }}`, "${{ data.items[0].quantity }}", `${{ money(1, "x") }}`, `${{ datetime(now, "EEE 'x") }}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		text, err := scope(t).CompileText(src)
		if err != nil {
			var e *expressions.Error
			if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 {
				t.Errorf("got %#v", err)
			}
			return
		}
		_, _ = text.Eval(vars)
	})
}

func FuzzDecodeJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5,null,"x"]}`))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = expressions.DecodeJSON(b) })
}

func BenchmarkEval(b *testing.B) {
	e, err := scope(b).Compile(`data.customer_details.name ?? "Guest"`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Eval(vars); err != nil {
			b.Fatal(err)
		}
	}
}

func TestTreeErrorsHavePaths(t *testing.T) {
	tree, found := scope(t).CompileTree(map[string]any{"fields": []any{"fine", map[string]any{"deep": map[string]any{"value": "${{ upper(data.payment_intent) }}"}}}})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Eval(vars); err == nil || !strings.HasPrefix(err.Error(), "fields[1].deep.value: upper(data.payment_intent): ") {
		t.Errorf("got %v", err)
	}
}
