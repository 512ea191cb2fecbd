package passes_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha1" //nolint:gosec // PassKit's manifest is SHA-1
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/passes"
)

// onePass is a pass as a server issues it.
var onePass = passes.Pass{
	Serial: "4HN2XNQW7B3YJ5K6C8T9ZA", AuthToken: "vxwxd7J8AlNNFPS8k0a0FfUFtq0ewzFdc", WebServiceURL: "https://tickets.example.com/wallet",
	Link: "https://tickets.example.com/p/8fY", Updated: now,
}

func TestPackage(t *testing.T) {
	for _, style := range []string{"boardingPass", "coupon", "eventTicket", "generic", "storeCard"} {
		t.Run(style, func(t *testing.T) {
			fields := "{}"
			if style == "boardingPass" {
				fields = `{"transitType": "PKTransitTypeAir"}`
			}
			pass := strings.Replace(minimal, `"eventTicket": {}`, strconv.Quote(style)+": "+fields, 1)
			template := load(t, files(map[string]string{
				"pass.json": pass, "logo@2x.png": string(icon), "de.lproj/pass.strings": `"Seat" = "Platz";`, ".DS_Store": "x", "notes.txt": "x",
			}), passes.Settings{Keyring: keyring(t)})
			pkg := pack(t, template, onePass)
			if err := passes.Verify(pkg, roots(t), now); err != nil {
				t.Error(err)
			}
			entries := unzip(t, pkg)
			want := []string{"de.lproj/pass.strings", "icon.png", "logo@2x.png", "manifest.json", "pass.json", "signature"}
			if got := slices.Sorted(maps.Keys(entries)); !slices.Equal(got, want) {
				t.Errorf("the package has %v", got)
			}
			manifestNamesTheSums(t, entries)
			opensslAccepts(t, entries)
		})
	}
}

// manifestNamesTheSums recomputes manifest.json.
func manifestNamesTheSums(t *testing.T, entries map[string][]byte) {
	t.Helper()
	want := map[string]string{}
	for name, data := range entries {
		if name != "manifest.json" && name != "signature" {
			sum := sha1.Sum(data) //nolint:gosec // as above
			want[name] = hex.EncodeToString(sum[:])
		}
	}
	var got map[string]string
	if err := json.Unmarshal(entries["manifest.json"], &got); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, want) {
		t.Errorf("manifest.json is %v, want %v", got, want)
	}
}

// unpack writes the entries into a folder, with the root.
func unpack(t *testing.T, entries map[string][]byte) (dir string) {
	t.Helper()
	ca, _ := apple()
	dir = t.TempDir()
	for name, data := range map[string][]byte{"manifest.json": entries["manifest.json"], "signature": entries["signature"], "root.pem": ca.RootPEM()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func opensslAccepts(t *testing.T, entries map[string][]byte) {
	t.Helper()
	openssl(t, unpack(t, entries), "cms", "-verify", "-binary", "-inform", "DER", "-in", "signature", "-content", "manifest.json",
		"-CAfile", "root.pem", "-purpose", "any", "-attime", strconv.FormatInt(now.Unix(), 10), "-out", "verified")
}

// An image that anyone touched after signing must not pass, nor anything else.
func TestVerifyRefusesWhatWasChanged(t *testing.T) {
	template := load(t, files(map[string]string{"pass.json": minimal}), passes.Settings{Keyring: keyring(t)})
	entries := unzip(t, pack(t, template, onePass))
	if err := passes.Verify(zipped(t, entries), roots(t), now); err != nil {
		t.Fatalf("packed again without a change: %v", err)
	}
	for name, data := range entries {
		places := []int{0, len(data) / 2, len(data) - 1}
		for _, at := range places {
			t.Run(fmt.Sprintf("byte %d of %s", at, name), func(t *testing.T) {
				changed := maps.Clone(entries)
				changed[name] = bytes.Clone(data)
				changed[name][at] ^= 1
				if passes.Verify(zipped(t, changed), roots(t), now) == nil {
					t.Error("was accepted")
				}
			})
		}
		t.Run("without "+name, func(t *testing.T) {
			less := maps.Clone(entries)
			delete(less, name)
			if passes.Verify(zipped(t, less), roots(t), now) == nil {
				t.Error("was accepted")
			}
		})
	}
	t.Run("with one file more", func(t *testing.T) {
		more := maps.Clone(entries)
		more["logo.png"] = icon
		if passes.Verify(zipped(t, more), roots(t), now) == nil {
			t.Error("was accepted")
		}
	})
	t.Run("with one file twice", func(t *testing.T) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, list := range []map[string][]byte{entries, {"icon.png": icon}} {
			addTo(t, z, list)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if passes.Verify(b.Bytes(), roots(t), now) == nil {
			t.Error("was accepted")
		}
	})
	t.Run("by another root", func(t *testing.T) {
		if passes.Verify(zipped(t, entries), x509.NewCertPool(), now) == nil {
			t.Error("was accepted")
		}
	})
	t.Run("after the certificate expired", func(t *testing.T) {
		if passes.Verify(zipped(t, entries), roots(t), now.AddDate(2, 0, 0)) == nil {
			t.Error("was accepted")
		}
	})
	t.Run("no package", func(t *testing.T) {
		if passes.Verify([]byte("PK"), roots(t), now) == nil {
			t.Error("was accepted")
		}
	})
}

// Every byte of the file itself counts, as far as it is content.
func TestVerifyRefusesFlippedBytes(t *testing.T) {
	template := load(t, files(map[string]string{"pass.json": minimal}), passes.Settings{Keyring: keyring(t)})
	pkg := pack(t, template, onePass)
	z, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		t.Fatal(err)
	}
	pool := roots(t)
	for _, f := range z.File {
		begin, err := f.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		for at := begin; at < begin+int64(f.CompressedSize64); at++ {
			pkg[at] ^= 1
			if passes.Verify(pkg, pool, now) == nil {
				t.Errorf("%s: accepted with another byte %d", f.Name, at-begin)
			}
			pkg[at] ^= 1
		}
	}
}

func TestPackageIsAFunctionOfItsInput(t *testing.T) {
	fsys := files(map[string]string{"pass.json": `{"organizationName": "Hall One", "description": "Ticket", "userInfo": {"c": 1, "a": 2, "b": [1]}, "eventTicket": {}}`, "logo.png": string(icon), "de.lproj/logo.png": string(icon)})
	ring := keyring(t)
	first := pack(t, load(t, fsys, passes.Settings{Keyring: ring}), onePass)
	t.Run("loaded again, the same bytes", func(t *testing.T) {
		if !bytes.Equal(first, pack(t, load(t, fsys, passes.Settings{Keyring: ring}), onePass)) {
			t.Error("the packages differ")
		}
	})
	t.Run("changed later, another signature of the same manifest", func(t *testing.T) {
		later := onePass
		later.Updated = now.Add(time.Second)
		a, b := unzip(t, first), unzip(t, pack(t, load(t, fsys, passes.Settings{Keyring: ring}), later))
		if bytes.Equal(a["signature"], b["signature"]) || !bytes.Equal(a["manifest.json"], b["manifest.json"]) {
			t.Error("the signature is the same, or the manifest is not")
		}
	})
	t.Run("in another zone, the same bytes", func(t *testing.T) {
		there := onePass
		there.Updated = now.In(time.FixedZone("", 3600))
		if !bytes.Equal(first, pack(t, load(t, fsys, passes.Settings{Keyring: ring}), there)) {
			t.Error("the packages differ")
		}
	})
}

func TestPackageWithoutCertificate(t *testing.T) {
	template := load(t, files(map[string]string{"pass.json": minimal}), passes.Settings{})
	r, err := template.Render(onePass)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := template.Package(onePass, r); err == nil {
		t.Error("was packed")
	}
}

var signingTime = regexp.MustCompile(`(?s)signingTime.*?UTCTIME:([^\n]*)`)

// A pass may be older than a renewed certificate; phones want the signature
// within the certificate's time.
func TestSigningTime(t *testing.T) {
	_, issued := apple()
	template := load(t, files(map[string]string{"pass.json": minimal}), passes.Settings{Keyring: keyring(t)})
	for _, tc := range []struct {
		name          string
		updated, want time.Time
	}{
		{"is when the pass changed", now.Add(90 * time.Second), now.Add(90 * time.Second)},
		{"is never before the certificate", now.AddDate(-1, 0, 0), issued.Leaf.NotBefore},
		{"of a pass that never changed", time.Time{}, issued.Leaf.NotBefore},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := onePass
			p.Updated = tc.updated
			entries := unzip(t, pack(t, template, p))
			opensslAccepts(t, entries)
			m := signingTime.FindStringSubmatch(openssl(t, unpack(t, entries), "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", "signature"))
			if m == nil {
				t.Fatal("openssl prints no signing time")
			}
			if want := tc.want.UTC().Format("Jan _2 15:04:05 2006 GMT"); m[1] != want {
				t.Errorf("got %s, want %s", m[1], want)
			}
		})
	}
}

// rendered is the pass.json that a template with these lines makes of a pass.
func rendered(t *testing.T, lines, description string, p passes.Pass) map[string]any {
	t.Helper()
	template := load(t, files(map[string]string{
		"pass.json": `{"organizationName": "Hall One", "description": "Ticket", ` + lines + `}`, "template.yaml": description,
	}), passes.Settings{Keyring: keyring(t)})
	r, err := template.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	v, err := expressions.DecodeJSON(r.JSON)
	if err != nil {
		t.Fatal(err)
	}
	return v.(map[string]any)
}

func TestRenderFillsInWhatPasshookOwns(t *testing.T) {
	got := rendered(t, `"eventTicket": {}, "serialNumber": "1", "teamIdentifier": "x", "authenticationToken": "x", "webServiceURL": "x", "voided": true, "formatVersion": 2, "passTypeIdentifier": "`+passType+`"`, "", onePass)
	want := map[string]any{
		"formatVersion": 1, "passTypeIdentifier": passType, "teamIdentifier": team, "serialNumber": onePass.Serial,
		"webServiceURL": onePass.WebServiceURL, "authenticationToken": onePass.AuthToken,
		"organizationName": "Hall One", "description": "Ticket", "eventTicket": map[string]any{},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRenderWithoutWebServiceHasNoToken(t *testing.T) {
	p := onePass
	p.WebServiceURL = ""
	got := rendered(t, `"eventTicket": {}`, "", p)
	if got["webServiceURL"] != nil || got["authenticationToken"] != nil {
		t.Errorf("got %v", got)
	}
}

func TestRenderVoided(t *testing.T) {
	p := onePass
	p.Voided = true
	if got := rendered(t, `"eventTicket": {}`, "", p); got["voided"] != true {
		t.Errorf("got %v", got)
	}
}

// Scanners read Latin-1 unless told otherwise.
func TestRenderEncodesBarcodes(t *testing.T) {
	for _, tc := range []struct{ name, barcode, message, encoding string }{
		{"letters", `"message": "A1"`, "A1", "iso-8859-1"},
		{"umlauts", `"message": "Köln"`, "Köln", "iso-8859-1"},
		{"beyond Latin-1", `"message": "Łódź"`, "Łódź", "utf-8"},
		{"given", `"message": "A1", "messageEncoding": "us-ascii"`, "A1", "us-ascii"},
		{"the serial number", `"message": "${{ serial }}"`, onePass.Serial, "iso-8859-1"},
		{"a number is printed", `"message": "${{ 1234 }}"`, "1234", "iso-8859-1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := rendered(t, `"eventTicket": {}, "barcodes": [{"format": "PKBarcodeFormatQR", `+tc.barcode+`}]`, "", onePass)
			want := []any{map[string]any{"format": "PKBarcodeFormatQR", "message": tc.message, "messageEncoding": tc.encoding}}
			if !reflect.DeepEqual(got["barcodes"], want) {
				t.Errorf("got %v, want %v", got["barcodes"], want)
			}
		})
	}
}

func TestRenderColours(t *testing.T) {
	got := rendered(t, `"eventTicket": {}, "backgroundColor": "#172A46", "foregroundColor": "rgb(255,0,  9)", "labelColor": "rgb(010, 09, 008)"`, "", onePass)
	for key, want := range map[string]string{"backgroundColor": "rgb(23, 42, 70)", "foregroundColor": "rgb(255, 0, 9)", "labelColor": "rgb(10, 9, 8)"} {
		if got[key] != want {
			t.Errorf("%s is %v, want %s", key, got[key], want)
		}
	}
}

func TestRenderNullRemoves(t *testing.T) {
	const description = "inputs: {seat: {}, gate: {}}"
	p := onePass
	p.Inputs = map[string]any{"seat": nil, "gate": "B"}
	got := rendered(t, `"relevantDate": "${{ seat }}", "sharingProhibited": null, "eventTicket": {"primaryFields": [
		{"key": "seat", "label": "Seat", "value": "${{ seat }}"},
		{"key": "gate", "label": "${{ seat }}", "value": "${{ gate }}"},
		{"key": "both", "label": "Both", "value": "${{ gate }}${{ seat }}"}]}`, description, p)
	if _, there := got["relevantDate"]; there {
		t.Errorf("got %v", got)
	}
	want := map[string]any{"primaryFields": []any{
		map[string]any{"key": "gate", "value": "B"},
		map[string]any{"key": "both", "label": "Both", "value": "B"},
	}}
	if !reflect.DeepEqual(got["eventTicket"], want) {
		t.Errorf("got %v, want %v", got["eventTicket"], want)
	}
}

func TestRenderForPeople(t *testing.T) {
	template := load(t, files(map[string]string{
		"pass.json": `{"organizationName": "Hall One", "description": "Ticket for ${{ holder }}", "eventTicket": {
			"backFields": [{"key": "terms", "label": "Terms", "value": "None"}],
			"auxiliaryFields": [{"key": "price", "label": "Price", "value": 12.5, "currencyCode": "EUR"}],
			"secondaryFields": [
				{"key": "day", "label": "Day", "value": "2026-12-31T19:30:00Z", "dateStyle": "PKDateStyleMedium"},
				{"key": "doors", "label": "Doors", "value": "2026-12-31T19:30:00Z", "dateStyle": "PKDateStyleNone", "timeStyle": "PKDateStyleShort"},
				{"key": "odd", "label": "Odd", "value": "soon", "timeStyle": "PKDateStyleShort"}],
			"primaryFields": [{"key": "holder", "label": "Name", "value": "${{ holder }}"}],
			"headerFields": [{"key": "row", "value": 7}, {"key": "empty", "label": "Empty", "value": ""}]}}`,
		"template.yaml": "title: For ${{ holder }}\ninputs: {holder: {required: true}}\nmail: {subject: 'Hello, ${{ holder }}', intro: ~}\n",
	}), passes.Settings{Expressions: expressions.Settings{Locale: "de", Location: time.UTC}})
	p := onePass
	p.Inputs = map[string]any{"holder": "Ada"}
	r, err := template.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	if r.Title != "For Ada" || r.Description != "Ticket for Ada" || r.Subject != "Hello, Ada" || r.Intro != "" {
		t.Errorf("got %q, %q, %q, %q", r.Title, r.Description, r.Subject, r.Intro)
	}
	at := time.Date(2026, 12, 31, 19, 30, 0, 0, time.UTC)
	s := expressions.Settings{Locale: "de", Location: time.UTC}
	want := []passes.Field{
		{Value: "7"}, {Label: "Name", Value: "Ada"},
		{Label: "Day", Value: expressions.FormatTime(at, "date", s)}, {Label: "Doors", Value: expressions.FormatTime(at, "time", s)}, {Label: "Odd", Value: "soon"},
		{Label: "Price", Value: "12.5 EUR"},
	}
	if !slices.Equal(r.Fields, want) {
		t.Errorf("got %v, want %v", r.Fields, want)
	}
	if r.Fields[2].Value == r.Fields[3].Value {
		t.Errorf("day and time are both %q", r.Fields[2].Value)
	}
}

func TestRenderWithoutTitle(t *testing.T) {
	r, err := load(t, files(map[string]string{"pass.json": minimal}), passes.Settings{}).Render(onePass)
	if err != nil || r.Title != "Ticket" {
		t.Errorf("got %v, %v", r, err)
	}
}

// Errors name the place, and never what an input holds.
func TestRenderFails(t *testing.T) {
	for _, tc := range []struct{ name, pass, description, want string }{
		{"in pass.json", `"eventTicket": {"backFields": [{"key": "a", "value": "${{ datetime(holder) }}"}]}`, "", "pass.json: eventTicket.backFields[0].value: "},
		{"an empty barcode", `"eventTicket": {}, "barcodes": [{"format": "PKBarcodeFormatQR", "message": "${{ none }}"}]`, "", "pass.json: barcodes[0].message is empty"},
		{"in the title", `"eventTicket": {}`, "title: ${{ datetime(holder) }}\n", "template.yaml: title: "},
		{"in the subject", `"eventTicket": {}`, "mail: {subject: '${{ datetime(holder) }}'}\n", "template.yaml: mail.subject: "},
		{"in the intro", `"eventTicket": {}`, "mail: {intro: '${{ datetime(holder) }}'}\n", "template.yaml: mail.intro: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			template := load(t, files(map[string]string{
				"pass.json":     `{"organizationName": "Hall One", "description": "Ticket", ` + tc.pass + `}`,
				"template.yaml": tc.description + "inputs: {holder: {}, none: {}}\n",
			}), passes.Settings{})
			p := onePass
			p.Inputs = map[string]any{"holder": "Ada Lovelace"}
			_, err := template.Render(p)
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) || strings.Contains(err.Error(), "Ada") {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	const description = `
inputs:
  holder: {required: true}
  seat: {default: free}
  count: {type: number}
  day: {type: date}
  doors: {type: time}
  email: {type: email}
  colour: {type: choice, options: [red, green]}
  friend: {type: person}
`
	zone := time.FixedZone("", 3600)
	template := load(t, files(map[string]string{"pass.json": minimal, "template.yaml": description}), passes.Settings{Expressions: expressions.Settings{Location: zone}})
	for _, tc := range []struct {
		name string
		with map[string]any
		// want is what comes out beside the inputs without a value.
		want map[string]any
		err  string
	}{
		{"defaults stand in", map[string]any{"holder": "Ada"}, map[string]any{}, ""},
		{"null is missing", map[string]any{"holder": "Ada", "seat": nil, "count": nil}, map[string]any{}, ""},
		{"a number as text", map[string]any{"holder": 7, "seat": 1.5}, map[string]any{"holder": "7", "seat": "1.5"}, ""},
		{"truth as text", map[string]any{"holder": true}, map[string]any{"holder": "true"}, ""},
		{"a number", map[string]any{"holder": "Ada", "count": 2}, map[string]any{"count": 2}, ""},
		{"a number from text", map[string]any{"holder": "Ada", "count": " 2 "}, map[string]any{"count": 2}, ""},
		{"a fraction from text", map[string]any{"holder": "Ada", "count": "2.5"}, map[string]any{"count": 2.5}, ""},
		{"a date", map[string]any{"holder": "Ada", "day": "2026-12-31"}, map[string]any{"day": "2026-12-31"}, ""},
		{"the date of a time, in the zone", map[string]any{"holder": "Ada", "day": "2026-12-31T23:30:00Z"}, map[string]any{"day": "2027-01-01"}, ""},
		{"a time", map[string]any{"holder": "Ada", "doors": "2026-12-31T20:00:00Z"}, map[string]any{"doors": "2026-12-31T20:00:00Z"}, ""},
		{"a time of a form, in the zone", map[string]any{"holder": "Ada", "doors": "2026-12-31T20:00"}, map[string]any{"doors": "2026-12-31T20:00:00+01:00"}, ""},
		{"a time of a table, in the zone", map[string]any{"holder": "Ada", "doors": "2026-12-31 20:00"}, map[string]any{"doors": "2026-12-31T20:00:00+01:00"}, ""},
		{"a time as a value", map[string]any{"holder": "Ada", "doors": now}, map[string]any{"doors": "2026-11-23T13:00:00+01:00"}, ""},
		{"an address", map[string]any{"holder": "Ada", "email": "ada@example.com"}, map[string]any{"email": "ada@example.com"}, ""},
		{"a choice", map[string]any{"holder": "Ada", "colour": "green"}, map[string]any{"colour": "green"}, ""},
		{"a person", map[string]any{"holder": "Ada", "friend": "Grace"}, map[string]any{"friend": "Grace"}, ""},

		{"required is missing", nil, nil, "holder is required and is null or missing"},
		{"required is null", map[string]any{"holder": nil}, nil, "holder is required and is null or missing"},
		{"a list", map[string]any{"holder": []any{"Ada"}}, nil, "holder must be text, not a list or an object"},
		{"an object", map[string]any{"holder": map[string]any{}}, nil, "holder must be text, not a list or an object"},
		{"too long", map[string]any{"holder": strings.Repeat("a", 16<<10+1)}, nil, "holder is longer than 16384 bytes"},
		{"no number", map[string]any{"holder": "Ada", "count": "two"}, nil, "count must be a number"},
		{"infinity is no number", map[string]any{"holder": "Ada", "count": "Inf"}, nil, "count must be a number"},
		{"truth is no number", map[string]any{"holder": "Ada", "count": true}, nil, "count must be a number"},
		{"no date", map[string]any{"holder": "Ada", "day": "31.12.2026"}, nil, "day must be a date, as 2026-12-31"},
		{"a date that does not exist", map[string]any{"holder": "Ada", "day": "2026-02-30"}, nil, "day must be a date, as 2026-12-31"},
		{"no time", map[string]any{"holder": "Ada", "doors": "20:00"}, nil, "doors must be a time, as 2026-12-31T20:00:00+01:00"},
		{"no address", map[string]any{"holder": "Ada", "email": "ada"}, nil, "email is not a mail address"},
		{"no choice", map[string]any{"holder": "Ada", "colour": "blue"}, nil, "colour must be one of red, green"},
		{"a slip in a name", map[string]any{"holder": "Ada", "seet": "1"}, nil, "seet is no input of template t; did you mean seat?"},
		{"a name far from all", map[string]any{"holder": "Ada", "wheelchair": "1"}, nil, "wheelchair is no input of template t; it has holder, seat, count, day, doors, email, colour, friend"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := template.Check(tc.with)
			if tc.err != "" {
				if err == nil || err.Error() != tc.err {
					t.Errorf("got %v, want %s", err, tc.err)
				}
				return
			}
			want := map[string]any{"holder": "Ada", "seat": "free", "count": nil, "day": nil, "doors": nil, "email": nil, "colour": nil, "friend": nil}
			maps.Copy(want, tc.want)
			if err != nil || !maps.Equal(got, want) {
				t.Errorf("got %v, %v, want %v", got, err, want)
			}
		})
	}
	t.Run("what comes out goes in", func(t *testing.T) {
		once, err := template.Check(map[string]any{"holder": 7, "count": "2.0", "day": now, "doors": "2026-12-31 20:00"})
		if err != nil {
			t.Fatal(err)
		}
		if twice, err := template.Check(once); err != nil || !maps.Equal(once, twice) {
			t.Errorf("got %v, %v, want %v", twice, err, once)
		}
	})
}

// Every template can be shown before anyone bought anything.
func TestExamples(t *testing.T) {
	template := load(t, files(map[string]string{"pass.json": minimal, "template.yaml": `
inputs:
  a: {required: true, example: Grace}
  b: {required: true}
  c: {required: true, type: number}
  d: {required: true, type: date}
  e: {required: true, type: time}
  f: {required: true, type: email}
  g: {required: true, type: choice, options: [red, green]}
  h: {required: true, type: person}
  i: {default: free}
  j: {}
`}), passes.Settings{})
	got, err := template.Examples()
	want := map[string]any{
		"a": "Grace", "b": "Ada Lovelace", "c": 1, "d": "2026-12-31", "e": "2026-12-31T20:00:00Z", "f": "ada@example.com",
		"g": "red", "h": "Ada Lovelace", "i": "free", "j": nil,
	}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func pack(t testing.TB, template *passes.Template, p passes.Pass) []byte {
	t.Helper()
	r, err := template.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := template.Package(p, r)
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

func roots(t testing.TB) *x509.CertPool {
	t.Helper()
	ca, _ := apple()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca.RootPEM()) {
		t.Fatal("the root is no certificate")
	}
	return pool
}

func unzip(t testing.TB, pkg []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		if sum := crc32.ChecksumIEEE(out[f.Name]); sum != f.CRC32 {
			t.Errorf("%s has the checksum %x, want %x", f.Name, f.CRC32, sum)
		}
	}
	return out
}

// zipped packs entries with checksums that fit.
func zipped(t testing.TB, entries map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	addTo(t, z, entries)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func addTo(t testing.TB, z *zip.Writer, entries map[string][]byte) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(entries[name]); err != nil {
			t.Fatal(err)
		}
	}
}
