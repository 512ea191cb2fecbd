package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Filter narrows a list, newest first.
type Filter struct {
	// Query is an id of ours or of the source, an object, a ref, a serial
	// number or a mail address; empty: everything.
	Query string
	State string
	// Rule is the one that issued a pass, and Source whose event did; only passes
	// have them.
	Rule, Source string
	// Limit is the most rows; 0 is 100.
	Limit int
	// After is the last pass of the page before; only its Created and Key count.
	After *Pass
}

// What a Query may name, by the table that is listed. Each line uses an index.
const (
	eventsBy = "SELECT id FROM events WHERE id = ? UNION SELECT id FROM events WHERE external_id = ? UNION SELECT id FROM events WHERE object = ?" +
		" UNION SELECT event_id FROM passes JOIN pass_refs USING (serial) WHERE ref IN (?, 'ref:' || ?)" +
		" UNION SELECT event_id FROM passes WHERE serial = ?" +
		" UNION SELECT event_id FROM orders JOIN deliveries ON order_id = orders.id WHERE lower(recipient) = lower(?)"
	deliveriesBy = "SELECT id FROM deliveries WHERE id = ? UNION SELECT id FROM deliveries WHERE order_id = ? UNION SELECT id FROM deliveries WHERE lower(recipient) = lower(?)" +
		" UNION SELECT delivery_id FROM delivery_passes JOIN pass_refs USING (serial) WHERE ref IN (?, 'ref:' || ?)" +
		" UNION SELECT delivery_id FROM delivery_passes WHERE serial = ?" +
		" UNION SELECT deliveries.id FROM deliveries JOIN orders ON order_id = orders.id WHERE event_id = ?"
	passesBy = "SELECT serial FROM passes WHERE serial = ? UNION SELECT serial FROM pass_refs WHERE ref IN (?, 'ref:' || ?) UNION SELECT serial FROM passes WHERE order_id = ?" +
		" UNION SELECT serial FROM passes WHERE event_id = ?" +
		" UNION SELECT serial FROM passes JOIN orders ON orders.id = order_id WHERE object = ?" +
		" UNION SELECT serial FROM delivery_passes JOIN deliveries ON deliveries.id = delivery_id WHERE lower(recipient) = lower(?) OR deliveries.id = ?"
)

// conditions are those of one list. Only those that are asked for stand in the
// query: one text for all cases would read the whole table.
type conditions struct {
	texts []string
	args  []any
}

// add takes a condition in which every ? is the value.
func (c *conditions) add(text, value string) {
	if value != "" {
		c.args = append(c.args, value)
		c.texts = append(c.texts, strings.ReplaceAll(text, "?", fmt.Sprintf("$%d", len(c.args))))
	}
}

func (c *conditions) query(start, order string, limit int) (string, []any) {
	if len(c.texts) > 0 {
		start += " WHERE " + strings.Join(c.texts, " AND ")
	}
	return fmt.Sprintf("%s ORDER BY %s LIMIT $%d", start, order, len(c.args)+1), append(c.args, cmp.Or(limit, 100))
}

// few is a column of few values. Beside a query its index must not be used, which
// leads to most rows: an expression has none.
func (f Filter) few(column string) string {
	if f.Query != "" {
		return column + " || ''"
	}
	return column
}

// state asks for the indexes of what is pending, and of what is not, by their
// very words.
func (f Filter) state(c *conditions) {
	switch c.add(f.few("state")+" = ?", f.State); {
	case f.State == StatePending:
		c.texts = append(c.texts, "state = 'pending'")
	case f.State != "" && f.Query == "":
		c.texts = append(c.texts, "state <> 'pending'")
	}
}

// newest is an order: what is pending has an index of its own.
func (f Filter) newest() string {
	if f.State == StatePending {
		return "since DESC, id DESC"
	}
	return "id DESC"
}

func (f Filter) events() (string, []any) {
	var c conditions
	c.add("id IN ("+eventsBy+")", f.Query)
	f.state(&c)
	return c.query("SELECT "+eventFields+" FROM events", f.newest(), f.Limit)
}

func (f Filter) deliveries() (string, []any) {
	var c conditions
	c.add("id IN ("+deliveriesBy+")", f.Query)
	f.state(&c)
	return c.query("SELECT "+deliveryFields+" FROM deliveries", f.newest(), f.Limit)
}

func (f Filter) passes() (string, []any) {
	var c conditions
	c.add("serial IN ("+passesBy+")", f.Query)
	c.add(f.few("rule")+" = ?", f.Rule)
	c.add(f.few("source")+" = ?", f.Source)
	if f.After != nil {
		n := len(c.args)
		c.texts = append(c.texts, fmt.Sprintf("created <= $%d AND (created < $%[1]d OR key > $%d)", n+1, n+2))
		c.args = append(c.args, millis(f.After.Created), f.After.Key)
	}
	return c.query("SELECT "+passFields+" FROM passes", "created DESC, key", f.Limit)
}

// FindPasses lists passes.
func (s *Store) FindPasses(ctx context.Context, f Filter) ([]Pass, error) {
	query, args := f.passes()
	return collect(ctx, s.reader, scanPass, query, args...)
}

// passPage is how many passes EachPass reads at once.
const passPage = 1000

// EachPass are all passes that fit, whatever the limit, newest first. They are
// read a page at a time: neither memory nor the database holds on to them while
// somebody reads slowly. An error is the last of its values.
func (s *Store) EachPass(ctx context.Context, f Filter) iter.Seq2[Pass, error] {
	return func(yield func(Pass, error) bool) {
		f := f
		f.Limit = passPage
		for {
			page, err := s.FindPasses(ctx, f)
			if err != nil {
				yield(Pass{}, err)
				return
			}
			for _, p := range page {
				if !yield(p, nil) {
					return
				}
			}
			if len(page) < passPage {
				return
			}
			f.After = &page[passPage-1]
		}
	}
}

// FindEvents lists events.
func (s *Store) FindEvents(ctx context.Context, f Filter) ([]Event, error) {
	query, args := f.events()
	return collect(ctx, s.reader, scanEvent, query, args...)
}

// FindDeliveries lists deliveries.
func (s *Store) FindDeliveries(ctx context.Context, f Filter) ([]Delivery, error) {
	query, args := f.deliveries()
	return s.listDeliveries(ctx, query, args...)
}

func (s *Store) listDeliveries(ctx context.Context, query string, args ...any) ([]Delivery, error) {
	out, err := collect(ctx, s.reader, scanDelivery, query, args...)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Passes, err = s.strings(ctx, passesOfDelivery, out[i].ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// IssuedBy is what an event issued: passes, and deliveries with those that
// repeat them.
func (s *Store) IssuedBy(ctx context.Context, eventID string) ([]Pass, []Delivery, error) {
	passes, err := collect(ctx, s.reader, scanPass, "SELECT "+passFields+" FROM passes WHERE event_id = $1 ORDER BY key", eventID)
	if err != nil {
		return nil, nil, err
	}
	deliveries, err := s.listDeliveries(ctx, "SELECT "+deliveryFields+" FROM deliveries WHERE order_id IN (SELECT id FROM orders WHERE event_id = $1) ORDER BY id", eventID)
	return passes, deliveries, err
}

const passFields = "serial, key, order_id, event_id, rule, template, item, unit, secret_id, link_hash, issued, inputs, void_on, void, created, updated, source, account, live, redeemed, redeemed_by"

func scanPass(row scanner) (*Pass, error) {
	var p Pass
	var void, voidOn string
	var created, updated, redeemed int64
	err := row.Scan(&p.Serial, &p.Key, &p.OrderID, &p.EventID, &p.Rule, &p.Template, &p.Item, &p.Unit, &p.SecretID, &p.LinkHash,
		&p.Issued, &p.Inputs, &voidOn, &void, &created, &updated, &p.Source, &p.Account, &p.Live, &redeemed, &p.RedeemedBy)
	if err != nil {
		return nil, err
	}
	p.Created, p.Updated, p.Redeemed = fromMillis(created), fromMillis(updated), fromMillis(redeemed)
	return &p, errors.Join(json.Unmarshal([]byte(voidOn), &p.VoidOn), json.Unmarshal([]byte(void), &p.Void))
}

// passesAbout keeps the index of sources out, which leads to most passes: an
// expression has none.
const passesAbout = "SELECT " + passFields + " FROM passes WHERE serial IN (SELECT serial FROM pass_refs WHERE ref = $1)" +
	" AND source || '' = $2 AND account = $3 AND live = $4"

// PassesAbout are the passes that share a ref with an event, in the order in
// which they were issued.
func (s *Store) PassesAbout(ctx context.Context, e Event) ([]Pass, error) {
	bySerial := map[string]Pass{}
	for _, ref := range e.Refs {
		some, err := collect(ctx, s.reader, scanPass, passesAbout, ref, e.Source, e.Account, e.Live)
		if err != nil {
			return nil, err
		}
		for _, p := range some {
			bySerial[p.Serial] = p
		}
	}
	return slices.SortedFunc(maps.Values(bySerial), func(a, b Pass) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Item, b.Item), cmp.Compare(a.Unit, b.Unit))
	}), nil
}

const (
	passBySerial = "SELECT " + passFields + " FROM passes WHERE serial = $1"
	passByLink   = "SELECT " + passFields + " FROM passes WHERE link_hash = $1"
)

// PassBySerial reads one pass. The error is ErrNotFound where there is none.
func (s *Store) PassBySerial(ctx context.Context, serial string) (*Pass, error) {
	return found(scanPass(s.reader.QueryRowContext(ctx, passBySerial, serial)))
}

// PassByLink reads the pass whose link's token has this hash. The error is
// ErrNotFound where there is none.
func (s *Store) PassByLink(ctx context.Context, hash string) (*Pass, error) {
	return found(scanPass(s.reader.QueryRowContext(ctx, passByLink, hash)))
}

// Secrets are the ids of the secrets that passes are derived from.
func (s *Store) Secrets(ctx context.Context) ([]string, error) {
	// A loose index scan: one step for each secret, however many passes.
	return s.strings(ctx, "WITH RECURSIVE ids (id) AS (SELECT min(secret_id) FROM passes"+
		" UNION ALL SELECT (SELECT min(secret_id) FROM passes WHERE secret_id > ids.id) FROM ids WHERE ids.id IS NOT NULL)"+
		" SELECT id FROM ids WHERE id IS NOT NULL")
}
