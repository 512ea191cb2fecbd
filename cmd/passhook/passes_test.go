package main

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestPassesAreListedVoidedAndUnvoided(t *testing.T) {
	w := newWorld(t, "")
	p := w.serve(t, 0)
	if _, err := w.send(t.Context(), p.url, w.checkout("ada", 3)); err != nil {
		t.Fatal(err)
	}
	if err := w.smtp.Wait(deadline(t), 1); err != nil {
		t.Fatal(err)
	}
	list := func() []passDetail {
		out, code := w.verb(t, "passes", "--json", "ada@example.com")
		var found []passDetail
		if err := json.Unmarshal([]byte(out), &found); err != nil || code != 0 || len(found) != 3 {
			t.Fatalf("%v %d\n%s", err, code, out)
		}
		return found
	}
	serial := list()[0].SerialNumber
	isVoid := func(want string) func() bool {
		return func() bool { return strings.Join(list()[0].Void, " ") == want }
	}
	if out, code := w.verb(t, "passes", "void", serial); code != 0 {
		t.Fatal(out)
	}
	eventually(t, 10*time.Second, "the pass is void", isVoid("operator"))
	out, code := w.verb(t, "passes", "--csv", "--rule", "concert")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || code != 0 || len(rows) != 4 || rows[0][0] != "serial_number" || rows[1][5] != "test" || rows[1][6] != "operator" || rows[2][6] != "" {
		t.Errorf("door list: %v %d\n%s", err, code, out)
	}
	if out, code := w.verb(t, "passes", "unvoid", serial); code != 0 {
		t.Fatal(out)
	}
	eventually(t, 10*time.Second, "the pass is valid", isVoid(""))
	if out, code := w.verb(t, "passes", "void", "nonsense"); code != 1 || !strings.Contains(out, "there is no pass with the serial number nonsense") {
		t.Errorf("%d %s", code, out)
	}
}

func TestADoorListHoldsNoFormulas(t *testing.T) {
	for in, want := range map[any]string{"=1+1": "'=1+1", "@x": "'@x", "Ada": "Ada", -5.0: "-5", nil: ""} {
		if got := cell(in); got != want {
			t.Errorf("%v became %q, want %q", in, got, want)
		}
	}
}
