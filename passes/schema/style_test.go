package schema

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/problems"
)

// now is the clock of the tests: before every date of the samples.
var now = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)

func readPass(t *testing.T, name string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "styles", filepath.FromSlash(name)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var pass map[string]any
	if err := json.Unmarshal(b, &pass); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return pass
}

func TestStylesAreAcceptedWithTheFewestAndTheMostKeys(t *testing.T) {
	for _, style := range Styles() {
		for _, size := range []string{"minimal", "maximal"} {
			t.Run(style+"/"+size, func(t *testing.T) {
				for _, f := range Check(readPass(t, style+"/"+size), Options{Now: now}) {
					if f.Severity != problems.Note {
						t.Error(f)
					}
				}
			})
		}
	}
}

func TestMaximalPassesUseEveryKeyOfTheirStyle(t *testing.T) {
	for _, style := range Styles() {
		t.Run(style, func(t *testing.T) {
			pass := readPass(t, style+"/maximal")
			used := map[string]bool{}
			collect(known().objects["pass"], pass, used)
			for want := range belonging(style) {
				if !used[want] {
					t.Errorf("%s is not used", want)
				}
			}
		})
	}
}

// collect notes every key that is used, as field.label.
func collect(o *Object, m map[string]any, used map[string]bool) {
	for name, v := range m {
		k := o.byName[name]
		if k == nil {
			continue
		}
		used[o.Name+"."+name] = true
		if k.object == nil {
			continue
		}
		items, isList := v.([]any)
		if !isList {
			items = []any{v}
		}
		for _, item := range items {
			if child, ok := item.(map[string]any); ok {
				collect(k.object, child, used)
			}
		}
	}
}

// belonging are the keys that a pass of a style may have.
func belonging(style string) map[string]bool {
	want := map[string]bool{}
	var visit func(o *Object)
	visit = func(o *Object) {
		for _, k := range o.Keys {
			id := o.Name + "." + k.Name
			other := isStyle(k.Name) && k.Name != style
			if want[id] || other || len(k.Styles) > 0 && !slices.Contains(k.Styles, style) {
				continue
			}
			want[id] = true
			if k.object != nil {
				visit(k.object)
			}
		}
	}
	visit(known().objects["pass"])
	return want
}

// TestKnownKeys holds the tables against the keys that Apple's Pass Builder,
// passkit-generator and pass-js know.
func TestKnownKeys(t *testing.T) {
	b, err := os.ReadFile("testdata/keys.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]string
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	have := map[string][]string{}
	for _, o := range known().order {
		name := o.Name
		if isStyle(name) {
			name = "styles"
		}
		have[name] = append(have[name], slices.Collect(maps.Keys(o.byName))...)
	}
	for object, keys := range want {
		for _, key := range keys {
			if !slices.Contains(have[object], key) {
				t.Errorf("%s.%s is not known", object, key)
			}
		}
	}
}

func TestTablesLoad(t *testing.T) {
	tables, err := load(data)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range tables.schemes {
		for _, path := range slices.Concat(s.Need, s.Better) {
			for p := range strings.SplitSeq(path, " or ") {
				p, _, _ = strings.Cut(p, ":")
				if tables.lookup(p) == nil {
					t.Errorf("%s: there is no %s", name, p)
				}
			}
		}
		if !tables.enums["styleScheme"].has(name) || tables.enums["styleScheme"].since[name] != s.Since {
			t.Errorf("%s is not in styleScheme, or since another iOS", name)
		}
	}
	for _, o := range tables.order {
		if o.About == "" {
			t.Errorf("%s has no description", o.Name)
		}
		for _, k := range o.Keys {
			if k.About == "" {
				t.Errorf("%s.%s has no description", o.Name, k.Name)
			}
			if k.Use != "" && o.byName[k.Use] == nil {
				t.Errorf("%s.%s: there is no %s", o.Name, k.Name, k.Use)
			}
			for _, s := range k.Styles {
				if !isStyle(s) {
					t.Errorf("%s.%s: there is no style %s", o.Name, k.Name, s)
				}
			}
			if k.Scheme != "" && tables.schemes[k.Scheme] == nil {
				t.Errorf("%s.%s: there is no scheme %s", o.Name, k.Name, k.Scheme)
			}
		}
	}
}

// lookup is the key at a path, as eventTicket.primaryFields[0].value, or nil.
func (t *tables) lookup(path string) *Key {
	o := t.objects["pass"]
	for {
		name, rest, more := strings.Cut(path, ".")
		if i := strings.IndexByte(name, '['); i >= 0 {
			name = name[:i]
		}
		if o == nil {
			return nil
		}
		k := o.byName[name]
		if k == nil || !more {
			return k
		}
		o, path = k.object, rest
	}
}
