package bot_test

import (
	"strings"
	"testing"

	"github.com/passhook/passhook/store"
)

// What keeps being tried is told once, however long it lasts and however many
// events it holds up, and again when there is new trouble.
func TestTroubleThatLastsIsToldOnce(t *testing.T) {
	w := newWrong(t)
	got := w.notices()
	tell := func() { must(t, w.engine.TellOnce(t.Context())) }
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
