package passes_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/passes/passtest"
	"github.com/passhook/passhook/problems"
)

var update = flag.Bool("update", false, "write the golden files")

// icon is the smallest that Wallet takes.
var icon = encodePNG(image.NewGray(image.Rect(0, 0, 38, 38)))

func encodePNG(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// minimal is a pass.json with everything that Wallet asks for.
const minimal = `{"organizationName": "Hall One", "description": "Ticket", "eventTicket": {}}`

// files is a folder t.pass with an icon.
func files(content map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{"t.pass/icon.png": {Data: icon, ModTime: now}}
	for name, text := range content {
		fsys["t.pass/"+name] = &fstest.MapFile{Data: []byte(text), ModTime: now}
	}
	return fsys
}

// load is the template t of fsys, which must have no mistakes.
func load(t testing.TB, fsys fs.FS, s passes.Settings) *passes.Template {
	t.Helper()
	all, found := passes.LoadTemplates(fsys, "templates", s)
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return all["t"]
}

// One case a file: the template's files except the icon, and want, which is the
// problems that LoadTemplates finds, a line each.
func TestLoadTemplatesFindsMistakes(t *testing.T) {
	cases, err := filepath.Glob("testdata/mistakes/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			content := map[string]string{}
			for _, f := range a.Files {
				content[f.Name] = string(f.Data)
			}
			want := content["want"]
			delete(content, "want")
			_, found := passes.LoadTemplates(files(content), "templates", passes.Settings{})
			got := printed(found)
			if *update {
				a.Files[len(a.Files)-1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func printed(found problems.List) string {
	if len(found) == 0 {
		return ""
	}
	return found.Error() + "\n"
}

func TestLoadTemplatesChecksImages(t *testing.T) {
	for _, tc := range []struct {
		name, file string
		data       []byte
		want       string
	}{
		{"a bomb", "logo.png", pngHeader(20000, 20000), "templates/t.pass/logo.png: has 20000 by 20000 pixels; the most is 16000000 in all"},
		{"a bomb in a language", "de.lproj/logo@2x.png", pngHeader(20000, 20000), "templates/t.pass/de.lproj/logo@2x.png: has 20000 by 20000 pixels"},
		{"too many bytes", "strip.png", make([]byte, 16<<20+1), "templates/t.pass/strip.png: has 16777217 bytes; the most is 16777216"},
		{"a language of too many bytes", "de.lproj/pass.strings", make([]byte, 4<<20+1), "templates/t.pass/de.lproj/pass.strings: has 4194305 bytes"},
		{"empty", "logo.png", nil, "templates/t.pass/logo.png: is empty"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, found := passes.LoadTemplates(files(map[string]string{"pass.json": minimal, tc.file: string(tc.data)}), "templates", passes.Settings{})
			if got := found.Error(); tc.want == "" && got != "" || !strings.HasPrefix(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// pngHeader is a PNG whose header promises more than there is.
func pngHeader(width, height uint32) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), width), height)
	b := []byte("\x89PNG\r\n\x1a\n")
	for _, chunk := range [][]byte{append(head, 8, 6, 0, 0, 0), []byte("IDAT"), []byte("IEND")} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(chunk)-4)) //nolint:gosec // small
		b = binary.BigEndian.AppendUint32(append(b, chunk...), crc32.ChecksumIEEE(chunk))
	}
	return b
}

// One large image is enough; what is given is kept.
func TestLoadTemplatesMakesTheVariants(t *testing.T) {
	large := encodePNG(image.NewGray(image.Rect(0, 0, 900, 600)))
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 900, 600)), nil); err != nil {
		t.Fatal(err)
	}
	given := encodePNG(image.NewGray(image.Rect(0, 0, 77, 77)))
	fsys := files(map[string]string{
		"pass.json": minimal, "icon.png": string(large), "icon@2x.png": string(given), "thumbnail.jpg": photo.String(), "de.lproj/logo.png": string(large),
	})
	cache := t.TempDir()
	for range 2 { // the second time from the cache
		got := load(t, fsys, passes.Settings{ImageCache: cache}).Files()
		var sizes []string
		for _, name := range slices.Sorted(maps.Keys(got)) {
			c, err := png.DecodeConfig(bytes.NewReader(got[name]))
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, fmt.Sprintf("%s %dx%d", name, c.Width, c.Height))
		}
		const want = "de.lproj/logo.png 75x50, de.lproj/logo@2x.png 150x100, de.lproj/logo@3x.png 225x150, icon.png 38x38, icon@2x.png 77x77, icon@3x.png 114x114, " +
			"thumbnail.png 90x90, thumbnail@2x.png 180x180, thumbnail@3x.png 270x270"
		if s := strings.Join(sizes, ", "); s != want {
			t.Errorf("got  %s\nwant %s", s, want)
		}
	}
}

func TestLoadTemplatesNeedsAnIcon(t *testing.T) {
	const want = "templates/t.pass: there is no icon.png; an iPhone refuses the pass"
	for _, tc := range []struct {
		name, file string
		missing    bool
	}{
		{"none", "logo.png", true},
		{"in a language only", "de.lproj/icon.png", true},
		{"one of the sizes", "icon@3x.png", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := files(map[string]string{"pass.json": minimal, tc.file: string(icon)})
			delete(fsys, "t.pass/icon.png")
			_, found := passes.LoadTemplates(fsys, "templates", passes.Settings{})
			if got := found.Error(); strings.HasPrefix(got, want) != tc.missing {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestLoadTemplatesFindsTheCertificate(t *testing.T) {
	for _, tc := range []struct{ name, passType, want string }{
		{"named", `"passTypeIdentifier": "` + passtest.PassType + `", `, ""},
		{"the only one", "", ""},
		{"another", `"passTypeIdentifier": "pass.other", `, "templates/t.pass/pass.json: there is no certificate for pass.other; there is one for pass.com.example.test"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := files(map[string]string{"pass.json": "{" + tc.passType + minimal[1:]})
			all, found := passes.LoadTemplates(fsys, "templates", passes.Settings{Keyring: keyring(t)})
			if got := found.Error(); got != tc.want {
				t.Fatalf("got %q, want %q", got, tc.want)
			}
			if c, err := all["t"].Certificate(); tc.want == "" && (err != nil || c.PassType != passtest.PassType) {
				t.Errorf("got %+v, %v", c, err)
			}
		})
	}
}

func TestAnotherTeamThanTheCertificatesIsTold(t *testing.T) {
	for team, want := range map[string]string{
		passtest.Team: "templates/t.pass/pass.json:1:20: warning: teamIdentifier: is filled in by passhook; what stands here is not used",
		"OTHER12345":  "templates/t.pass/pass.json:1:20: warning: teamIdentifier: names the team OTHER12345, and the certificate for pass.com.example.test is of TEAM123456, which passes get; take it out, or put the right certificate into signing",
	} {
		fsys := files(map[string]string{"pass.json": `{"teamIdentifier": "` + team + `", ` + minimal[1:]})
		if _, found := passes.LoadTemplates(fsys, "templates", passes.Settings{Keyring: keyring(t)}); found.Error() != want {
			t.Errorf("got %q, want %q", found, want)
		}
	}
}

func TestTemplateSaysWhatItIs(t *testing.T) {
	fsys := files(map[string]string{"pass.json": minimal, "template.yaml": `
title: Concert
inputs:
  holder: {label: Name, required: true, example: Ada}
  seat:
  colour: {type: choice, options: [red, green], default: red}
  day: {type: date, default: 2026-12-31}
  code: {default: 007}
`})
	newest := now.Add(time.Hour)
	fsys["t.pass/logo.png"] = &fstest.MapFile{Data: icon, ModTime: newest}
	// West of UTC a date must not become the day before.
	zone := time.FixedZone("", -5*3600)
	got := load(t, fsys, passes.Settings{Expressions: expressions.Settings{Location: zone}})
	if got.Name != "t" || got.Title != "Concert" || !got.ModTime.Equal(newest) || got.PassType != "" {
		t.Errorf("got %+v", got)
	}
	want := []passes.Input{
		{Name: "holder", Label: "Name", Type: "text", Required: true, Example: "Ada"},
		{Name: "seat", Label: "seat", Type: "text"},
		{Name: "colour", Label: "colour", Type: "choice", Options: []string{"red", "green"}, Default: "red"},
		{Name: "day", Label: "day", Type: "date", Default: "2026-12-31"},
		{Name: "code", Label: "code", Type: "text", Default: "007"},
	}
	if len(got.Inputs) != len(want) {
		t.Fatalf("got %d inputs", len(got.Inputs))
	}
	for i, in := range got.Inputs {
		if in.Name != want[i].Name || in.Label != want[i].Label || in.Type != want[i].Type || !slices.Equal(in.Options, want[i].Options) ||
			in.Required != want[i].Required || in.Default != want[i].Default || in.Example != want[i].Example {
			t.Errorf("got %+v, want %+v", in, want[i])
		}
	}
}

// keyring holds the certificate of apple.
func keyring(t testing.TB) *certificates.Keyring {
	t.Helper()
	ca, issued := passtest.Apple(t)
	k, found := certificates.Load([]certificates.Config{{Certificate: string(issued.CertPEM), Key: string(issued.KeyPEM), Intermediate: string(ca.IntermediatePEM())}}, now)
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return k
}
