package bot

import (
	"context"

	"github.com/passhook/passhook/store"
)

// decisionLink is the page of an event that needs attention; empty where it is
// about no passes. Only the operator gets it.
func (e *Engine) decisionLink(ctx context.Context, ev store.Event) (string, error) {
	rows, err := e.Store.PassesAbout(ctx, ev)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return e.URL + DecisionPath + e.Secrets.EventToken(TokenDecision, ev.ID), nil
}
