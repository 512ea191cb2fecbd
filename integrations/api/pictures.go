package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes/images"
)

// maxPicture is the largest picture that is taken, in bytes.
const maxPicture = 1 << 20

// pictureFile is a picture that was fetched, ready for a package.
type pictureFile struct {
	name, id string
	data     []byte
}

// fetchPictures gets the pictures of a pass and makes the variants that its style
// wants. Errors are the author's; those of integrations.Never too.
func (h *Handler) fetchPictures(ctx context.Context, w wanted) ([]pictureFile, error) {
	kinds := slices.Sorted(maps.Keys(w.pictures))
	made := make([][]pictureFile, len(kinds))
	g, ctx := errgroup.WithContext(ctx)
	for i, kind := range kinds {
		g.Go(func() (err error) {
			if made[i], err = h.picture(ctx, kind, w.pictures[kind], w.style); err != nil {
				return fmt.Errorf("%sURL: %w", kind, err)
			}
			return nil
		})
	}
	err := g.Wait()
	return slices.Concat(made...), err
}

func (h *Handler) picture(ctx context.Context, kind, address, style string) ([]pictureFile, error) {
	data, err := h.load(ctx, address)
	if err != nil {
		return nil, err
	}
	k, _ := images.Lookup(kind)
	if !k.Shown(style) {
		return nil, integrations.Never(fmt.Errorf("a pass of style %s shows no %s", style, kind))
	}
	if _, err := images.Inspect(data); err != nil {
		return nil, integrations.Never(err)
	}
	variants, err := images.Scale(data, k, style)
	if err != nil {
		return nil, integrations.Never(err)
	}
	var out []pictureFile
	for _, scale := range slices.Sorted(maps.Keys(variants)) {
		sum := sha256.Sum256(variants[scale])
		out = append(out, pictureFile{images.Name{Kind: k}.File(scale), hex.EncodeToString(sum[:]), variants[scale]})
	}
	return out, nil
}

// load reads a picture that is in the request, or where the request says.
func (h *Handler) load(ctx context.Context, address string) ([]byte, error) {
	inline, ok := strings.CutPrefix(address, "data:")
	if !ok {
		data, _, err := h.Guard.Get(ctx, address, integrations.GetOptions{Max: maxPicture})
		return data, err
	}
	kind, text, found := strings.Cut(inline, ",")
	if !found || !strings.HasPrefix(kind, "image/") || !strings.HasSuffix(kind, ";base64") {
		return nil, integrations.Never(errors.New("the data must begin with data:image/png;base64,"))
	}
	data, err := base64.StdEncoding.DecodeString(text)
	switch {
	case err != nil:
		return nil, integrations.Never(errors.New("the data is not base64"))
	case len(data) > maxPicture:
		return nil, integrations.Never(fmt.Errorf("the picture is larger than %d MB", maxPicture>>20))
	}
	return data, nil
}
