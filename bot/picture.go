package bot

import (
	"bytes"
	"context"
	"time"

	"github.com/passhook/passhook/passes/preview"
	"github.com/passhook/passhook/store"
)

// Picture is a pass as Wallet shows it.
type Picture struct {
	// Modified is when it last changed.
	Modified time.Time
	// PNG draws it: tens of milliseconds of work.
	PNG func(ctx context.Context) ([]byte, error)
}

// PictureByLink is the picture of the pass whose link has this token. ok is
// false where no pass has that link.
func (e *Engine) PictureByLink(ctx context.Context, token string) (*Picture, bool, error) {
	row, ok, err := e.Store.PassByLink(ctx, linkHash(token))
	if err != nil || !ok {
		return nil, false, err
	}
	r, issued, err := e.describe(*row)
	if err != nil {
		return nil, false, err
	}
	return &Picture{issued.Modified, func(ctx context.Context) ([]byte, error) { return e.draw(ctx, r, *row) }}, true, nil
}

// drawers is how many pictures are drawn at once: issuing comes first.
const drawers = 2

func (e *Engine) draw(ctx context.Context, r *rendered, row store.Pass) ([]byte, error) {
	if err := e.drawing.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer e.drawing.Release(1)
	img, err := preview.Front(preview.Pass{JSON: r.JSON, Files: r.template.Files(), Language: e.Language}, preview.Options{Scale: 2, Now: row.Updated})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = preview.Encode(&b, img)
	return b.Bytes(), err
}
