package store

import (
	"context"
	"slices"
	"time"

	"github.com/passhook/passhook/integrations"
)

// Outgoing is a message for an endpoint.
type Outgoing struct {
	// ID is the message's for the endpoint, too, at every attempt.
	ID string
	// Endpoint is the name of the one that it is for.
	Endpoint string
	// Type is one of integrations.MessageTypes.
	Type string
	// Subject is the serial number of a pass, or the id of a delivery.
	Subject string
	// EventID is the event that did it, or empty.
	EventID string
	// At is when it happened.
	At    time.Time
	State string
	// Note is the last error, for people.
	Note     string
	Attempts int
	// Since, Due and Settled are as an event's.
	Since, Due, Settled time.Time
}

const outgoingFields = "id, endpoint, kind, subject, event_id, at, state, note, attempts, since, due, settled"

func scanOutgoing(row scanner) (*Outgoing, error) {
	var o Outgoing
	var at, since, due, settled int64
	err := row.Scan(&o.ID, &o.Endpoint, &o.Type, &o.Subject, &o.EventID, &at, &o.State, &o.Note, &o.Attempts, &since, &due, &settled)
	o.At, o.Since, o.Due, o.Settled = fromMillis(at), fromMillis(since), fromMillis(due), fromMillis(settled)
	return &o, err
}

func (o *Outgoing) row() Row {
	return Row{ID: o.ID, Lane: o.Endpoint, State: o.State, Note: o.Note, Attempts: o.Attempts, Since: o.Since, Due: o.Due}
}

// news is something that endpoints may want to know.
type news struct{ kind, subject string }

const (
	insertOutgoing  = "INSERT INTO outgoing (id, endpoint, kind, subject, event_id, at, due, since)"
	eventOfDelivery = "SELECT event_id FROM deliveries JOIN orders ON orders.id = order_id WHERE deliveries.id = $1"
)

// queue stores messages for the endpoints that want them and are not disabled.
func (s *Store) queue(t *transaction, now time.Time, eventID string, all []news) error {
	var rows [][]any
	for _, e := range s.config.Endpoints {
		wanted := e.wanted(all)
		if len(wanted) == 0 {
			continue
		}
		if why, err := disabled(t.row(markNamed, markDisabled+e.Name), e); err != nil || why != "" {
			if err != nil {
				return err
			}
			continue
		}
		for _, n := range wanted {
			id, err := newID()
			if err != nil {
				return err
			}
			rows = append(rows, []any{id, e.Name, n.kind, n.subject, eventID, millis(now), millis(now), millis(now)})
		}
		t.committed(func() { s.ledger.wake(outgoingTable.name, e.Name) })
	}
	return t.insert(insertOutgoing, "", rows)
}

// queueDead tells endpoints of a delivery that is dead.
func (s *Store) queueDead(t *transaction, now time.Time, id string) error {
	dead := []news{{integrations.MessageDeliveryDead, id}}
	if !slices.ContainsFunc(s.config.Endpoints, func(e Endpoint) bool { return len(e.wanted(dead)) > 0 }) {
		return nil
	}
	var eventID string
	if err := t.row(eventOfDelivery, id).Scan(&eventID); err != nil {
		return err
	}
	return s.queue(t, now, eventID, dead)
}

const (
	endOutgoing = "UPDATE outgoing SET claimed = false, state = 'dead', note = $3, settled = $4, told = $5 WHERE id = $1 AND attempts = $2 AND state = 'pending'"
	// endWaiting ends those that nobody works on, a page of them.
	endWaiting = "UPDATE outgoing SET state = 'dead', note = $2, settled = $3, told = true WHERE state = 'pending' AND NOT claimed AND id IN" +
		" (SELECT id FROM outgoing WHERE state = 'pending' AND endpoint = $1 AND NOT claimed ORDER BY due LIMIT 500)"
)

// EndOutgoing ends a claimed message, and many of those that wait for the same
// endpoint, as dead. The operator is not told of them. The error is ErrLost where
// the claim was lost.
func (s *Store) EndOutgoing(ctx context.Context, o *Outgoing, note string) error {
	return s.ending(ctx, o, func(t *transaction, now time.Time) error {
		if err := t.changed(endOutgoing, o.ID, o.Attempts, clean(note), millis(now), true); err != nil {
			return err
		}
		_, err := t.exec(endWaiting, o.Endpoint, clean(note), millis(now))
		return err
	})
}

// ending is a transaction that ends messages of an endpoint; no other does so
// meanwhile.
func (s *Store) ending(ctx context.Context, o *Outgoing, f func(t *transaction, now time.Time) error) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err == nil {
			err = s.engine.lock(t, []string{"endpoint " + o.Endpoint}, nil)
		}
		if err != nil {
			return err
		}
		return f(t, now)
	})
}

const (
	// untoldEndpoints are those of which messages were given up: one step of the
	// index for each.
	untoldEndpoints = "WITH RECURSIVE names (name) AS (SELECT min(endpoint) FROM outgoing WHERE state = 'dead' AND NOT told" +
		" UNION ALL SELECT (SELECT min(endpoint) FROM outgoing WHERE state = 'dead' AND NOT told AND endpoint > names.name) FROM names WHERE names.name IS NOT NULL)" +
		" SELECT name FROM names WHERE name IS NOT NULL LIMIT $1"
	untoldOutgoing = "SELECT " + outgoingFields + " FROM outgoing WHERE state = 'dead' AND NOT told AND endpoint = $1 ORDER BY id DESC LIMIT 1"
	toldOfOutgoing = "UPDATE outgoing SET told = true WHERE id IN" +
		" (SELECT id FROM outgoing WHERE state = 'dead' AND NOT told AND endpoint = $1 AND id <= $2 ORDER BY id LIMIT 500)"
)

// untold are the newest message of each endpoint that was given up.
func (s *Store) untold(ctx context.Context, limit int) ([]Outgoing, error) {
	names, err := s.strings(ctx, untoldEndpoints, limit)
	if err != nil {
		return nil, err
	}
	var out []Outgoing
	for _, name := range names {
		some, err := collect(ctx, s.reader, scanOutgoing, untoldOutgoing, name)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

// tellOutgoing remembers that the operator was told of an endpoint's messages up
// to this one, a page at a time.
func (s *Store) tellOutgoing(ctx context.Context, o Outgoing) error {
	for {
		var n int64
		err := s.engine.write(ctx, false, func(t *transaction) (err error) {
			n, err = t.exec(toldOfOutgoing, o.Endpoint, o.ID)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

const outgoingOfEvent = "SELECT " + outgoingFields + " FROM outgoing WHERE event_id = $1 ORDER BY event_id, id LIMIT $2"

// OutgoingOf are the messages that an event led to, the oldest first, at most so
// many.
func (s *Store) OutgoingOf(ctx context.Context, eventID string, most int) ([]Outgoing, error) {
	return collect(ctx, s.reader, scanOutgoing, outgoingOfEvent, eventID, most)
}
