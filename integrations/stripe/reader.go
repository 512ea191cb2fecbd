package stripe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/passhook/passhook/integrations"
)

// Reader reads the events that Stripe keeps for 30 days, of one mode and
// account.
type Reader struct {
	client *Client
	// Live is the mode whose events are read.
	Live bool
	// Account is a connected account; empty is the keys' own.
	Account string
}

// Readers are one for each mode that is worked on, live, test, or both, of the
// keys' own account, and of each that is connected to it.
func (c *Client) Readers(connected ...string) []Reader {
	var out []Reader
	mode := c.config.EffectiveMode()
	for _, account := range append([]string{""}, connected...) {
		if mode != ModeTest {
			out = append(out, Reader{client: c, Live: true, Account: account})
		}
		if mode != ModeLive {
			out = append(out, Reader{client: c, Account: account})
		}
	}
	return out
}

// String is "live mode", or "live mode of acct_…".
func (r Reader) String() string {
	name := ModeOf(r.Live) + " mode"
	if r.Account != "" {
		name += " of " + r.Account
	}
	return name
}

// Receive reads an event that was fetched, as the webhook does. What cannot be
// read is an event that says so, for the operator. A connected account's own
// events do not name it.
func (r Reader) Receive(raw []byte) integrations.Event {
	e, err := Receive(r.client.config, raw)
	if err != nil {
		return r.unreadable(idOf(raw), raw)
	}
	if e.Account == "" {
		e.Account = r.Account
	}
	return e
}

// typeUnreadable is the type of what Stripe gave and passhook cannot read. It is
// kept and fails when it is worked on, so that the operator is told; a version
// that can read it may replay it.
const typeUnreadable = "stripe.unreadable"

// unreadable keeps the body of an event, by an id if there is one.
func (r Reader) unreadable(id string, body []byte) integrations.Event {
	if id == "" {
		sum := sha256.Sum256(body)
		id = "unreadable:" + hex.EncodeToString(sum[:12])
	}
	return r.client.config.applyMode(integrations.Event{
		Source: SourceName, Type: typeUnreadable, ExternalID: id, Account: r.Account, Object: id, Live: r.Live, Data: body, Wanted: true,
	})
}

// readAgain is the event that could not be read.
func (c *Client) readAgain(kept integrations.Event) (integrations.Event, error) {
	e, err := decode(kept.Data)
	if err != nil {
		return kept, integrations.Never(fmt.Errorf("what Stripe gave cannot be read: %w", err))
	}
	e.ID, e.ExternalID, e.Account, e.Live = kept.ID, kept.ExternalID, kept.Account, kept.Live
	return e, nil
}

// Events gives each event that passhook needs (WebhookEvents) to each, the
// oldest first, as Decode takes it. It begins behind the event after, or with
// the first at since where after is empty or Stripe has forgotten it. An error
// of each ends the reading and is returned.
//
// Stripe lists the newest first. So without after, the list is walked down to
// its end to find where to begin, and then up again, a page at a time: memory
// stays the same for a month of events.
// https://docs.stripe.com/api/events/list
func (r Reader) Events(ctx context.Context, since time.Time, after string, each func(raw []byte) error) error {
	if after != "" {
		err := r.eventsAfter(ctx, since, after, each)
		if !integrations.IsNever(err) {
			return err
		}
		// The cursor is unknown: older than 30 days, or of another account.
		if _, unknown := r.get(ctx, after); !integrations.IsNever(unknown) {
			return err
		}
	}
	oldest := ""
	err := r.client.pages(ctx, r.Live, r.Account, "/v1/events", r.query(since), "starting_after", func(page []json.RawMessage) error {
		oldest = idOf(page[len(page)-1])
		return nil
	})
	if err != nil || oldest == "" {
		return err
	}
	first, err := r.get(ctx, oldest)
	if err != nil {
		return err
	}
	if err := each(first); err != nil {
		return err
	}
	return r.eventsAfter(ctx, since, oldest, each)
}

// eventsAfter reads from the event behind after to the newest.
func (r Reader) eventsAfter(ctx context.Context, since time.Time, after string, each func(raw []byte) error) error {
	query := r.query(since)
	query["ending_before"] = []string{after}
	var failed error
	err := r.client.pages(ctx, r.Live, r.Account, "/v1/events", query, "ending_before", func(page []json.RawMessage) error {
		for _, event := range slices.Backward(page) {
			if failed = each(event); failed != nil {
				return failed
			}
		}
		return nil
	})
	if failed != nil {
		return failed
	}
	if err != nil {
		return fmt.Errorf("stripe's events since %s: %w", since.UTC().Format(time.DateTime), err)
	}
	return nil
}

func (r Reader) get(ctx context.Context, id string) (json.RawMessage, error) {
	var event json.RawMessage
	err := r.client.get(ctx, r.Live, r.Account, path("/v1/events/", id), nil, &event)
	return event, err
}

func (r Reader) query(since time.Time) values {
	return values{"types[]": WebhookEvents(), "created[gte]": {strconv.FormatInt(since.Unix(), 10)}}
}
