// Package orders is what people see of passes and orders, and what they do with
// them: pages by link, pictures, packages, new names, corrected addresses, and
// the operator's decisions.
package orders

import (
	"context"
	"errors"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/store"
)

// Orders answers what pages ask, and carries out what people want changed.
type Orders struct {
	engine   *bot.Engine
	language string
	made     *cache
}

// New is over an engine. language is that of pictures, as de; empty is English.
func New(e *bot.Engine, language string) *Orders {
	return &Orders{engine: e, language: language, made: newCache(kept)}
}

// Refused is an error whose text is for the person who asked.
type Refused struct{ Text string }

func (r Refused) Error() string { return r.Text }

// PassByLink finds a pass by the token in its link. ok is false where no pass
// has that link.
func (o *Orders) PassByLink(ctx context.Context, token string) (*bot.Pass, bool, error) {
	row, err := o.engine.Store.PassByLink(ctx, bot.LinkHash(token))
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	p, err := o.engine.Pass(*row)
	return p, err == nil, err
}
