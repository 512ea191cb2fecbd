package bot

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

const (
	// mostTold is how many events and deliveries one notice lists, each.
	mostTold = 50
)

// NotifyOperator tells the operator what is new: events that failed or want a decision,
// deliveries that are dead, and trouble that lasts. Many at once are one notice.
func (e *Engine) NotifyOperator(ctx context.Context) error {
	if len(e.Operator) == 0 {
		return nil
	}
	news, err := e.Store.Unreported(ctx, mostTold)
	if err != nil {
		return err
	}
	n := notice{ids: sha256.New()}
	stuck, err := e.stuck(ctx, &n)
	if err == nil {
		err = e.events(ctx, &n, news.Events)
	}
	if err != nil {
		return err
	}
	for _, d := range news.Deliveries {
		n.dead++
		n.add(d.ID, "Delivery %s to %s is dead: %s\nCorrect the address: passhook deliveries resend %s --to ADDRESS\n\n", d.ID, d.Recipient, d.Note, d.ID)
	}
	for _, w := range news.Walks {
		n.other++
		n.add(w.ID, "The passes of event %s are changed in part only: %s\nFix the cause, then: passhook events replay %s\n\n", w.EventID, w.Note, w.EventID)
	}
	for _, m := range news.Messages {
		n.dead++
		to, _, _ := strings.Cut(m.Recipient, " ") // how they could be answered concerns nobody else
		n.add(m.ID, "A message to %s over %s could not be delivered: %s\n\n", cmp.Or(to, "whoever has the passes"), m.Channel, m.Note)
	}
	if news.Outgoing, err = e.endpoints(ctx, &n, news.Outgoing); err != nil || n.text.Len() == 0 {
		return err
	}
	if err := e.Notice(ctx, n.notice()); err != nil {
		return err
	}
	if err := e.toldOfEndpoints(ctx, news.Outgoing); err != nil {
		return err
	}
	if stuck != "" {
		if err := e.Store.SetMark(ctx, markStuck, stuck); err != nil {
			return err
		}
	}
	return e.Store.MarkReported(ctx, news)
}

// events tells of those that failed or want a decision.
func (e *Engine) events(ctx context.Context, n *notice, all []store.Event) error {
	for _, ev := range all {
		id := fmt.Sprintf("%s %d", ev.ID, ev.Attempts)
		if ev.State == store.StateFailed {
			n.failed++
			n.add(id, "Event %s about %s failed: %s\nFix the cause, then: passhook events replay %s\n\n", ev.ID, ev.Object, ev.Note, ev.ID)
			continue
		}
		n.other++
		link, err := e.decisionLink(ctx, ev)
		if err != nil {
			return err
		}
		if link != "" {
			link = "Say which of its passes are void: " + link + "\n"
		}
		n.add(id, "Event %s about %s: %s\n%s\n", ev.ID, ev.Object, ev.Attention, link)
	}
	return nil
}

// notice is one under way.
type notice struct {
	text                      strings.Builder
	ids                       hash.Hash
	failed, dead, late, other int
	// deaf are endpoints.
	deaf int
}

// add adds a text; the same ids make the same notice.
func (n *notice) add(id, format string, args ...any) {
	fmt.Fprintln(n.ids, id)
	fmt.Fprintf(&n.text, format, args...)
}

func (n *notice) notice() integrations.Notice {
	return integrations.Notice{
		ID: "notice-" + hex.EncodeToString(n.ids.Sum(nil))[:24], Text: n.text.String(),
		Subject: "passhook: " + counted([]amount{{n.failed, "failed event", "failed events"}, {n.dead, "dead delivery", "dead deliveries"}, {n.late, "late delivery", "late deliveries"},
			{n.other, "event to look at", "events to look at"}, {n.deaf, "webhook that fails", "webhooks that fail"}}),
	}
}

// Notice tells the operator over every channel that the config names for it. A
// channel that fails keeps the others from nothing, and has nobody told again
// who knows: the error is that of all channels together, where all failed.
func (e *Engine) Notice(ctx context.Context, n integrations.Notice) error {
	var errs []error
	for _, to := range e.Operator {
		err := fmt.Errorf("operator: there is no channel %s in the config", to.Channel)
		if channel := e.Channels[to.Channel]; channel != nil {
			err = channel.Notice(ctx, to.Address, n)
		}
		if err != nil {
			e.Log.Error("the operator could not be told over "+to.Channel, "error", err)
			errs = append(errs, err)
		}
	}
	if len(errs) < len(e.Operator) {
		return nil
	}
	return errors.Join(errs...)
}

// amount is how many there are of something, with its word for one and for more.
type amount struct {
	n         int
	one, many string
}

// counted lists what there is.
func counted(list []amount) string {
	var out []string
	for _, a := range list {
		switch a.n {
		case 0:
		case 1:
			out = append(out, "1 "+a.one)
		default:
			out = append(out, fmt.Sprintf("%d %s", a.n, a.many))
		}
	}
	return strings.Join(out, ", ")
}

// markStuck remembers that the operator knows of trouble that lasts.
const markStuck = "told of stuck events"

// stuck tells of what keeps being tried, or has waited for an hour, once until
// that ends: an outage holds up many and is told once. The result is what to
// remember, or empty.
func (e *Engine) stuck(ctx context.Context, n *notice) (string, error) {
	ev, d, err := e.Store.Stuck(ctx)
	if err != nil {
		return "", err
	}
	told, err := e.Store.Mark(ctx, markStuck)
	var kinds []string
	for kind, is := range map[string]bool{"events": ev != nil, "deliveries": d != nil} {
		if is {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	now := strings.Join(kinds, " ")
	if err != nil || now == told {
		return "", err
	}
	before := n.text.Len()
	if ev != nil && !strings.Contains(told, "events") {
		n.other++
		n.add("stuck "+ev.ID, "Event %s about %s, and perhaps others, cannot be worked on yet: %s\nThey are tried again by themselves; fix the cause and all is well.\n\n", ev.ID, ev.Object, ev.Note)
	}
	if d != nil && !strings.Contains(told, "deliveries") {
		n.late++
		n.add("stuck "+d.ID, "Delivery %s to %s, and perhaps others, has been waiting for an hour: %s\nThey are tried again by themselves; fix the cause and all is well.\n\n", d.ID, d.Recipient, cmp.Or(d.Note, "nobody has come to it yet"))
	}
	if n.text.Len() == before { // some of it has ended
		return "", e.Store.SetMark(ctx, markStuck, now)
	}
	return now, nil
}
