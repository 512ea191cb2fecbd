package bot

import (
	"context"
	"crypto/subtle"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/passhook/passhook/store"
)

// decisionLink is the page of an event that needs attention; empty where it is
// about no passes. Only the operator gets it.
func (e *Engine) decisionLink(ctx context.Context, ev store.Event) (string, error) {
	rows, err := e.Store.PassesAbout(ctx, ev)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return e.URL + DecisionPath + strings.ReplaceAll(ev.ID, "-", "") + e.Secrets.keys[0].decisionToken(ev.ID), nil
}

// idLength is that of an event's id in a link: a UUID without hyphens.
const idLength = 32

// DecisionEvent is the id of the event to whose decision a link with this token
// leads. ok is false where no link has it.
func (s Secrets) DecisionEvent(token string) (id string, ok bool) {
	if len(token) <= idLength {
		return "", false
	}
	parsed, err := uuid.Parse(token[:idLength])
	if err != nil {
		return "", false
	}
	id = parsed.String()
	return id, slices.ContainsFunc(s.keys, func(k secret) bool {
		return subtle.ConstantTimeCompare([]byte(k.decisionToken(id)), []byte(token[idLength:])) == 1
	})
}
