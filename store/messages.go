package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kinds of messages.
const (
	// MessageNotice is a text.
	MessageNotice = "notice"
	// MessageAnswer is for whoever asked for something: a text, or where that is
	// empty the passes that the event issued.
	MessageAnswer = "answer"
	// MessageEdit brings a delivery that was sent up to date, where it was put.
	MessageEdit = "edit"
)

// Message is what somebody is told over a channel, beside passes.
type Message struct {
	ID   string
	Kind string
	// Channel and Recipient say who is told; an edit has no recipient.
	Channel, Recipient string
	Subject, Text      string
	// EventID is the event that it is about, and DeliveryID what an edit
	// changes; either may be empty.
	EventID, DeliveryID string
	State               string
	// Note is the last error, for people.
	Note     string
	Attempts int
	// Since, Due and Settled are as an event's.
	Since, Due, Settled time.Time
}

const messageFields = "id, kind, channel, recipient, subject, text, event_id, delivery_id, state, note, attempts, since, due, settled"

func scanMessage(row scanner) (*Message, error) {
	var m Message
	var since, due, settled int64
	err := row.Scan(&m.ID, &m.Kind, &m.Channel, &m.Recipient, &m.Subject, &m.Text, &m.EventID, &m.DeliveryID, &m.State, &m.Note, &m.Attempts, &since, &due, &settled)
	m.Since, m.Due, m.Settled = fromMillis(since), fromMillis(due), fromMillis(settled)
	return &m, err
}

func (m *Message) row() Row {
	return Row{ID: m.ID, Lane: m.Channel, State: m.State, Note: m.Note, Attempts: m.Attempts, Since: m.Since, Due: m.Due}
}

const insertMessage = "INSERT INTO messages (id, kind, channel, recipient, subject, text, event_id, delivery_id, due, since)"

// tell stores messages in the transaction of what they are about; workers are
// woken for them when that is on disk.
func (s *Store) tell(t *transaction, now time.Time, all []Message) error {
	rows := make([][]any, len(all))
	for i, m := range all {
		id, err := newID()
		if err != nil {
			return err
		}
		rows[i] = []any{id, m.Kind, m.Channel, clean(m.Recipient), clean(m.Subject), cleanText(m.Text), m.EventID, m.DeliveryID, millis(now), millis(now)}
		t.committed(func() { s.ledger.wake(messageTable.name, m.Channel) })
	}
	return t.insert(insertMessage, "", rows)
}

// Tell queues a message.
func (s *Store) Tell(ctx context.Context, m Message) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		return s.tell(t, now, []Message{m})
	})
}

// cleanText is clean for texts that may be long.
func cleanText(s string) string {
	const most = 16 << 10
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// edits queues a change of every delivery that was put somewhere and has one of
// the passes. PostgreSQL would look for places first, if it knew how few there
// are, and read all deliveries.
func (s *Store) edits(t *transaction, eventID string, now time.Time, serials []string) error {
	serials = slices.Compact(slices.Sorted(slices.Values(serials)))
	for some := range slices.Chunk(serials, insertAtOnce) {
		marks, args := make([]string, len(some)), make([]any, len(some))
		for i, serial := range some {
			marks[i], args[i] = "$"+strconv.Itoa(i+1), serial
		}
		all, err := collect(t.ctx, t, scanEdit, "SELECT DISTINCT deliveries.id, deliveries.channel FROM delivery_passes JOIN deliveries ON deliveries.id = delivery_passes.delivery_id"+
			" WHERE delivery_passes.serial IN ("+strings.Join(marks, ", ")+") AND length(deliveries.place) > 0", args...)
		if err != nil {
			return err
		}
		for i := range all {
			all[i].EventID = eventID
		}
		if err := s.tell(t, now, all); err != nil {
			return err
		}
	}
	return nil
}

func scanEdit(row scanner) (*Message, error) {
	m := Message{Kind: MessageEdit}
	return &m, row.Scan(&m.DeliveryID, &m.Channel)
}

const setPlace = "UPDATE deliveries SET place = $2 WHERE id = $1"

// SetPlace remembers where the other side has put a delivery.
func (s *Store) SetPlace(ctx context.Context, deliveryID, place string) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		_, err := t.exec(setPlace, deliveryID, clean(place))
		return err
	})
}

const eventByOrder = "SELECT " + eventFields + " FROM events WHERE id = (SELECT event_id FROM orders WHERE id = $1)"

// EventOfOrder reads the event that issued an order.
func (s *Store) EventOfOrder(ctx context.Context, orderID string) (*Event, error) {
	return found(scanEvent(s.reader.QueryRowContext(ctx, eventByOrder, orderID)))
}
