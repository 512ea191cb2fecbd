package inspect_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/passhook/passhook/passes/inspect"
)

// entries are a ZIP archive made of headers as they are given.
func entries(t testing.TB, edit func(*zip.FileHeader), names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		h := &zip.FileHeader{Name: name, Method: zip.Store}
		if edit != nil {
			edit(h)
		}
		addEntry(t, z, h, []byte("x"))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// raw is an archive with one entry of packed bytes that says it unpacks to a
// length.
func raw(t testing.TB, name string, packed []byte, length uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CompressedSize64: uint64(len(packed)), UncompressedSize64: length, CRC32: crc32.ChecksumIEEE(nil)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(packed); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zeros is how a number of megabytes of zeros are packed: the second is packed
// once and repeated, as its bytes fit behind each other.
func zeros(t testing.TB, megabytes int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 1<<20)
	var ends []int
	for range 2 {
		if _, err := w.Write(block); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, b.Len())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	all := b.Bytes()
	return slices.Concat(all[:ends[0]], bytes.Repeat(all[ends[0]:ends[1]], megabytes-1), all[ends[1]:])
}

func pngOf(w, h uint32) []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(name string, data []byte) {
		body := append([]byte(name), data...)
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(data))))
		b.Write(body)
		b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	chunk("IHDR", append(head, 8, 6, 0, 0, 0))
	chunk("IDAT", []byte{0x78, 0x9c})
	chunk("IEND", nil)
	return b.Bytes()
}

// endSaying changes how many entries an archive says it has.
func endSaying(pkg []byte, n uint16) []byte {
	end := bytes.LastIndex(pkg, []byte("PK\x05\x06"))
	binary.LittleEndian.PutUint16(pkg[end+8:], n)
	binary.LittleEndian.PutUint16(pkg[end+10:], n)
	return pkg
}

func many(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%d.png", i)
	}
	return names
}

func withFile(t testing.TB, name string, content []byte) []byte {
	p := goodParts()
	p.files[name] = content
	return p.pack(t)
}

// hostile are files that want to hurt, with the rule that says so.
var hostile = map[string]struct {
	make func(testing.TB) []byte
	rule string
}{
	"a name that leads out":       {func(t testing.TB) []byte { return entries(t, nil, "../../evil", "pass.json") }, "entry-name"},
	"a name that leads out later": {func(t testing.TB) []byte { return entries(t, nil, "a/../../b") }, "entry-name"},
	"an absolute name":            {func(t testing.TB) []byte { return entries(t, nil, "/etc/passwd") }, "entry-name"},
	"a drive":                     {func(t testing.TB) []byte { return entries(t, nil, "C:evil") }, "entry-name"},
	"a backslash":                 {func(t testing.TB) []byte { return entries(t, nil, `..\evil`) }, "entry-name"},
	"a NUL":                       {func(t testing.TB) []byte { return entries(t, nil, "a\x00.png") }, "entry-name"},
	"an escape sequence":          {func(t testing.TB) []byte { return entries(t, nil, "\x1b[2Ja.png") }, "entry-name"},
	"a name that is no UTF-8":     {func(t testing.TB) []byte { return entries(t, nil, "\xff\xfe.png") }, "entry-name"},
	"a name twice":                {func(t testing.TB) []byte { return entries(t, nil, "pass.json", "pass.json") }, "entry-duplicate"},
	"names that differ by case":   {func(t testing.TB) []byte { return entries(t, nil, "icon.png", "Icon.png") }, "entry-case"},
	"an encrypted entry":          {func(t testing.TB) []byte { return entries(t, func(h *zip.FileHeader) { h.Flags |= 1 }, "pass.json") }, "entry-encrypted"},
	"a link": {func(t testing.TB) []byte {
		return entries(t, func(h *zip.FileHeader) { h.SetMode(os.ModeSymlink | 0o777) }, "pass.json")
	}, "entry-link"},
	"an unknown method":          {func(t testing.TB) []byte { return unknownMethod(t) }, "entry-method"},
	"a bomb":                     {func(t testing.TB) []byte { return raw(t, "icon.png", zeros(t, 30), 30<<20) }, "entry-bomb"},
	"a bomb that hides its size": {func(t testing.TB) []byte { return raw(t, "icon.png", zeros(t, 300), 1000) }, "entry-unreadable"},
	"many files that are large":  {func(t testing.TB) []byte { return large(t) }, "package-size"},
	"a PNG bomb":                 {func(t testing.TB) []byte { return withFile(t, "strip.png", pngOf(20000, 20000)) }, "image-unreadable"},
	"100,000 entries":            {func(t testing.TB) []byte { return entries(t, nil, many(100_000)...) }, "archive-entries"},
	"more entries than it says":  {func(t testing.TB) []byte { return endSaying(entries(t, nil, many(900)...), 1) }, "archive-directory"},
	"a checksum that is wrong":   {func(t testing.TB) []byte { return raw(t, "pass.json", zeros(t, 1), 1<<20) }, "entry-unreadable"},
	"another name in front": {func(t testing.TB) []byte {
		return bytes.Replace(entries(t, nil, "pass.json"), []byte("pass.json"), []byte("evil.json"), 1)
	}, "entry-name"},
	"bytes before the archive":    {func(t testing.TB) []byte { return append([]byte("Warning: PHP\n"), goodParts().pack(t)...) }, "archive-around"},
	"bytes after the archive":     {func(t testing.TB) []byte { return append(goodParts().pack(t), "\n<br>"...) }, "archive-around"},
	"a folder in the archive":     {func(t testing.TB) []byte { return inFolder(t) }, "archive-folder"},
	"a pass.json that nests deep": {func(t testing.TB) []byte { return withFile(t, "pass.json", bytes.Repeat([]byte("["), 1<<20-1)) }, "json"},
	"a pass.json of many values": {func(t testing.TB) []byte {
		return withFile(t, "pass.json", []byte("["+strings.Repeat("0,", 400_000)+"0]"))
	}, "json"},
	"a pass.json of many keys":      {func(t testing.TB) []byte { return withFile(t, "pass.json", manyKeys()) }, "json"},
	"a pass.json that is too large": {func(t testing.TB) []byte { return withFile(t, "pass.json", bytes.Repeat([]byte(" "), 2<<20)) }, "entry-bomb"},
	"a signature that nests deep":   {func(t testing.TB) []byte { return signedFiles(t, bytes.Repeat([]byte{0x30, 0x80}, 100_000)) }, "signature-form"},
	"a signature with huge lengths": {func(t testing.TB) []byte { return signedFiles(t, []byte("\x30\x84\xff\xff\xff\xff\x06\x09")) }, "signature-form"},
	"a text that never ends": {func(t testing.TB) []byte {
		return withFile(t, "de.lproj/pass.strings", []byte(`"a" = "`+strings.Repeat("a", 1000)))
	}, "strings-form"},
}

func unknownMethod(t testing.TB) []byte {
	pkg := entries(t, nil, "pass.json")
	at := bytes.LastIndex(pkg, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint16(pkg[at+10:], 99)
	return pkg
}

func large(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	block := make([]byte, 7<<20)
	for i := range block {
		block[i] = byte(i * i >> 7)
	}
	for i := range 7 {
		addEntry(t, z, &zip.FileHeader{Name: fmt.Sprintf("%d.png", i), Method: zip.Store}, block)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func inFolder(t testing.TB) []byte {
	files := map[string][]byte{}
	for name, b := range goodParts().all(t) {
		files["Concert.pass/"+name] = b
	}
	return zipped(t, files)
}

func manyKeys() []byte {
	var b strings.Builder
	b.WriteString(`{"a": 1`)
	for i := range 20_000 {
		fmt.Fprintf(&b, `, "%d%s": 1`, i, strings.Repeat("k", 30))
	}
	b.WriteString("}")
	return []byte(b.String())
}

func TestHostileFilesEndInAFinding(t *testing.T) {
	o := options(t)
	for name, h := range hostile {
		t.Run(name, func(t *testing.T) {
			pkg := h.make(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r := inspected(t, pkg, o)
			runtime.ReadMemStats(&after)
			if _, ok := found(r, h.rule); !ok {
				t.Errorf("%s is not among %.2000s", h.rule, fmt.Sprint(everything(r)))
			}
			// All that was ever allocated, so the most that was in use is less.
			if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
				t.Errorf("%d MiB allocated", used>>20)
			}
			for _, c := range text(t, r) {
				if c < 0x20 && c != '\n' {
					t.Errorf("control character %q printed", c)
				}
			}
		})
	}
}

// A folder in the archive is one finding, and the rest is looked at as if it
// were not there.
func TestTheFolderInTheArchiveHidesNothing(t *testing.T) {
	r := inspected(t, inFolder(t), options(t))
	if list := everything(r); len(list) != 1 || list[0].Rule != "archive-folder" {
		t.Error(list)
	}
}

func TestWhatIsNoPass(t *testing.T) {
	for content, want := range map[string]string{
		"":                       "is empty",
		"<!DOCTYPE html><html>":  "is a web page, not a pass",
		" \n<html>":              "is a web page, not a pass",
		`{"error": "not found"}`: "is JSON, not a pass",
		"not found":              "is text, not a pass",
		"%PDF-1.7":               "is a PDF",
		"\x1f\x8b\x08\x00":       "is packed with gzip",
		"PK\x03\x04 and no more": "is a ZIP archive that is cut off",
		"UEsDBBQAAAAIAA":         "is a ZIP archive in base64",
		"\x00\x01\x02":           "is no ZIP archive",
	} {
		r := inspected(t, []byte(content), inspect.Options{})
		if r.Code() != 2 || len(r.Findings) != 1 || r.Findings[0].Text != want || r.Kind != inspect.KindUnreadable {
			t.Errorf("%q: code %d, %v", content, r.Code(), r.Findings)
		}
	}
}

// Wherever a file is cut off or one byte is another, inspect ends.
func TestDamagedPackages(t *testing.T) {
	o := options(t)
	whole := goodParts().pack(t)
	for i := 0; i < len(whole); i += 197 {
		inspected(t, whole[:i], o)
		changed := bytes.Clone(whole)
		changed[i] ^= 0xff
		inspected(t, changed, o)
	}
}
