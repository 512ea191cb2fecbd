package passes_test

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // PassKit's manifest is SHA-1
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/passes/passtest"
)

// onePass is a pass as a server issues it.
var now = passtest.Now

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
			want := []string{"de.lproj/pass.strings", "icon.png", "logo.png", "logo@2x.png", "manifest.json", "pass.json", "signature"}
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
	ca, _ := passtest.Apple(t)
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
	passtest.OpenSSL(t, unpack(t, entries), "cms", "-verify", "-binary", "-inform", "DER", "-in", "signature", "-content", "manifest.json",
		"-CAfile", "root.pem", "-purpose", "any", "-attime", strconv.FormatInt(now.Unix(), 10), "-out", "verified")
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

func TestPackageIsReadFromAnyPlace(t *testing.T) {
	template := load(t, files(map[string]string{"pass.json": minimal}), passes.Settings{Keyring: keyring(t)})
	r, err := template.Render(onePass)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := template.Package(onePass, r, now)
	if err != nil {
		t.Fatal(err)
	}
	whole := pkg.Bytes()
	var written bytes.Buffer
	if n, err := pkg.WriteTo(&written); err != nil || n != pkg.Size() || !bytes.Equal(written.Bytes(), whole) {
		t.Errorf("WriteTo wrote %d of %d bytes, %v", n, pkg.Size(), err)
	}
	if err := iotest.TestReader(pkg.Reader(), whole); err != nil {
		t.Error(err)
	}
}

// sized is a pass that has no package yet.
type sized int64

func (s sized) Size() int64 { return int64(s) }

func TestSizesAreKnownWithoutSigning(t *testing.T) {
	template := load(t, files(map[string]string{"pass.json": strings.Replace(minimal, "{", `{"userInfo": "${{ note }}", `, 1), "template.yaml": "inputs: {note: {}}", "de.lproj/pass.strings": `"Seat" = "Platz";`}), passes.Settings{Keyring: keyring(t)})
	var packages []*passes.Package
	var sizes []sized
	for n := range 13 {
		p := onePass
		p.Inputs = map[string]any{"note": strings.Repeat("é", n<<n)}
		if n%2 == 1 {
			p.Pictures = map[string][]byte{"icon.png": make([]byte, n), "thumbnail@2x.png": make([]byte, 2*n)}
		}
		r, err := template.Render(p)
		if err != nil {
			t.Fatal(err)
		}
		size, err := template.PackageSize(p, r)
		if err != nil {
			t.Fatal(err)
		}
		pkg, err := template.Package(p, r, now)
		if err != nil {
			t.Fatal(err)
		}
		if size != pkg.Size() {
			t.Errorf("said %d bytes, and made %d", size, pkg.Size())
		}
		packages, sizes = append(packages, pkg), append(sizes, sized(size))
	}
	if a, b := lengths(passes.Bundles(packages)), lengths(passes.Bundles(sizes)); a != "[10 3]" || a != b {
		t.Errorf("packages are split into %s, sizes into %s", a, b)
	}
}

func TestPackageWithoutCertificate(t *testing.T) {
	template := load(t, files(map[string]string{"pass.json": minimal}), passes.Settings{})
	r, err := template.Render(onePass)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := template.Package(onePass, r, now); err == nil {
		t.Error("was packed")
	}
}

func TestAnExpiredCertificateStopsPackagesOnly(t *testing.T) {
	ca, _ := passtest.Apple(t)
	issued, err := ca.IssueFor(passtest.PassType, passtest.Team, "Hall One", now.AddDate(-1, 0, 0), now.AddDate(0, 0, -1))
	if err != nil {
		t.Fatal(err)
	}
	old := certificates.Config{Certificate: string(issued.CertPEM), Key: string(issued.KeyPEM), Intermediate: string(ca.IntermediatePEM())}
	ring, found := certificates.Load([]certificates.Config{old}, now)
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	template := load(t, files(map[string]string{"pass.json": minimal}), passes.Settings{Keyring: ring})
	r, err := template.Render(onePass)
	if err != nil || r.Err() != nil || !strings.Contains(string(r.JSON), `"passTypeIdentifier":"`+passtest.PassType+`"`) {
		t.Fatalf("got %v", err)
	}
	const want = "the certificate for " + passtest.PassType + " expired on 2026-11-22; no pass can be signed until it is renewed: passhook certs request"
	if _, err := template.Package(onePass, r, now); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	ring.Replace(keyring(t))
	if _, err := template.Package(onePass, r, now); err != nil {
		t.Errorf("renewed, and %v", err)
	}
}

var signingTime = regexp.MustCompile(`(?s)signingTime.*?UTCTIME:([^\n]*)`)

// A pass may be older than a renewed certificate; phones want the signature
// within the certificate's time.
func TestSigningTime(t *testing.T) {
	_, issued := passtest.Apple(t)
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
			m := signingTime.FindStringSubmatch(passtest.OpenSSL(t, unpack(t, entries), "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", "signature"))
			if m == nil {
				t.Fatal("openssl prints no signing time")
			}
			if want := tc.want.UTC().Format("Jan _2 15:04:05 2006 GMT"); m[1] != want {
				t.Errorf("got %s, want %s", m[1], want)
			}
		})
	}
}

func pack(t testing.TB, template *passes.Template, p passes.Pass) []byte {
	t.Helper()
	r, err := template.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := template.Package(p, r, now)
	if err != nil {
		t.Fatal(err)
	}
	return pkg.Bytes()
}
