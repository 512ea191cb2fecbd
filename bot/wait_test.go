package bot_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

// sold accepts a checkout and does what is due.
func (b *bench) sold(t *testing.T, name string) (eventID string) {
	t.Helper()
	id, _, err := b.engine.Accept(t.Context(), b.checkout(t, name, completed, nil))
	must(t, err)
	b.work(t)
	return id
}

// now is an event and what it issued, as they are.
func (b *bench) now(t *testing.T, eventID string) (store.Event, []store.Pass, []store.Delivery) {
	t.Helper()
	e, err := b.store.Event(t.Context(), eventID)
	must(t, err)
	p, d, err := b.store.IssuedBy(t.Context(), eventID)
	must(t, err)
	return *e, p, d
}

// pass lets time pass in steps, at each of which all that is due is done and the
// operator is told.
func (b *bench) pass(t *testing.T, c *clock, length, step time.Duration) {
	t.Helper()
	for ; length > 0; length -= step {
		c.forward(step)
		b.work(t)
		must(t, b.engine.NotifyOperator(t.Context()))
	}
}

// runs lets the engine run for hours of its clock, until an event or its delivery
// was tried twice more, and stops it.
func (b *bench) runs(t *testing.T, c *clock, eventID string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.engine.Run(ctx) }()
	tries := func() int {
		e, _, d := b.now(t, eventID)
		if len(d) > 0 {
			return d[0].Attempts
		}
		return e.Attempts
	}
	for begun, want := time.Now(), tries()+3; tries() < want; b.tick(t) { // the third shows that two are settled
		if c.forward(3 * time.Hour); time.Since(begun) > 20*time.Second {
			t.Error("it is not tried again")
			break
		}
	}
	stop()
	must(t, <-done)
}

// expired is a keyring whose one certificate expired yesterday.
func expired(t *testing.T) *certificates.Keyring {
	t.Helper()
	ca, err := authority()
	must(t, err)
	cert, err := ca.IssueFor("pass.com.example.test", "TEAM012345", "Hall One", time.Now().AddDate(-1, 0, 0), time.Now().AddDate(0, 0, -1))
	must(t, err)
	keys, err := load(ca, cert)
	must(t, err)
	return keys
}

// blocked are what only the operator can mend.
var blocked = []struct {
	name, note string
	// block makes it so, and mend ends it.
	block func(t *testing.T, b *bench) (mend func())
}{
	{"an expired certificate", "expired on", func(t *testing.T, b *bench) func() {
		keys := expired(t)
		program, found := compile(t, rules, keys)
		must(t, found.Err())
		b.engine.SetProgram(program)
		return func() { keys.Replace(b.keys) }
	}},
	{"a channel that is gone from the config", "there is no channel email in the config", func(_ *testing.T, b *bench) func() {
		mail := b.engine.Channels["email"]
		delete(b.engine.Channels, "email")
		return func() { b.engine.Channels["email"] = mail }
	}},
}

func TestWhatTheOperatorMustMendHoldsUpDeliveriesAndKillsNone(t *testing.T) {
	t.Parallel()
	for _, tc := range blocked {
		t.Run(tc.name, func(t *testing.T) {
			c := newClock()
			b := newBench(t, options{now: c.now})
			told := b.notices()
			mend := tc.block(t, b)
			id := b.sold(t, "ada")
			e, issued, d := b.now(t, id)
			if e.State != store.StateDone || len(issued) != 3 || d[0].State != store.StatePending || !strings.Contains(d[0].Note, tc.note) {
				t.Fatalf("the event is %s, %s; %d passes, deliveries %+v", e.State, e.Note, len(issued), d)
			}
			for _, p := range issued {
				if page, err := b.engine.Pass(p); err != nil || page.Link == "" {
					t.Errorf("the pass's page: %v", err)
				}
			}
			b.pass(t, c, 50*time.Minute, 5*time.Minute)
			if len(*told) != 0 {
				t.Errorf("told too early: %s", *told)
			}
			b.pass(t, c, 10*time.Minute, 5*time.Minute)
			if len(*told) != 1 {
				t.Errorf("after an hour, told %q", *told)
			}
			b.pass(t, c, 6*24*time.Hour, 6*time.Hour)
			b.runs(t, c, id)
			if len(*told) != 1 || !strings.Contains((*told)[0], tc.note) {
				t.Errorf("told %q", *told)
			}
			if _, _, d := b.now(t, id); d[0].State != store.StatePending || d[0].Attempts < 20 || len(b.smtp.Messages()) != 0 {
				t.Errorf("after six days %+v, %d mails", d[0], len(b.smtp.Messages()))
			}
			mend()
			b.pass(t, c, 5*time.Minute, 5*time.Minute)
			if _, _, d := b.now(t, id); d[0].State != store.StateSent || len(b.smtp.Messages()) != 1 {
				t.Errorf("after it was mended %+v, %d mails", d[0], len(b.smtp.Messages()))
			}
		})
	}
}

// putsOff is a mail server that puts off every recipient while the text is not
// empty, and numbers its answers.
func putsOff(text *string) func(stage, from, to string, n int) error {
	return func(stage, _, _ string, n int) error {
		if stage != "rcpt" || *text == "" {
			return nil
		}
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: fmt.Sprintf("%s, answer %d", *text, n)}
	}
}

func TestADeliveryThatIsPutOffForAnHourIsToldOnce(t *testing.T) {
	t.Parallel()
	c, text := newClock(), "come back later"
	b := newBench(t, options{now: c.now, fail: putsOff(&text)})
	told := b.notices()
	first := b.sold(t, "ada")
	b.pass(t, c, 55*time.Minute, 5*time.Minute)
	if len(*told) != 0 {
		t.Fatalf("told too early: %s", *told)
	}
	b.pass(t, c, 10*time.Minute, 5*time.Minute)
	if len(*told) != 1 {
		t.Errorf("after an hour, told %q", *told)
	}
	b.pass(t, c, 24*time.Hour, time.Hour)
	if _, _, d := b.now(t, first); len(*told) != 1 || !strings.Contains((*told)[0], "come back later") || !strings.Contains((*told)[0], d[0].ID) {
		t.Fatalf("told %q of %+v", *told, d)
	}
	text = ""
	b.pass(t, c, 2*time.Hour, time.Hour)
	if _, _, d := b.now(t, first); d[0].State != store.StateSent || len(*told) != 1 {
		t.Fatalf("told %q of %+v", *told, d)
	}
	text = "mailbox is busy"
	b.sold(t, "bob")
	b.pass(t, c, 2*time.Hour, time.Hour)
	if len(*told) != 2 || !strings.Contains((*told)[1], "mailbox is busy") {
		t.Errorf("told %q", *told)
	}
}

// tried waits until a running engine has settled the try that got this answer.
func (b *bench) tried(t *testing.T, eventID string, answer int) store.Delivery {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		_, _, d := b.now(t, eventID)
		if len(d) > 0 && strings.Contains(d[0].Note, fmt.Sprintf(`answer %d"`, answer)) {
			return d[0]
		}
		select {
		case <-deadline:
			t.Fatalf("no answer %d: %+v", answer, d)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Five days count only where it was tried, and the process ran for a while.
func TestDowntimeOfSixDaysMakesNoFailureFinal(t *testing.T) {
	t.Parallel()
	c, text := newClock(), "come back later"
	b := newBench(t, options{now: c.now, fail: putsOff(&text)})
	id := b.sold(t, "ada")
	c.forward(6 * 24 * time.Hour)
	b.run(t)
	if d := b.tried(t, id, 2); d.State != store.StatePending {
		t.Errorf("just started, after few tries: %+v", d)
	}
	for n := 3; n <= 7; n++ {
		c.forward(2 * time.Hour)
		if d := b.tried(t, id, n); d.State != store.StatePending {
			t.Errorf("after few tries: %+v", d)
		}
	}
	c.forward(2 * time.Hour)
	if d := b.tried(t, id, 8); d.State != store.StateDead {
		t.Errorf("after eight tries and hours: %+v", d)
	}
}

func TestARestartAfterFiveDaysMakesNoFailureFinal(t *testing.T) {
	t.Parallel()
	c, text := newClock(), "come back later"
	b := newBench(t, options{now: c.now, fail: putsOff(&text)})
	b.notices()
	id := b.sold(t, "ada")
	b.pass(t, c, 6*24*time.Hour, 6*time.Hour) // each is a start of its own
	b.run(t)
	c.forward(time.Hour + 50*time.Minute)
	if d := b.tried(t, id, 26); d.State != store.StatePending {
		t.Errorf("within two hours: %+v", d)
	}
	c.forward(2 * time.Hour)
	if d := b.tried(t, id, 27); d.State != store.StateDead {
		t.Errorf("after two hours: %+v", d)
	}
}

func TestFiveDaysOfFailuresAreFinalAndTold(t *testing.T) {
	t.Parallel()
	c, text := newClock(), "come back later"
	b := newBench(t, options{now: c.now, fail: putsOff(&text)})
	told := b.notices()
	id := b.sold(t, "ada")
	b.run(t)
	for n := 2; n <= 12; n++ {
		c.forward(12*time.Hour - time.Minute)
		d := b.tried(t, id, n)
		if want := map[bool]string{true: store.StateDead, false: store.StatePending}[n == 12]; d.State != want {
			t.Fatalf("try %d: %+v", n, d)
		}
	}
	must(t, b.engine.NotifyOperator(t.Context()))
	if len(*told) != 1 || !strings.Contains((*told)[0], "is dead") {
		t.Errorf("told %q", *told)
	}
}

// A mail that the server perhaps took is repeated, but not for days.
func TestAMailWhoseAnswerIsLostIsRepeatedTwice(t *testing.T) {
	c := newClock()
	b := newBench(t, options{now: c.now, fail: func(stage, _, _ string, _ int) error {
		if stage == "after-data" {
			return standins.ErrDrop
		}
		return nil
	}})
	told := b.notices()
	id := b.sold(t, "ada")
	b.pass(t, c, 5*time.Minute, 10*time.Second)
	mails := b.smtp.Messages()
	if len(mails) != 3 {
		t.Fatalf("%d mails", len(mails))
	}
	for _, m := range mails {
		if got, want := header(m.Raw, "Message-Id"), header(mails[0].Raw, "Message-Id"); got != want || got == "" {
			t.Errorf("Message-ID %q, then %q", want, got)
		}
	}
	if _, _, d := b.now(t, id); d[0].State != store.StateDead || len(*told) != 1 || !strings.Contains((*told)[0], "did not say whether it took the mail") {
		t.Errorf("told %q of %+v", *told, d)
	}
}
