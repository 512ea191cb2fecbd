package hooks

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Verify judges a request.
func (h *Hook) Verify(header http.Header, body []byte, now time.Time) error {
	return h.verifier.Verify(header, body, now)
}

// Fetching has the hook fetch with f.
func (h *Hook) Fetching(f func(ctx context.Context, address string, header http.Header) ([]byte, error)) {
	h.fetch = f
}

// StatusOf is the status with which an error is answered; 0: it is none of the
// sender's.
func StatusOf(err error) int {
	var r refusal
	if errors.As(err, &r) {
		return r.code
	}
	return 0
}
