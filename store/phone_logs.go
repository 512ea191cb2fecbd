package store

import (
	"context"
	"time"
)

// PhoneLog is a line that a phone said.
type PhoneLog struct {
	ID string
	// Serial is the pass that it names, or empty.
	Serial string
	At     time.Time
	Text   string
}

const (
	putPhoneLog = "INSERT INTO phone_logs (id, serial, at, text) VALUES ($1, $2, $3, $4)"
	// trimPhoneLogs drops what is older than the newest lines.
	trimPhoneLogs   = "DELETE FROM phone_logs WHERE id IN (SELECT id FROM phone_logs ORDER BY id DESC LIMIT 1000 OFFSET $1)"
	phoneLogsOfPass = "SELECT id, serial, at, text FROM phone_logs WHERE serial = $1 ORDER BY serial, id DESC LIMIT $2"
	phoneLogs       = "SELECT id, serial, at, text FROM phone_logs ORDER BY id DESC LIMIT $1"
)

// mostPhoneLogs is how many lines are kept.
const mostPhoneLogs = 10_000

// PutPhoneLogs keeps lines; the oldest of all make room.
func (s *Store) PutPhoneLogs(ctx context.Context, lines []PhoneLog) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		for _, l := range lines {
			id, err := newID()
			if err != nil {
				return err
			}
			if _, err := t.exec(putPhoneLog, id, clean(l.Serial), millis(now), clean(l.Text)); err != nil {
				return err
			}
		}
		_, err = t.exec(trimPhoneLogs, mostPhoneLogs)
		return err
	})
}

// PhoneLogs are the newest lines about a pass, or of all where serial is empty, at
// most so many.
func (s *Store) PhoneLogs(ctx context.Context, serial string, most int) ([]PhoneLog, error) {
	scan := func(row scanner) (*PhoneLog, error) {
		var l PhoneLog
		var at int64
		err := row.Scan(&l.ID, &l.Serial, &at, &l.Text)
		l.At = fromMillis(at)
		return &l, err
	}
	if serial == "" {
		return collect(ctx, s.reader, scan, phoneLogs, most)
	}
	return collect(ctx, s.reader, scan, phoneLogsOfPass, serial, most)
}
