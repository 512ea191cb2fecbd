package orders

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/passes/preview"
)

// kept is how many bytes of pictures and packages are kept for who asks again.
const kept = 32 << 20

// overhead is about what is kept beside the bytes.
const overhead = 512

// ErrNotSigned says that the certificate cannot sign now. Pages and pictures do
// not need it.
var ErrNotSigned = errors.New("no package can be signed")

// state is a pass in the state that a picture or a package shows. A template
// that was loaded anew is another one.
type state struct {
	serial   string
	updated  int64 // in milliseconds
	template *passes.Template
	// certificate signs the package; nil for a picture.
	certificate *certificates.Certificate
}

func stateOf(p *bot.Pass, c *certificates.Certificate) state {
	return state{p.Serial, p.Source.Updated.UnixMilli(), p.Template, c}
}

// Package is the signed package of a pass. The error is ErrNotSigned while the
// certificate is not valid, and ErrBusy where too many are asked for.
func (o *Orders) Package(ctx context.Context, p *bot.Pass) (*passes.Package, error) {
	c, err := p.Template.Certificate()
	if err == nil {
		err = c.Valid(o.engine.Now())
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSigned, err)
	}
	v, err := o.made.get(ctx, stateOf(p, c), func() (any, int, error) {
		out, err := p.Sign()
		if err != nil {
			return nil, 0, err
		}
		_, own := out.Parts()
		return out, len(own) + overhead, nil
	})
	out, _ := v.(*passes.Package)
	return out, err
}

// QR is a QR code of an address, a PNG. The error is ErrBusy where too many
// pictures are asked for.
func (o *Orders) QR(ctx context.Context, address string) ([]byte, error) {
	v, err := o.made.get(ctx, address, func() (any, int, error) {
		code, err := qr.Encode(address, qr.M, qr.Auto)
		if err != nil {
			return nil, 0, err
		}
		code, err = barcode.Scale(code, code.Bounds().Dx()*4, code.Bounds().Dy()*4)
		if err != nil {
			return nil, 0, err
		}
		var b bytes.Buffer
		err = png.Encode(&b, code)
		return b.Bytes(), b.Cap() + overhead, err
	})
	out, _ := v.([]byte)
	return out, err
}

// Picture is a pass as Wallet shows it, a PNG: tens of milliseconds of work. The
// error is ErrBusy where too many are asked for.
func (o *Orders) Picture(ctx context.Context, p *bot.Pass) ([]byte, error) {
	v, err := o.made.get(ctx, stateOf(p, nil), func() (any, int, error) {
		img, err := preview.Front(preview.Pass{JSON: p.Rendered.JSON, Files: p.Template.FilesOf(p.Source), Language: o.language}, preview.Options{Scale: 2, Now: p.Source.Updated})
		if err != nil {
			return nil, 0, err
		}
		var b bytes.Buffer
		err = preview.Encode(&b, img)
		return b.Bytes(), b.Cap() + overhead, err
	})
	out, _ := v.([]byte)
	return out, err
}
