package app

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/store"
)

const (
	// reconcileEvery is how often Stripe is asked for events that never arrived.
	reconcileEvery = 5 * time.Minute
	// overlap is how much of what was read is read again: Stripe may list an
	// event a little later than one that is newer.
	overlap = 10 * time.Minute
	// markEvery is after how many events the place is remembered.
	markEvery = 100
	// markSince is the name under which the first start is remembered.
	markSince = "stripe since"
)

// reconciler fetches events that Stripe has and the store has not, and lets
// them in by the webhook's door.
type reconciler struct {
	config stripe.Config
	accept stripe.Accept
	store  *store.Store
	now    func() time.Time
	log    *slog.Logger
	// told is the last error of each mode and account: each is told once.
	told map[string]string
}

// reconcile works until ctx ends: at once, and then every few minutes. What two
// processes fetch is stored once.
func (a *App) reconcile(ctx context.Context) error {
	if len(a.Config.Stripe.APIKeys) == 0 {
		a.Log.Info("stripe: events that never arrive are not fetched: stripe.api_keys is empty")
		return nil
	}
	r := reconciler{config: *a.Config.Stripe, accept: a.Engine.Accept, store: a.Store, now: a.Now, log: a.Log, told: map[string]string{}}
	return a.every("stripe: events that never arrive could not be fetched", reconcileEvery, func(ctx context.Context) error {
		since, ok, err := ReconcileSince(ctx, a.Store, a.Config)
		if err == nil && !ok {
			since = a.Now()
			err = a.Store.SetMark(ctx, markSince, since.UTC().Format(time.RFC3339))
		}
		if err != nil {
			return err
		}
		r.look(ctx, since)
		return nil
	})(ctx)
}

// ReconcileSince is before when nothing is ever fetched by itself: the since
// setting, or the first start, which serve remembers. So a first start mails
// nobody who bought before. ok is false where there was none.
func ReconcileSince(ctx context.Context, s *store.Store, cfg *config.Config) (since time.Time, ok bool, err error) {
	if cfg.Stripe.Since != "" {
		since, err = time.ParseInLocation(time.DateOnly, cfg.Stripe.Since, cfg.Location)
		return since, err == nil, err
	}
	first, err := s.Mark(ctx, markSince)
	if err != nil || first == "" {
		return since, false, err
	}
	since, err = time.Parse(time.RFC3339, first)
	return since, err == nil, err
}

// look fetches once, in each mode, of the keys' own account and of those
// connected accounts that events came from. An error is tried again at the next
// look.
func (r *reconciler) look(ctx context.Context, since time.Time) {
	connected, err := r.store.Accounts(ctx, stripe.SourceName)
	if err != nil {
		r.log.Warn("stripe: the connected accounts cannot be read", "error", err)
	}
	for _, reader := range stripe.NewClient(r.config).Readers(connected...) {
		mode := reader.String()
		fresh, err := r.read(ctx, reader, since, "stripe cursor "+mode)
		if fresh > 0 {
			r.log.Info("stripe: fetched events that had not arrived", "in", mode, "events", fresh)
		}
		if ctx.Err() != nil {
			return
		}
		text := ""
		if err != nil {
			text = err.Error()
		}
		switch {
		case text == r.told[mode]:
		case err != nil:
			r.log.Warn("stripe: events that never arrive cannot be fetched; it is tried again in a few minutes", "in", mode, "error", err)
		default:
			r.log.Info("stripe: events that never arrive are fetched again", "in", mode)
		}
		r.told[mode] = text
	}
}

// read takes what comes after the remembered place and moves that.
func (r *reconciler) read(ctx context.Context, reader stripe.Reader, since time.Time, mark string) (fresh int, err error) {
	remembered, err := r.store.Mark(ctx, mark)
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
		return r.store.SetMark(ctx, mark, remembered)
	}
	err = reader.Events(ctx, since, at.event, func(raw []byte) error {
		e, err := reader.Receive(raw)
		if err != nil {
			r.log.Warn("stripe: an event that was fetched is left out", "external_id", e.ExternalID, "error", err)
			return nil
		}
		_, isNew, err := r.accept(ctx, e)
		if err != nil {
			return err
		}
		if isNew {
			fresh++
		}
		if e.Time.Before(settled) {
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
