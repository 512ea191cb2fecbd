package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
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

// reconcile works until ctx ends: at once, and then every few minutes. Several
// processes may do it; jitter keeps them apart, and what two of them fetch is
// stored once.
func (a *app) reconcile(ctx context.Context) {
	if a.config.Stripe == nil {
		return
	}
	if len(a.config.Stripe.APIKeys) == 0 {
		a.log.Info("stripe: events that never arrive are not fetched: stripe.api_keys is empty")
		return
	}
	since, ok, err := reconcileSince(ctx, a.store, a.config)
	if err == nil && !ok {
		since = a.now()
		err = a.store.SetMark(ctx, markSince, since.UTC().Format(time.RFC3339))
	}
	if err != nil {
		a.log.Error("stripe: events that never arrive are not fetched until the next start", "error", err)
		return
	}
	r := reconciler{config: *a.config.Stripe, accept: a.engine.Accept, store: a.store, now: a.now, log: a.log, told: map[string]string{}}
	for {
		r.look(ctx, since)
		next := time.NewTimer(reconcileEvery + time.Duration(rand.Float64()*float64(reconcileEvery/5))) //nolint:gosec // no secret
		select {
		case <-ctx.Done():
			next.Stop()
			return
		case <-next.C:
		}
	}
}

// reconcileSince is before when nothing is ever fetched by itself: the since
// setting, or the first start, which serve remembers. So a first start mails
// nobody who bought before. ok is false where there was none.
func reconcileSince(ctx context.Context, s *store.Store, cfg *config.Config) (since time.Time, ok bool, err error) {
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

func modeOf(live bool) string {
	if live {
		return stripe.ModeLive
	}
	return stripe.ModeTest
}

// parseSince reads how far a verb looks back: 30d, 36h or 2026-11-01.
func parseSince(s string, now time.Time, zone *time.Location) (time.Time, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	if at, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return at, nil
	}
	return now, wrongUse(fmt.Sprintf("--since %s is not a time; write 30d, 36h or 2026-11-01", s))
}
