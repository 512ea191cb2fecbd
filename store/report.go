package store

import (
	"context"
	"time"
)

const (
	untoldEvents = "SELECT " + eventFields + " FROM events WHERE id IN (SELECT id FROM events WHERE state = 'failed' AND told = false" +
		" UNION SELECT id FROM events WHERE attention <> '' AND NOT told) ORDER BY id LIMIT $1"
	untoldDeliveries = "SELECT " + deliveryFields + " FROM deliveries WHERE state = 'dead' AND told = false ORDER BY id LIMIT $1"
	untoldMessages   = "SELECT " + messageFields + " FROM messages WHERE state = 'dead' AND told = false ORDER BY id LIMIT $1"
	untoldWalks      = "SELECT " + walkFields + " FROM walks WHERE state = 'failed' AND NOT told ORDER BY id LIMIT $1"
)

// Trouble is what the operator is to be told of.
type Trouble struct {
	// Events failed or need attention, Deliveries are dead and Walks failed,
	// each the oldest first.
	Events     []Event
	Deliveries []Delivery
	Walks      []Walk
	// Messages are dead.
	Messages []Message
	// Outgoing are the newest message of each endpoint that was given up; they
	// stand for all before them.
	Outgoing []Outgoing
}

// Unreported is what the operator has not been told of, limit of each kind.
func (s *Store) Unreported(ctx context.Context, limit int) (out Trouble, err error) {
	if out.Events, err = collect(ctx, s.reader, scanEvent, untoldEvents, limit); err != nil {
		return out, err
	}
	if out.Deliveries, err = collect(ctx, s.reader, scanDelivery, untoldDeliveries, limit); err != nil {
		return out, err
	}
	if out.Walks, err = collect(ctx, s.reader, scanWalk, untoldWalks, limit); err != nil {
		return out, err
	}
	if out.Messages, err = collect(ctx, s.reader, scanMessage, untoldMessages, limit); err != nil {
		return out, err
	}
	out.Outgoing, err = s.untold(ctx, limit)
	return out, err
}

const (
	// stuckEvent is one that was tried often: the index has those.
	stuckEvent      = "SELECT " + eventFields + " FROM events WHERE state = 'pending' AND attempts >= 5 ORDER BY since LIMIT 1"
	waitingEvent    = "SELECT " + eventFields + " FROM events WHERE state = 'pending' AND since <= $1 ORDER BY since LIMIT 1"
	waitingDelivery = "SELECT " + deliveryFields + " FROM deliveries WHERE state = 'pending' AND since <= $1 ORDER BY since LIMIT 1"
	waitingDevice   = "SELECT " + deviceFields + " FROM devices WHERE state = 'pending' AND since <= $1 ORDER BY since LIMIT 1"
)

// toldAfter is how long something may wait until the operator is told.
const toldAfter = time.Hour

// Stuck is what has waited the longest of each kind; nil: none of it.
type Stuck struct {
	// Event was tried five times and is pending still, or has waited for an hour.
	Event *Event
	// Delivery and Device have waited for an hour.
	Delivery *Delivery
	Device   *Device
}

// Stuck is what keeps being tried, or has waited for an hour.
func (s *Store) Stuck(ctx context.Context) (out Stuck, err error) {
	now, err := s.engine.now(ctx, s.reader)
	if err != nil {
		return out, err
	}
	before := millis(now.Add(-toldAfter))
	if out.Event, err = first(collect(ctx, s.reader, scanEvent, stuckEvent)); err == nil && out.Event == nil {
		out.Event, err = first(collect(ctx, s.reader, scanEvent, waitingEvent, before))
	}
	if err != nil {
		return out, err
	}
	if out.Delivery, err = first(collect(ctx, s.reader, scanDelivery, waitingDelivery, before)); err != nil {
		return out, err
	}
	out.Device, err = first(collect(ctx, s.reader, scanDevice, waitingDevice, before))
	return out, err
}

// first is the one row that was asked for, or nil.
func first[T any](rows []T, err error) (*T, error) {
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

const (
	toldOfEvent    = "UPDATE events SET told = true WHERE id = $1 AND state = $2"
	toldOfDelivery = "UPDATE deliveries SET told = true WHERE id = $1"
	toldOfMessage  = "UPDATE messages SET told = true WHERE id = $1"
	toldOfWalk     = "UPDATE walks SET told = true WHERE id = $1"
)

// MarkReported remembers that the operator was told of these.
func (s *Store) MarkReported(ctx context.Context, of Trouble) error {
	for _, o := range of.Outgoing {
		if err := s.tellOutgoing(ctx, o); err != nil {
			return err
		}
	}
	return s.engine.write(ctx, false, func(t *transaction) error {
		for _, e := range of.Events {
			if _, err := t.exec(toldOfEvent, e.ID, e.State); err != nil {
				return err
			}
		}
		for _, d := range of.Deliveries {
			if _, err := t.exec(toldOfDelivery, d.ID); err != nil {
				return err
			}
		}
		for _, m := range of.Messages {
			if _, err := t.exec(toldOfMessage, m.ID); err != nil {
				return err
			}
		}
		for _, w := range of.Walks {
			if _, err := t.exec(toldOfWalk, w.ID); err != nil {
				return err
			}
		}
		return nil
	})
}
