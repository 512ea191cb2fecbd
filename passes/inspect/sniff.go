package inspect

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// looks are what people take for a pass, by how it begins.
var looks = []struct{ begin, what, fix string }{
	{"%PDF", "is a PDF", ""},
	{"\x1f\x8b", "is packed with gzip", "unpack it once: a server compressed it and the download kept that"},
	{"\x89PNG", "is a PNG image", ""},
	{"\xff\xd8\xff", "is a JPEG image", ""},
	{"Rar!", "is a RAR archive", "a .pkpass is a ZIP archive"},
	{"7z\xbc\xaf", "is a 7-Zip archive", "a .pkpass is a ZIP archive"},
	{"BZh", "is packed with bzip2", "a .pkpass is a ZIP archive"},
	{"\xfd7zXZ", "is packed with xz", "a .pkpass is a ZIP archive"},
	{"-----BEGIN ", "is PEM: a certificate, a key or a signature", ""},
	{"UEsDB", "is a ZIP archive in base64", "decode it: base64 -d"},
	{"PK\x03\x04", "is a ZIP archive that is cut off", "download or make it again"},
	{"<!doctype html", "is a web page, not a pass",
		"the download was an error page or a login; open it in a browser to see which"},
	{"<html", "is a web page, not a pass",
		"the download was an error page or a login; open it in a browser to see which"},
	{"<?xml", "is XML, not a pass", "the download may be an error of the server; read it"},
	{"{", "is JSON, not a pass", "the download may be an error of the server; read it. A pass.json alone is no pass: put it in a folder with its images"},
	{"[", "is JSON, not a pass", "the download may be an error of the server; read it"},
	{"ustar", "is a tar archive", "a .pkpass is a ZIP archive"},
}

// sniff says what a file is that is no ZIP archive.
func sniff(r io.ReaderAt, size int64) (what, fix string) {
	if size == 0 {
		return "is empty", "download or make it again"
	}
	b := make([]byte, min(size, 512))
	n, _ := r.ReadAt(b, 0)
	b = b[:n]
	if n > 262 && bytes.HasPrefix(b[257:], []byte("ustar")) {
		return "is a tar archive", "a .pkpass is a ZIP archive"
	}
	begin := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n"))
	for _, l := range looks {
		if bytes.HasPrefix(b, []byte(l.begin)) || bytes.HasPrefix(begin, []byte(l.begin)) {
			return l.what, l.fix
		}
	}
	if text := bytes.TrimRight(b, "\xff\xfe"); utf8.Valid(text) && !bytes.ContainsRune(text, 0) {
		return "is text, not a pass", "the download may be an error of the server; read it"
	}
	return "is no ZIP archive", "a .pkpass is a ZIP archive of pass.json, images, manifest.json and signature"
}
