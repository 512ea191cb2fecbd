package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

const (
	// mostFound is how many passes an answer shows.
	mostFound = 8
	// looked is how many of the newest passes are looked through for a name.
	looked = 1000
	// mostResent is how often one delivery is sent again from Slack.
	mostResent = 10
)

// reaches reports whether a pass is one that the person may see and change: it
// was issued in the same workspace, from a template that they may issue.
func (h *Handler) reaches(p person, row store.Pass) bool {
	return row.Source == SourceName && row.Account == p.team && h.may(p, row.Template)
}

// find is /pass find WHAT.
func (h *Handler) find(ctx context.Context, c command, a ask) *reply {
	what := a.what()
	if what == "" {
		return say("What shall be found? Write `" + h.config.command() + " find SERIAL`, or who got the pass, or what stands on it")
	}
	rows, err := h.matching(ctx, c.person, what)
	switch {
	case err != nil:
		return h.failed(err)
	case len(rows) == 0:
		return say("There is no pass that fits " + bold(what, mostLabel) + " among those that you may see. Only passes issued from Slack are found here")
	}
	var blocks []slack.Block
	for _, row := range rows[:min(len(rows), mostFound)] {
		p, err := h.Engine.Pass(row)
		if err != nil { // as where its template is gone
			h.Log.Warn("slack: a pass cannot be shown", "serial", row.Serial, "error", err)
			blocks = append(blocks, contextLine("`"+row.Serial+"` cannot be shown now"))
			continue
		}
		text := pictures(false).pass(p.Package)
		blocks = append(append(blocks, text...), contextLine("`"+p.Serial+"`, issued "+h.date(row.Created)), manage(p.Package))
	}
	if len(rows) > mostFound {
		blocks = append(blocks, contextLine("There are more; write more of what stands on the pass"))
	}
	return show("Found: "+counted(len(rows), "pass", "passes"), blocks)
}

func (h *Handler) date(t time.Time) string {
	if h.Zone != nil {
		t = t.In(h.Zone)
	}
	return t.Format("2 January 2006")
}

// matching are the passes of an id or a recipient, or else those whose inputs
// have a text, of the newest.
func (h *Handler) matching(ctx context.Context, p person, what string) (out []store.Pass, err error) {
	rows, err := h.Engine.Store.FindPasses(ctx, store.Filter{Query: what, Source: SourceName, Limit: looked})
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if h.reaches(p, row) {
			out = append(out, row)
		}
	}
	if len(rows) > 0 {
		return out, nil
	}
	rows, err = h.Engine.Store.FindPasses(ctx, store.Filter{Source: SourceName, Limit: looked})
	for _, row := range rows {
		if h.reaches(p, row) && says(row, strings.ToLower(what)) {
			out = append(out, row)
		}
	}
	return out, err
}

// says reports whether an input of a pass has a text, which is in lower case.
func says(row store.Pass, text string) bool {
	var inputs map[string]any
	if json.Unmarshal(row.Inputs, &inputs) != nil {
		return false
	}
	for _, v := range inputs {
		if s, ok := v.(string); ok && strings.Contains(strings.ToLower(s), text) {
			return true
		}
	}
	return false
}

// pass is the one of a serial number, or what to say instead. What a person may
// not see is not there for them.
func (h *Handler) pass(ctx context.Context, p person, serial string) (*store.Pass, *reply) {
	row, err := h.Engine.Store.PassBySerial(ctx, serial)
	switch {
	case err == nil && h.reaches(p, *row):
		return row, nil
	case err == nil || errors.Is(err, store.ErrNotFound):
		return nil, say("There is no pass " + bold(serial, mostLabel) + " among those that you may see. `" + h.config.command() + " find WHAT` shows serial numbers")
	}
	return nil, h.failed(err)
}

// voidOne is /pass void SERIAL.
func (h *Handler) voidOne(ctx context.Context, c command, a ask) *reply {
	return h.void(ctx, c.trigger, c.person, a.what())
}

// resendOne is /pass resend SERIAL.
func (h *Handler) resendOne(ctx context.Context, c command, a ask) *reply {
	return h.resend(ctx, c.trigger, c.person, a.what())
}

// void makes a pass void; the event says who did it.
func (h *Handler) void(ctx context.Context, id string, p person, serial string) *reply {
	row, no := h.pass(ctx, p, serial)
	if no != nil {
		return no
	}
	ev, err := bot.OwnEvent(bot.TypeVoid, row.Serial, nil, p.by(), h.Engine.Now())
	if err != nil {
		return h.failed(err)
	}
	ev.ExternalID = SourceName + " " + id // what Slack sends twice is done once
	completed, err := bot.Own{}.Complete(ctx, ev)
	if err == nil {
		_, err = h.Engine.Perform(ctx, completed)
	}
	if err != nil && !errors.Is(err, store.ErrSeen) {
		return h.failed(err)
	}
	shown, err := h.Engine.Pass(*row)
	if err != nil {
		return h.failed(err)
	}
	h.Log.Info("slack: pass made void", "serial", serial, "by", p.by())
	return say(bold(shown.Title, mostTitle) + " is void. Whoever runs passhook can take that back")
}

// resend sends a pass again to all whom it went to.
func (h *Handler) resend(ctx context.Context, id string, p person, serial string) *reply {
	row, no := h.pass(ctx, p, serial)
	if no != nil {
		return no
	}
	last, err := h.lastDeliveries(ctx, row.Serial)
	if err != nil {
		return h.failed(err)
	}
	if len(last) == 0 { // it was for whoever asked
		return h.issued([]store.Pass{*row}, nil)
	}
	ev, err := h.event(typeResend, id, p, recorded{Serial: row.Serial})
	if err != nil {
		return h.failed(err)
	}
	_, err = h.Engine.Perform(ctx, integrations.Completed{Event: ev})
	if err != nil && !errors.Is(err, store.ErrSeen) {
		return h.failed(err)
	}
	var to []integrations.Recipient
	for _, d := range last {
		if err == nil { // what Slack sends twice is done once
			_, again := h.Engine.Store.Resend(ctx, d.ID, "", mostResent)
			switch {
			case errors.Is(again, store.ErrTooMany):
				return say("It was sent again several times already")
			case again != nil:
				return h.failed(again)
			}
		}
		to = append(to, integrations.Recipient{Channel: d.Channel, Address: d.Recipient})
	}
	h.Log.Info("slack: pass sent again", "serial", serial, "by", p.by())
	return say("It is on its way again to " + names(to))
}

// lastDeliveries are those that a pass was last in, one for each recipient.
func (h *Handler) lastDeliveries(ctx context.Context, serial string) (out []store.Delivery, err error) {
	all, err := h.Engine.Store.FindDeliveries(ctx, store.Filter{Query: serial})
	for _, d := range all {
		same := func(o store.Delivery) bool {
			return o.Channel == d.Channel && strings.EqualFold(o.Recipient, d.Recipient)
		}
		if !slices.ContainsFunc(out, same) {
			out = append(out, d)
		}
	}
	return out, err
}

// status is /pass status.
func (h *Handler) status(ctx context.Context, c command, _ ask) *reply {
	now := h.Engine.Now().UTC()
	from := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	issued, err := h.Engine.Store.Figure(ctx, SourceName, from, from.AddDate(0, 1, 0))
	if err != nil {
		return h.failed(err)
	}
	waiting, err := h.Engine.Store.FindDeliveries(ctx, store.Filter{State: store.StatePending, Limit: mostListed + 1})
	if err != nil {
		return h.failed(err)
	}
	lines := []string{
		"passhook is up and takes commands.",
		"You may issue " + counted(len(h.templates(c.person)), "template", "templates") + " here.",
		fmt.Sprintf("%s issued or changed from Slack this month.", counted(issued, "pass was", "passes were")),
	}
	switch n := len(waiting); {
	case n == 0:
		lines = append(lines, "Nothing waits to be sent.")
	case n > mostListed:
		lines = append(lines, fmt.Sprintf("More than %d deliveries wait to be sent.", mostListed))
	default:
		lines = append(lines, counted(n, "delivery waits", "deliveries wait")+" to be sent.")
	}
	return say(strings.Join(lines, "\n"))
}
