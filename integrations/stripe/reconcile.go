package stripe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/passhook/passhook/integrations"
)

const (
	// ReconcileEvery is how often Stripe is asked for what never arrived.
	ReconcileEvery = 5 * time.Minute
	// overlap is how much of what was read is read again: Stripe may list an
	// event a little later than one that is newer.
	overlap = 10 * time.Minute
	// markEvery is after how many events the place is remembered.
	markEvery = 100
	// markSince is the name under which the first start is remembered.
	markSince = "stripe since"
)

// Memory is what reconciliation remembers, and asks of the events that are
// stored.
type Memory interface {
	// Mark reads what was remembered under a name; empty where nothing was.
	Mark(ctx context.Context, name string) (string, error)
	SetMark(ctx context.Context, name, value string) error
	// Accounts are the connected accounts of a source that events came from.
	Accounts(ctx context.Context, source string) ([]string, error)
	// HasEvent reports whether there is an event about an object that has one of
	// these types, as its own or as an alias. Stripe's ids are unique over all
	// accounts, and an organization's thin events name one that others do not.
	HasEvent(ctx context.Context, source, object string, types ...string) (bool, error)
}

// Reconciler fetches what Stripe has and the store has not: events that never
// arrived, and what happened to objects without any event. They are accepted as
// those that the webhook takes in.
type Reconciler struct {
	config Config
	client *Client
	memory Memory
	accept Accept
	zone   *time.Location
	now    func() time.Time
	log    *slog.Logger
	// lastErrors is the last error of each mode and account: each is logged once.
	lastErrors map[string]string
	// eventsLost is set where Stripe says that it could not make events.
	eventsLost atomic.Bool
	wake       chan struct{}
}

// NewReconciler makes one. zone is that of the config's since.
func NewReconciler(c Config, m Memory, accept Accept, zone *time.Location, now func() time.Time, log *slog.Logger) *Reconciler {
	return &Reconciler{config: c, client: NewClient(c), memory: m, accept: accept, zone: zone, now: now, log: log, lastErrors: map[string]string{}, wake: make(chan struct{}, 1)}
}

// Accept stores an event that the webhook took in. Where Stripe says in it that
// it could not make some events, Wake has those looked for at once.
func (r *Reconciler) Accept(ctx context.Context, e integrations.Event) (id string, fresh bool, err error) {
	id, fresh, err = r.accept(ctx, e)
	if fresh && e.Type == typeNoEvents {
		r.eventsLost.Store(true)
		select {
		case r.wake <- struct{}{}:
		default: // a look is due anyway
		}
	}
	return id, fresh, err
}

// Wake gives a value when a look must not wait.
func (r *Reconciler) Wake() <-chan struct{} { return r.wake }

// Since is before when nothing is ever fetched by itself: the since setting, or
// the first start, which Look remembers. So a first start mails nobody who
// bought before. ok is false where there was none.
func Since(ctx context.Context, m Memory, c Config, zone *time.Location) (since time.Time, ok bool, err error) {
	if c.Since != "" {
		since, err = time.ParseInLocation(time.DateOnly, c.Since, zone)
		return since, err == nil, err
	}
	first, err := m.Mark(ctx, markSince)
	if err != nil || first == "" {
		return since, false, err
	}
	since, err = time.Parse(time.RFC3339, first)
	return since, err == nil, err
}

// Look fetches once, in each mode, of the keys' own account and of those
// connected accounts that events came from. What Stripe does not give is tried
// again at the next look, and an error is that the store does not answer.
// Several processes may look; what two of them fetch is stored once.
func (r *Reconciler) Look(ctx context.Context) error {
	since, ok, err := Since(ctx, r.memory, r.config, r.zone)
	if err == nil && !ok {
		since = r.now()
		err = r.memory.SetMark(ctx, markSince, since.UTC().Format(time.RFC3339))
	}
	if err != nil {
		return err
	}
	connected, err := r.memory.Accounts(ctx, SourceName)
	all := r.eventsLost.Swap(false)
	for _, reader := range r.client.Readers(connected...) {
		fresh, failed := r.events(ctx, reader, since)
		for _, l := range lists {
			n, err := r.objects(ctx, reader, l, since, all)
			fresh += n
			failed = cmp.Or(failed, err)
		}
		if ctx.Err() != nil {
			return err
		}
		if failed != nil && all {
			r.eventsLost.Store(true)
		}
		r.logResult(reader.String(), fresh, failed)
	}
	return err
}

// logResult logs what came of one mode and account.
func (r *Reconciler) logResult(mode string, fresh int, err error) {
	if fresh > 0 {
		r.log.Info("stripe: fetched events that had not arrived", "in", mode, "events", fresh)
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	switch {
	case text == r.lastErrors[mode]:
	case err != nil:
		r.log.Warn("stripe: events that never arrive cannot be fetched; it is tried again in a few minutes", "in", mode, "error", err)
	default:
		r.log.Info("stripe: events that never arrive are fetched again", "in", mode)
	}
	r.lastErrors[mode] = text
}

// events takes what comes after the remembered place and moves that.
func (r *Reconciler) events(ctx context.Context, reader Reader, since time.Time) (fresh int, err error) {
	mark := "stripe cursor " + reader.String()
	remembered, err := r.memory.Mark(ctx, mark)
	if err != nil {
		return 0, err
	}
	at := parseCursor(remembered, since)
	settled, read := r.now().Add(-overlap), 0
	remember := func() error {
		if at.String() == remembered || at.event == "" {
			return nil
		}
		remembered = at.String()
		return r.memory.SetMark(ctx, mark, remembered)
	}
	err = reader.Events(ctx, since, at.event, func(raw []byte) error {
		e := reader.Receive(raw)
		_, isNew, err := r.accept(ctx, e)
		if err != nil {
			return err
		}
		if isNew {
			fresh++
		}
		if e.Time.Before(settled) && plainID.MatchString(e.ExternalID) {
			at.event = e.ExternalID
		}
		if read++; read%markEvery == 0 {
			return remember()
		}
		return nil
	})
	return fresh, errors.Join(err, remember())
}

// cursor is how far a mode was read: the last event, and since when. With
// another since in the config, all is read anew.
type cursor struct {
	event string
	since time.Time
}

func (c cursor) String() string { return c.event + " " + strconv.FormatInt(c.since.Unix(), 10) }

func parseCursor(s string, since time.Time) cursor {
	event, from, _ := strings.Cut(s, " ")
	if from != strconv.FormatInt(since.Unix(), 10) {
		event = ""
	}
	return cursor{event: event, since: since}
}

// objects stores the events that a list's objects lack. Each look reads those
// that were made since a while before the last one; once a day, and where all
// is set, those are read again that may still have changed.
func (r *Reconciler) objects(ctx context.Context, reader Reader, l objectList, since time.Time, all bool) (fresh int, err error) {
	mark := "stripe " + l.name + " " + reader.String()
	remembered, err := r.memory.Mark(ctx, mark)
	if err != nil {
		return 0, err
	}
	at := parseReading(remembered, since)
	now := r.now()
	from := at.last.Add(-reread)
	if all || now.Sub(at.whole) >= wholeEvery {
		at.whole, from = now, now.Add(-l.changes)
	}
	at.last = now
	err = reader.missingOfList(ctx, l, latest(from, since), now, r.memory.HasEvent, func(e integrations.Event) error {
		_, isNew, err := r.accept(ctx, e)
		if isNew {
			fresh++
			r.log.Warn("stripe: an event was missing and has been made", "external_id", e.ExternalID, "type", e.Type)
		}
		return err
	})
	if err != nil {
		return fresh, err
	}
	return fresh, r.memory.SetMark(ctx, mark, at.String())
}

const (
	// reread is how much longer ago than at the last look objects may have been
	// made that are read again: buyers take their time.
	reread = time.Hour
	// wholeEvery is how often all are read that may still have changed.
	wholeEvery = 24 * time.Hour
)

// reading is when a list was read last, and when as a whole.
type reading struct{ last, whole, since time.Time }

func (r reading) String() string {
	return fmt.Sprintf("%d %d %d", r.last.Unix(), r.whole.Unix(), r.since.Unix())
}

// parseReading is zero where nothing was read yet, or with another since.
func parseReading(s string, since time.Time) reading {
	var last, whole, from int64
	if n, _ := fmt.Sscanf(s, "%d %d %d", &last, &whole, &from); n != 3 || from != since.Unix() {
		return reading{since: since}
	}
	return reading{time.Unix(last, 0), time.Unix(whole, 0), since}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
