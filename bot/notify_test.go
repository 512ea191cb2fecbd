package bot_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// What keeps being tried is told once, however long it lasts and however many
// events it holds up, and again when there is new trouble.
func TestTroubleThatLastsIsToldOnce(t *testing.T) {
	w := newWrong(t)
	got := w.notices()
	tell := func() { must(t, w.engine.NotifyOperator(t.Context())) }
	w.lacksPermission()
	w.start(t)
	w.accept(t, "evt_1")
	for range 5 {
		tell()
		w.replay(t)
	}
	if len(*got) != 0 {
		t.Fatalf("told too early: %s", *got)
	}
	tell()
	tell()
	if len(*got) != 1 || !strings.Contains((*got)[0], "rak_checkout_session_read") {
		t.Fatalf("told: %q", *got)
	}
	w.refuse = nil
	w.start(t)
	w.replay(t)
	tell()
	if e, err := w.store.Event(t.Context(), w.id); err != nil || e.State != store.StateDone || len(*got) != 1 {
		t.Fatalf("%v %s: told %q", err, e.State, got)
	}
	w.lacksPermission()
	w.start(t)
	w.accept(t, "evt_2")
	for range 5 {
		w.replay(t)
	}
	tell()
	if len(*got) != 2 {
		t.Errorf("told: %q", *got)
	}
}

// broken is a channel that takes nothing.
type broken struct{ notices }

func (*broken) Notice(context.Context, string, integrations.Notice) error {
	return errors.New("out of order")
}

func TestAChannelThatFailsKeepsNoOtherFromANotice(t *testing.T) {
	b, s := newShop(t, "", shopRules)
	told := b.notices()
	b.engine.Channels["broken"] = &broken{}
	b.engine.Operator = []integrations.Recipient{{Channel: "broken", Address: "#ops"}, {Channel: "gone", Address: "#ops"}, {Channel: "notices", Address: "me"}, {Channel: "email", Address: "me@example.com"}}
	b.accepted(t, false, s.event("partly", 1, func(e *integrations.Completed) { e.Attention = "10.00 EUR were refunded" }))
	for range 3 {
		must(t, b.engine.NotifyOperator(t.Context()))
	}
	if len(*told) != 1 || len(b.smtp.Messages()) != 1 {
		t.Errorf("told %q and by %d mails", *told, len(b.smtp.Messages()))
	}
	if log := b.log.String(); !strings.Contains(log, "out of order") || !strings.Contains(log, "there is no channel gone in the config") {
		t.Errorf("the log says\n%s", log)
	}
}

func TestTheOperatorIsToldLaterWhereNoChannelWorks(t *testing.T) {
	b, s := newShop(t, "", shopRules)
	told := b.notices()
	b.engine.Channels["broken"], b.engine.Operator = &broken{}, []integrations.Recipient{{Channel: "broken", Address: "#ops"}}
	b.accepted(t, false, s.event("partly", 1, func(e *integrations.Completed) { e.Attention = "10.00 EUR were refunded" }))
	if err := b.engine.NotifyOperator(t.Context()); err == nil {
		t.Error("nobody was told, and there is no error")
	}
	b.engine.Operator[0].Channel = "notices"
	must(t, b.engine.NotifyOperator(t.Context()))
	if len(*told) != 1 {
		t.Errorf("told %q", *told)
	}
}
