package orders

import (
	"bytes"
	"context"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/preview"
)

// Package is the signed package of a pass.
func (o *Orders) Package(_ context.Context, p *bot.Pass) (*passes.Package, error) {
	err := o.engine.Pack(p)
	return p.Content, err
}

// drawers is how many pictures are drawn at once: issuing comes first.
const drawers = 2

// Picture is a pass as Wallet shows it, a PNG: tens of milliseconds of work.
func (o *Orders) Picture(ctx context.Context, p *bot.Pass) ([]byte, error) {
	if err := o.drawing.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer o.drawing.Release(1)
	img, err := preview.Front(preview.Pass{JSON: p.Rendered.JSON, Files: p.Template.Files(), Language: o.language}, preview.Options{Scale: 2, Now: p.Source.Updated})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = preview.Encode(&b, img)
	return b.Bytes(), err
}
