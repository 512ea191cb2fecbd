package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"
)

// Device is a phone with the passes of one type.
type Device struct {
	ID string
	// Library is the phone's own id, and PassType that of its passes.
	Library, PassType string
	PushToken         string
	// Wanted is the newest version that it should have, Pushed the one that it was
	// woken for, and Listed the one that it was told of when it asked.
	Wanted, Pushed, Listed int64
	State, Note            string
	Attempts               int
	Created, Since, Due    time.Time
}

const deviceFields = "id, library_id, pass_type, push_token, wanted, pushed, listed, created, state, note, attempts, since, due"

func scanDevice(row scanner) (*Device, error) {
	var d Device
	var created, since, due int64
	err := row.Scan(&d.ID, &d.Library, &d.PassType, &d.PushToken, &d.Wanted, &d.Pushed, &d.Listed, &created, &d.State, &d.Note, &d.Attempts, &since, &due)
	d.Created, d.Since, d.Due = fromMillis(created), fromMillis(since), fromMillis(due)
	return &d, err
}

func (d *Device) row() Row {
	return Row{ID: d.ID, Lane: d.PassType, State: d.State, Note: d.Note, Attempts: d.Attempts, Since: d.Since, Due: d.Due}
}

// mostRegistrations is how many phones of a pass are kept; the oldest make room.
// Wallet registers an installation under new ids again and again.
const mostRegistrations = 500

const (
	// passSince locks the pass, so that a change of it comes before or after.
	passSince = "UPDATE passes SET updated = updated WHERE serial = $1 RETURNING created, updated"
	nextTag   = "UPDATE clock SET tag = CASE WHEN tag >= $1 THEN tag + 1 ELSE $1 END RETURNING tag"
	putDevice = "INSERT INTO devices (id, library_id, pass_type, push_token, wanted, pushed, listed, created, state, note, attempts, claimed, due, since, settled, told)" +
		" VALUES ($1, $2, $3, $4, 0, 0, 0, $5, 'done', '', 0, false, 0, 0, 0, false)" +
		" ON CONFLICT (library_id, pass_type) DO UPDATE SET push_token = excluded.push_token RETURNING id"
	putRegistration   = "INSERT INTO registrations (device, serial, tag, fetched, created) VALUES ($1, $2, $3, 0, $4) ON CONFLICT (device, serial) DO NOTHING"
	oldRegistrations  = "DELETE FROM registrations WHERE serial = $1 AND device IN (SELECT device FROM registrations WHERE serial = $1 ORDER BY created DESC LIMIT 1000 OFFSET $2)"
	countOfPass       = "SELECT count(*) FROM (SELECT 1 FROM registrations WHERE serial = $1 LIMIT 2) AS found"
	dropRegistration  = "DELETE FROM registrations WHERE serial = $1 AND device IN (SELECT id FROM devices WHERE library_id = $2 AND pass_type = $3)"
	dropIdleDevice    = "DELETE FROM devices WHERE library_id = $1 AND pass_type = $2 AND NOT EXISTS (SELECT 1 FROM registrations WHERE device = devices.id)"
	deviceByLibrary   = "SELECT " + deviceFields + " FROM devices WHERE library_id = $1 AND pass_type = $2"
	changedOfDevice   = "SELECT serial, tag FROM registrations WHERE device = $1 AND tag > $2"
	listDevice        = "UPDATE devices SET listed = $2 WHERE id = $1 AND listed < $2"
	fetchRegistration = "UPDATE registrations SET fetched = tag WHERE serial = $1 AND tag > fetched AND tag <= (SELECT listed FROM devices WHERE devices.id = device)"
)

// Register remembers that a phone has a pass, and where it is woken; created is
// false where that was known. A pass that has changed since it was issued is new
// to the phone, whatever it has downloaded. The error is ErrNotFound where there
// is no such pass.
func (s *Store) Register(ctx context.Context, library, passType, serial, token string) (created bool, err error) {
	err = s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		var issued, updated, tag int64
		err = t.row(passSince, serial).Scan(&issued, &updated)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err == nil && updated > issued:
			err = t.row(nextTag, millis(now)).Scan(&tag)
		}
		if err != nil {
			return err
		}
		id, err := newID()
		if err != nil {
			return err
		}
		if err := t.row(putDevice, id, library, passType, token, millis(now)).Scan(&id); err != nil {
			return err
		}
		n, err := t.exec(putRegistration, id, serial, tag, millis(now))
		if created = n > 0; err != nil || !created {
			return err
		}
		if _, err := t.exec(oldRegistrations, serial, mostRegistrations); err != nil {
			return err
		}
		var phones int
		if err := t.row(countOfPass, serial).Scan(&phones); err != nil || phones > 1 {
			return err
		}
		return s.remember(t, "", now, []fact{{serial, ActivityInstalled}})
	})
	return created, err
}

// Unregister forgets that a phone has a pass, and the phone with its last one.
func (s *Store) Unregister(ctx context.Context, library, passType, serial string) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		n, err := t.exec(dropRegistration, serial, library, passType)
		if err != nil || n == 0 {
			return err
		}
		if _, err := t.exec(dropIdleDevice, library, passType); err != nil {
			return err
		}
		var phones int
		if err := t.row(countOfPass, serial).Scan(&phones); err != nil || phones > 0 {
			return err
		}
		return s.remember(t, "", now, []fact{{serial, ActivityRemoved}})
	})
}

// ChangedSince are the serial numbers of a phone's passes that changed after a
// version, and the newest version among them. None: last is 0.
func (s *Store) ChangedSince(ctx context.Context, library, passType string, since int64) (serials []string, last int64, err error) {
	d, err := found(scanDevice(s.reader.QueryRowContext(ctx, deviceByLibrary, library, passType)))
	if err != nil {
		return nil, 0, err
	}
	type changed struct {
		serial string
		tag    int64
	}
	all, err := collect(ctx, s.reader, func(row scanner) (*changed, error) {
		var c changed
		return &c, row.Scan(&c.serial, &c.tag)
	}, changedOfDevice, d.ID, since)
	if err != nil || len(all) == 0 {
		return nil, 0, err
	}
	for _, c := range all {
		serials, last = append(serials, c.serial), max(last, c.tag)
	}
	slices.Sort(serials)
	if last <= d.Listed {
		return serials, last, nil
	}
	return serials, last, s.engine.write(ctx, false, func(t *transaction) error {
		_, err := t.exec(listDevice, d.ID, last)
		return err
	})
}

const isBehind = "SELECT 1 FROM registrations WHERE serial = $1 AND tag > fetched LIMIT 1"

// Behind reports whether a pass is out of date on a phone.
func (s *Store) Behind(ctx context.Context, serial string) (bool, error) {
	var one int
	err := s.reader.QueryRowContext(ctx, isBehind, serial).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Fetched takes notice that a pass was fetched as it is now: by those phones that
// were told of its version.
func (s *Store) Fetched(ctx context.Context, serial string) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		_, err := t.exec(fetchRegistration, serial)
		return err
	})
}

const (
	tagRegistrations = "UPDATE registrations SET tag = $2 WHERE serial = $1"
	wakeDevices      = "UPDATE devices SET wanted = $2, state = 'pending', due = CASE WHEN claimed THEN due ELSE $3 END, since = CASE WHEN state = 'pending' THEN since ELSE $3 END" +
		" WHERE id IN (SELECT device FROM registrations WHERE serial = $1) RETURNING pass_type"
	hasPhones = "SELECT 1 FROM registrations WHERE serial = $1 LIMIT 1"
)

// newer gives the phones of changed passes a version that they should have, and
// sees to it that they are woken. It comes last in a transaction: its lock on the
// clock keeps the versions in the order of commits.
func (s *Store) newer(t *transaction, now time.Time, changed []Pass) error {
	var serials []string
	for _, p := range changed {
		has, err := t.strings(hasPhones, p.Serial)
		if err != nil {
			return err
		}
		if len(has) > 0 {
			serials = append(serials, p.Serial)
		}
	}
	if len(serials) == 0 {
		return nil
	}
	var tag int64
	if err := t.row(nextTag, millis(now)).Scan(&tag); err != nil {
		return err
	}
	for _, serial := range serials {
		if _, err := t.exec(tagRegistrations, serial, tag); err != nil {
			return err
		}
		types, err := t.strings(wakeDevices, serial, tag, millis(now))
		if err != nil {
			return err
		}
		for _, passType := range slices.Compact(types) {
			t.committed(func() { s.ledger.wake(deviceTable.name, passType) })
		}
	}
	return nil
}

const (
	// pushedDevice leaves a phone pending that should have something newer by now.
	pushedDevice = "UPDATE devices SET claimed = false, note = '', pushed = $3, settled = $4, due = $4, since = $4, state = CASE WHEN wanted > $3 THEN 'pending' ELSE 'done' END" +
		" WHERE id = $1 AND attempts = $2 AND state = 'pending' RETURNING state"
	forgetRegistrations = "DELETE FROM registrations WHERE device IN (SELECT id FROM devices WHERE id = $1 AND push_token = $2)"
	forgetDevice        = "DELETE FROM devices WHERE id = $1 AND push_token = $2"
)

// Pushed settles a claimed phone that was woken. The error is ErrLost where the
// claim was lost.
func (s *Store) Pushed(ctx context.Context, d *Device) error {
	var state string
	err := s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		err = t.row(pushedDevice, d.ID, d.Attempts, d.Wanted, millis(now)).Scan(&state)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrLost
		}
		return err
	})
	if err == nil && state == StatePending {
		s.ledger.wake(deviceTable.name, d.PassType)
	}
	return err
}

// Forget drops a claimed phone that cannot be reached under its token any more;
// one that has got another meanwhile stays.
func (s *Store) Forget(ctx context.Context, d *Device) error {
	return s.engine.write(ctx, false, func(t *transaction) error {
		_, err := t.exec(forgetRegistrations, d.ID, d.PushToken)
		if err == nil {
			_, err = t.exec(forgetDevice, d.ID, d.PushToken)
		}
		return err
	})
}

// Registration is a pass on a phone.
type Registration struct {
	Device
	Serial string
	// Tag is the version that the phone should have, and Fetched the one that it
	// has; 0 is the one that it was installed with.
	Tag, Fetched int64
	// Registered is when it was installed.
	Registered time.Time
}

const (
	registrationFields = "serial, tag, fetched, registrations.created, devices.id, library_id, pass_type, push_token, wanted, pushed, listed, devices.created, state, note, attempts, since, due"
	phonesOfPass       = "SELECT " + registrationFields + " FROM registrations JOIN devices ON devices.id = device WHERE serial = $1 ORDER BY registrations.created DESC LIMIT $2"
	stalePhones        = "SELECT " + registrationFields + " FROM registrations JOIN devices ON devices.id = device WHERE tag > fetched AND tag > $1 AND tag <= $2 ORDER BY tag LIMIT $3"
)

func scanRegistration(row scanner) (*Registration, error) {
	var r Registration
	var registered, created, since, due int64
	d := &r.Device
	err := row.Scan(&r.Serial, &r.Tag, &r.Fetched, &registered, &d.ID, &d.Library, &d.PassType, &d.PushToken, &d.Wanted, &d.Pushed, &d.Listed, &created, &d.State, &d.Note, &d.Attempts, &since, &due)
	r.Registered, d.Created, d.Since, d.Due = fromMillis(registered), fromMillis(created), fromMillis(since), fromMillis(due)
	return &r, err
}

// PhonesOf are the phones that have a pass, those that installed it last first, at
// most so many.
func (s *Store) PhonesOf(ctx context.Context, serial string, most int) ([]Registration, error) {
	return collect(ctx, s.reader, scanRegistration, phonesOfPass, serial, most)
}

const countPhones = "SELECT count(*) FROM registrations WHERE serial = $1"

// CountPhones is how many phones have a pass.
func (s *Store) CountPhones(ctx context.Context, serial string) (n int, err error) {
	err = s.reader.QueryRowContext(ctx, countPhones, serial).Scan(&n)
	return n, err
}

const (
	// behindFrom are passes on phones that are behind, from a place on.
	behindFrom = "SELECT tag, device FROM registrations WHERE tag > fetched AND (tag, device) > ($1, $2) AND tag <= $3 ORDER BY tag, device LIMIT $4"
	// pushAgain waits as long again as the phone has been behind when it was woken
	// last: the pauses double. A version is the time of its change.
	pushAgain = "UPDATE devices SET state = 'pending', due = $2, since = $2 WHERE id = $1 AND state = 'done' AND $2 - settled >= settled - pushed RETURNING pass_type"
)

// againPage is how many phones one transaction looks at.
const againPage = 200

// behind is a pass on a phone that has an older version.
type behind struct {
	tag    int64
	device string
}

// PushAgain has phones woken once more that have not fetched a version of between
// two times. It returns how many.
func (s *Store) PushAgain(ctx context.Context, from, to time.Time) (n int, err error) {
	scan := func(row scanner) (*behind, error) {
		var b behind
		return &b, row.Scan(&b.tag, &b.device)
	}
	for at := (behind{tag: millis(from)}); ; {
		page, err := collect(ctx, s.reader, scan, behindFrom, at.tag, at.device, millis(to), againPage)
		if err != nil || len(page) == 0 {
			return n, err
		}
		woken, err := s.wakeAgain(ctx, page)
		if n += woken; err != nil || len(page) < againPage {
			return n, err
		}
		at = page[againPage-1]
	}
}

// wakeAgain marks phones as to be woken. One with several passes is marked once:
// then it is not done any more.
func (s *Store) wakeAgain(ctx context.Context, all []behind) (n int, err error) {
	err = s.engine.write(ctx, false, func(t *transaction) error {
		n = 0
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		for _, b := range all {
			types, err := t.strings(pushAgain, b.device, millis(now))
			if err != nil {
				return err
			}
			for _, passType := range types {
				n++
				t.committed(func() { s.ledger.wake(deviceTable.name, passType) })
			}
		}
		return nil
	})
	return n, err
}

// Stale are passes on phones that should have had another version by a time, the
// longest behind first, at most so many; of changes after another time, unless
// that is zero.
func (s *Store) Stale(ctx context.Context, after, by time.Time, most int) ([]Registration, error) {
	return collect(ctx, s.reader, scanRegistration, stalePhones, millis(after), millis(by), most)
}
