package mailer

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/textproto"
	"runtime"
	"slices"
	"sync"
	"weak"

	"github.com/passhook/passhook/passes"
	gomail "github.com/wneessen/go-mail"
)

// lineBytes fill a line of base64 in a mail, which has at most 76 characters
// (RFC 2045 section 6.8).
const lineBytes = 57

// pieces is a mail in the order of its bytes. What is attached is not copied:
// it stands there as the base64 that packages of a template share.
type pieces struct {
	done []piece
	text []byte // behind them, growing
}

type piece struct {
	bytes  []byte
	base64 bool
}

// Write adds what go-mail writes: headers, texts and boundaries.
func (p *pieces) Write(b []byte) (int, error) {
	p.text = append(p.text, b...)
	return len(b), nil
}

// attach adds lines of base64.
func (p *pieces) attach(encoded ...[]byte) {
	p.flush()
	for _, b := range encoded {
		p.done = append(p.done, piece{b, true})
	}
}

func (p *pieces) flush() {
	if len(p.text) > 0 {
		p.done = append(p.done, piece{p.text, false})
	}
	p.text = nil
}

// sign puts a DKIM signature before the mail.
func (p *pieces) sign(signer *gomail.DKIMSigner) error {
	var all []byte
	for _, one := range p.done {
		all = append(all, one.bytes...)
	}
	head, body, _ := bytes.Cut(all, []byte("\r\n\r\n"))
	signature, err := signer.Sign(all[:len(head)+len("\r\n")], body)
	if err != nil {
		return err
	}
	p.done = slices.Insert(p.done, 0, piece{[]byte(signature), false})
	return nil
}

// wire is the mail as SMTP wants it behind DATA: every dot that begins a line is
// doubled, and a line with a dot alone ends it (RFC 5321 section 4.5.2). A piece
// never begins with a dot, base64 never has one, and all lines end in CRLF.
func (p *pieces) wire() [][]byte {
	out := make([][]byte, 0, len(p.done)+1)
	for _, one := range p.done {
		if !one.base64 {
			one.bytes = bytes.ReplaceAll(one.bytes, []byte("\r\n."), []byte("\r\n.."))
		}
		out = append(out, one.bytes)
	}
	return append(out, []byte(".\r\n"))
}

// encodings keeps the base64 of what the packages of a template share, for as
// long as the template is in use.
type encodings struct{ kept sync.Map } // weak.Pointer[byte] to []byte

// attachment is a package as go-mail attaches it. go-mail would encode and copy
// it each time; by the time that it asks for the content, the part's header is
// written, so the content goes to the mail directly.
func (e *encodings) attachment(name string, p *passes.Package, to *pieces) *gomail.File {
	return &gomail.File{
		Name: name, ContentType: packageType, Header: textproto.MIMEHeader{},
		Writer: func(io.Writer) (int64, error) {
			to.attach(e.of(p)...)
			return 0, nil
		},
	}
}

// of is the package as lines of base64, in up to two pieces.
func (e *encodings) of(p *passes.Package) [][]byte {
	shared, own := p.Parts()
	whole := len(shared) - len(shared)%lineBytes
	if whole == 0 {
		return [][]byte{encode(p.Bytes())}
	}
	return [][]byte{e.shared(shared[:whole]), encode(slices.Concat(shared[whole:], own))}
}

func (e *encodings) shared(b []byte) []byte {
	key := weak.Make(&b[0])
	if encoded, ok := e.kept.Load(key); ok {
		return encoded.([]byte)
	}
	encoded, known := e.kept.LoadOrStore(key, encode(b))
	if !known {
		runtime.AddCleanup(&b[0], func(key weak.Pointer[byte]) { e.kept.Delete(key) }, key)
	}
	return encoded.([]byte)
}

// encode makes lines of base64, each with its CRLF.
func encode(b []byte) []byte {
	lines := (len(b) + lineBytes - 1) / lineBytes
	out := make([]byte, 0, base64.StdEncoding.EncodedLen(len(b))+lines*len("\r\n"))
	for line := range slices.Chunk(b, lineBytes) {
		out = base64.StdEncoding.AppendEncode(out, line)
		out = append(out, "\r\n"...)
	}
	return out
}
