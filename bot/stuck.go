package bot

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// markStuck remembers of what trouble that lasts the operator knows, and
// markBehind up to which change, in Unix milliseconds, of phones that are behind.
const (
	markStuck  = "told of stuck events"
	markBehind = "told of phones behind"
)

// stuck tells of what keeps being tried, or has waited for an hour, once until
// that ends: an outage holds up many and is told once.
func (e *Engine) stuck(ctx context.Context, n *notice) error {
	is, err := e.Store.Stuck(ctx)
	if err != nil {
		return err
	}
	told, err := e.Store.Mark(ctx, markStuck)
	if err != nil {
		return err
	}
	before := n.text.Len()
	var kinds []string
	add := func(kind, id string, count *int, format string, args ...any) {
		kinds = append(kinds, kind)
		if !strings.Contains(told, kind) {
			*count++
			n.add("stuck "+id, format+"\nThey are tried again by themselves; fix the cause and all is well.\n\n", args...)
		}
	}
	if d := is.Delivery; d != nil {
		add("deliveries", d.ID, &n.late, "Delivery %s to %s, and perhaps others, has been waiting for an hour: %s", d.ID, d.Recipient, cmp.Or(d.Note, "nobody has come to it yet"))
	}
	if ev := is.Event; ev != nil {
		add("events", ev.ID, &n.other, "Event %s about %s, and perhaps others, cannot be worked on yet: %s", ev.ID, ev.Object, ev.Note)
	}
	if d := is.Device; d != nil {
		add("pushes", d.ID, &n.pushes, "Phones with passes of the type %s could not be woken for an hour, so changes reach them late: %s", d.PassType, cmp.Or(d.Note, "nobody has come to them yet"))
	}
	now := strings.Join(kinds, " ")
	switch {
	case now == told:
		return nil
	case n.text.Len() == before: // some of it has ended
		return e.Store.SetMark(ctx, markStuck, now)
	}
	n.marks[markStuck] = now
	return nil
}

const (
	// behindFor is how long a phone may be behind until the operator is told, and
	// how long nobody is told again.
	behindFor = 24 * time.Hour
	// mostBehind is how many passes on phones are counted.
	mostBehind = 1000
)

// behind tells once a day of phones that have not fetched a change for a day.
func (e *Engine) behind(ctx context.Context, n *notice) error {
	mark, err := e.Store.Mark(ctx, markBehind)
	if err != nil {
		return err
	}
	told, err := strconv.ParseInt(cmp.Or(mark, "0"), 10, 64)
	by := e.Now().Add(-behindFor)
	if err != nil || by.Sub(time.UnixMilli(told)) < behindFor {
		return err
	}
	all, err := e.Store.Stale(ctx, time.UnixMilli(told), by, mostBehind+1)
	if err != nil || len(all) == 0 {
		return err
	}
	first, more, why := all[0], "", "its phone was woken, and fetched nothing"
	if n.behind = len(all); n.behind > mostBehind {
		n.behind, more = mostBehind, "More than "
	}
	if first.Pushed < first.Tag {
		why = "its phone could not be woken: " + cmp.Or(first.Note, "nobody has come to it yet")
	}
	n.add(fmt.Sprint("behind ", first.Serial, first.Tag), "%s%s for a day. The first is pass %s, which changed at %s: %s.\nA phone that was off or offline catches up by itself. Who is behind: passhook passes --stale\n\n",
		more, counted([]amount{{n.behind, "pass has been out of date on a phone", "passes have been out of date on phones"}}),
		first.Serial, time.UnixMilli(first.Tag).UTC().Format("2006-01-02 15:04 UTC"), why)
	n.marks[markBehind] = strconv.FormatInt(by.UnixMilli(), 10)
	return nil
}
