package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Endpoint is an outside program that is told what becomes of passes.
type Endpoint struct {
	// Name is permanent.
	Name string
	// Address tells where it is, in a word without spaces: what was disabled at
	// another address is not disabled any more.
	Address string
	// Kinds are the types of messages that it wants.
	Kinds []string
}

// wanted are those of the news that the endpoint wants, each once.
func (e Endpoint) wanted(all []news) (out []news) {
	for _, n := range all {
		if slices.Contains(e.Kinds, n.kind) && (len(out) == 0 || out[len(out)-1] != n) {
			out = append(out, n)
		}
	}
	return out
}

// endpoint is the one of the config with that name; where there is none, it has
// the name alone.
func (s *Store) endpoint(name string) Endpoint {
	for _, e := range s.config.Endpoints {
		if e.Name == name {
			return e
		}
	}
	return Endpoint{Name: name}
}

// Marks of endpoints, by name.
const (
	markDisabled = "webhook disabled " // address, reason
	markFailing  = "webhook failing "  // address, first and last failure in Unix milliseconds
)

// disabled reads why an endpoint is disabled; empty: it is not.
func disabled(row *sql.Row, e Endpoint) (string, error) {
	var value string
	if err := row.Scan(&value); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	address, why, _ := strings.Cut(value, " ")
	if value == "" || address != e.Address {
		return "", nil
	}
	return cmp.Or(why, "no reason was given"), nil
}

// Disabled says why an endpoint is sent nothing more; empty: it is not disabled.
func (s *Store) Disabled(ctx context.Context, endpoint string) (why string, err error) {
	return disabled(s.reader.QueryRowContext(ctx, markNamed, markDisabled+endpoint), s.endpoint(endpoint))
}

// Disable ends a claimed message as dead and sees to it that its endpoint is sent
// nothing more, until Enable or another address. fresh is false where somebody
// else has done so; the operator is told once. The error is ErrLost, and nothing
// is stored, where the claim was lost.
func (s *Store) Disable(ctx context.Context, o *Outgoing, why string) (fresh bool, err error) {
	e := s.endpoint(o.Endpoint)
	err = s.ending(ctx, o, func(t *transaction, now time.Time) error {
		was, err := disabled(t.row(markNamed, markDisabled+e.Name), e)
		if err != nil {
			return err
		}
		if fresh = was == ""; fresh {
			if _, err := t.exec(setMark, markDisabled+e.Name, clean(e.Address+" "+why)); err != nil {
				return err
			}
		}
		return t.changed(endOutgoing, o.ID, o.Attempts, clean(why), millis(now), !fresh)
	})
	return fresh, err
}

// Enable lets an endpoint get messages again, and forgets its failures.
func (s *Store) Enable(ctx context.Context, endpoint string) error {
	err := s.SetMark(ctx, markDisabled+endpoint, "")
	if err == nil {
		err = s.EndpointAnswered(ctx, endpoint)
	}
	return err
}

// EndpointAnswered takes notice that an endpoint took a message.
func (s *Store) EndpointAnswered(ctx context.Context, endpoint string) error {
	failing, err := s.Mark(ctx, markFailing+endpoint)
	if err != nil || failing == "" {
		return err
	}
	return s.SetMark(ctx, markFailing+endpoint, "")
}

const (
	// silence is after what time without any try the failures of an endpoint are
	// counted anew. It is longer than any pause between tries.
	silence = 36 * time.Hour
	// lastEvery is how exactly the time of the last failure is kept.
	lastEvery = time.Hour
)

// EndpointFailed takes notice that an endpoint took no message, and says for how
// long it has done nothing else.
func (s *Store) EndpointFailed(ctx context.Context, endpoint string) (time.Duration, error) {
	e, name := s.endpoint(endpoint), markFailing+endpoint
	now, err := s.engine.now(ctx, s.reader)
	if err != nil {
		return 0, err
	}
	value, err := s.Mark(ctx, name)
	if err != nil {
		return 0, err
	}
	first, last := failures(value, e)
	switch gap := now.Sub(last); {
	case gap > silence || gap < -silence:
		first = now
	case gap < lastEvery && gap > -lastEvery:
		return now.Sub(first), nil
	}
	return now.Sub(first), s.SetMark(ctx, name, fmt.Sprintf("%s %d %d", e.Address, millis(first), millis(now)))
}

// failures are the first and the last failure in a row; none where the mark is of
// another address.
func failures(value string, e Endpoint) (first, last time.Time) {
	parts := strings.Split(value, " ")
	if len(parts) != 3 || parts[0] != e.Address {
		return first, last
	}
	from, err := strconv.ParseInt(parts[1], 10, 64)
	to, failed := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || failed != nil {
		return time.Time{}, time.Time{}
	}
	return fromMillis(from), fromMillis(to)
}
