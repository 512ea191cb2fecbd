package inspect_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/passhook/passhook/passes/inspect"
	"github.com/passhook/passhook/problems"
)

// bundleOf is a .pkpasses as passhook writes it: the passes are stored.
func bundleOf(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		addEntry(t, z, &zip.FileHeader{Name: name, Method: zip.Store}, content)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func numbered(t testing.TB, serial string) []byte {
	p := goodParts()
	p.files["pass.json"] = replaced(`"A1",`, fmt.Sprintf("%q,", serial))
	return p.pack(t)
}

func TestEachPassOfABundleIsInspected(t *testing.T) {
	broken := goodParts()
	broken.late["icon.png"] = nil
	files := map[string][]byte{"a.pkpass": numbered(t, "A1"), "b.pkpass": broken.pack(t), "c.pkpass": []byte("<html>")}
	for name, pkg := range map[string][]byte{"stored": bundleOf(t, files), "packed": zipped(t, files)} {
		r := inspected(t, pkg, options(t))
		rules := map[string]string{}
		for _, p := range r.Passes {
			for _, f := range p.Findings {
				if f.Severity == problems.Error {
					rules[p.File] += f.Rule + " "
				}
			}
		}
		if r.Kind != inspect.KindBundle || r.Code() != 1 || len(r.Passes) != 3 || rules["a.pkpass"] != "" ||
			!strings.Contains(rules["b.pkpass"], "manifest-absent") || rules["c.pkpass"] != "no-archive " {
			t.Errorf("%s: %s %v", name, r.Verdict, rules)
		}
	}
}

func TestBundles(t *testing.T) {
	o := options(t)
	two := inspected(t, bundleOf(t, map[string][]byte{"a.pkpass": numbered(t, "A1"), "b.pkpass": numbered(t, "A2")}), o)
	if two.Code() != 0 || len(everything(two)) != 0 || two.Verdict != "An iPhone accepts this bundle of 2 passes." {
		t.Errorf("%s %v", two.Verdict, everything(two))
	}
	same := inspected(t, bundleOf(t, map[string][]byte{"a.pkpass": numbered(t, "A1"), "b.pkpass": numbered(t, "A1")}), o)
	if f, ok := found(same, "bundle-duplicate"); !ok || f.Severity != problems.Warning {
		t.Error(everything(same))
	}
	files := map[string][]byte{"readme.txt": []byte("x")}
	for i := range 11 {
		files[fmt.Sprintf("%d.pkpass", i)] = numbered(t, fmt.Sprint("A", i))
	}
	eleven := inspected(t, bundleOf(t, files), o)
	for _, rule := range []string{"bundle-count", "bundle-other"} {
		if _, ok := found(eleven, rule); !ok {
			t.Error(rule, everything(eleven))
		}
	}
	nested := inspected(t, bundleOf(t, map[string][]byte{"a.pkpass": bundleOf(t, map[string][]byte{"b.pkpass": numbered(t, "A1")})}), o)
	if _, ok := found(nested, "pass-missing"); !ok {
		t.Error("a bundle in a bundle:", everything(nested))
	}
}
