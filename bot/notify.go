package bot

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
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
	n := notice{ids: sha256.New(), marks: map[string]string{}}
	if err := errors.Join(e.stuck(ctx, &n), e.behind(ctx, &n), e.events(ctx, &n, news.Events)); err != nil {
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
	for name, value := range n.marks {
		if err := e.Store.SetMark(ctx, name, value); err != nil {
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
	// deaf are endpoints, pushes those that wait, and behind passes on phones.
	deaf, pushes, behind int
	// marks are what to remember once the operator was told.
	marks map[string]string
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
			{n.other, "event to look at", "events to look at"}, {n.deaf, "webhook that fails", "webhooks that fail"},
			{n.pushes, "push that waits", "pushes that wait"}, {n.behind, "pass out of date on a phone", "passes out of date on phones"}}),
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
