package bot_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
)

func TestACheckoutBecomesPassesInOneMail(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		b := newBench(t, options{database: database})
		b.run(t)
		id, fresh, err := b.engine.Accept(context.Background(), b.checkout(t, "ada", completed, nil))
		must(t, err)
		e, p, d := b.settled(t, id)
		if !fresh || e.State != store.StateDone || len(p) != 3 || len(d) != 1 || d[0].State != store.StateSent || len(d[0].Passes) != 3 {
			t.Fatalf("%+v\n%+v\n%+v", e, p, d)
		}
		serials := map[string]bool{}
		for _, one := range p {
			serials[one.Serial] = true
		}
		if mails := b.smtp.Messages(); len(serials) != 3 || len(mails) != 1 || strings.Count(string(mails[0].Raw), "Content-Disposition: attachment") != 3 {
			t.Errorf("%d serials, %d mails", len(serials), len(mails))
		}
	})
}

func TestTwoPaidEventsAtOnceMakeOneOrderAndOneMail(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		b := newBench(t, options{database: database})
		b.run(t)
		one, two := b.checkout(t, "ada", completed, nil), b.checkout(t, "ada", succeeded, nil)
		var ids sync.Map
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				e := one
				if i%2 == 1 {
					e = two
				}
				id, _, err := b.engine.Accept(context.Background(), e)
				if err != nil {
					t.Error(err)
				}
				ids.Store(id, true)
			})
		}
		all.Wait()
		passes, deliveries, events := 0, 0, 0
		ids.Range(func(id, _ any) bool {
			_, p, d := b.settled(t, fmt.Sprint(id))
			events, passes, deliveries = events+1, passes+len(p), deliveries+len(d)
			return true
		})
		if events != 2 || passes != 3 || deliveries != 1 || len(b.smtp.Messages()) != 1 {
			t.Errorf("%d events, %d passes, %d deliveries, %d mails", events, passes, deliveries, len(b.smtp.Messages()))
		}
	})
}

func wait(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestStripeThatFailsIsAskedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, options{})
	var calls sync.Map
	b.stripe.Fail(func(r *http.Request) *standins.Fault {
		if _, seen := calls.LoadOrStore("down", true); !seen {
			return &standins.Fault{Status: http.StatusInternalServerError}
		}
		return nil
	})
	b.run(t)
	id, _, err := b.engine.Accept(context.Background(), b.checkout(t, "ada", completed, nil))
	must(t, err)
	if e, p, _ := b.settled(t, id); e.State != store.StateDone || len(p) != 3 {
		t.Errorf("%s %s, %d passes", e.State, e.Note, len(p))
	}
}

func TestMailServersRefusals(t *testing.T) {
	for _, tc := range []struct {
		name  string
		code  int
		state string
		mails int
	}{
		{"temporary: sent on the second try", 451, store.StateSent, 1},
		{"permanent: dead at once", 550, store.StateDead, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newClock()
			b := newBench(t, options{now: c.now, fail: func(stage, _, _ string, n int) error {
				if stage == "rcpt" && n == 1 {
					return &smtp.SMTPError{Code: tc.code, Message: "scripted"}
				}
				return nil
			}})
			id := b.sold(t, "ada")
			c.forward(2 * time.Second)
			b.work(t)
			if _, _, d := b.now(t, id); d[0].State != tc.state || len(b.smtp.Messages()) != tc.mails {
				t.Errorf("%+v, %d mails", d, len(b.smtp.Messages()))
			}
		})
	}
}

func TestResendIsAMailOfItsOwn(t *testing.T) {
	b := newBench(t, options{})
	b.run(t)
	id, _, err := b.engine.Accept(context.Background(), b.checkout(t, "ada", completed, nil))
	must(t, err)
	_, _, d := b.settled(t, id)
	_, err = b.store.Resend(context.Background(), d[0].ID, "right@example.com", 0)
	must(t, err)
	must(t, b.smtp.Wait(wait(t), 2))
	mails := b.smtp.Messages()
	if mails[1].To[0] != "right@example.com" || header(mails[0].Raw, "Message-Id") == header(mails[1].Raw, "Message-Id") {
		t.Errorf("%v %s %s", mails[1].To, header(mails[0].Raw, "Message-Id"), header(mails[1].Raw, "Message-Id"))
	}
}

func header(raw []byte, name string) string {
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(k, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func TestTestModeGoesToTheTestRecipientOnly(t *testing.T) {
	b := newBench(t, options{})
	b.run(t)
	e := b.checkout(t, "ada", completed, nil)
	e.Redirect = integrations.Recipient{Channel: "email", Address: "me@example.com"}
	id, _, err := b.engine.Accept(context.Background(), e)
	must(t, err)
	b.settled(t, id)
	if mails := b.smtp.Messages(); len(mails) != 1 || mails[0].To[0] != "me@example.com" {
		t.Errorf("%+v", mails)
	}
}

func TestIgnoredEventsAreRecordedAndDoNothing(t *testing.T) {
	b := newBench(t, options{})
	b.run(t)
	e := b.checkout(t, "ada", completed, nil)
	e.Ignore = "test mode"
	id, _, err := b.engine.Accept(context.Background(), e)
	must(t, err)
	if e, p, _ := b.settled(t, id); e.State != store.StateIgnored || e.Note != "test mode" || len(p) != 0 {
		t.Errorf("%+v", e)
	}
}

func TestAChangedSecretIsRefusedWhilePassesNeedIt(t *testing.T) {
	b := newBench(t, options{})
	b.run(t)
	id, _, err := b.engine.Accept(context.Background(), b.checkout(t, "ada", completed, nil))
	must(t, err)
	b.settled(t, id)
	inUse, err := b.store.Secrets(context.Background())
	must(t, err)
	for _, tc := range []struct {
		list []string
		ok   bool
	}{{[]string{secretA}, true}, {[]string{secretB}, false}, {[]string{secretB, secretA}, true}} {
		secrets, err := bot.NewSecrets(tc.list)
		must(t, err)
		if err := secrets.Check(inUse); (err == nil) != tc.ok {
			t.Errorf("%d secrets: %v", len(tc.list), err)
		}
	}
}

// What the operator's log says to do, and that no secret stands in it.
func TestTheLogSaysWhatToDoAndNoSecrets(t *testing.T) {
	b := newBench(t, options{})
	b.run(t)
	id, _, err := b.engine.Accept(context.Background(), b.checkout(t, "ada", completed, func(s map[string]any) {
		s["customer_details"].(map[string]any)["email"] = nil
	}))
	must(t, err)
	b.settled(t, id)
	log := b.log.String()
	if !strings.Contains(log, "passhook events replay "+id) || strings.Contains(log, secretA) || strings.Contains(log, "/p/") {
		t.Errorf("%s", log)
	}
}

// The operator gets one mail about everything that needs a person, once.
func TestTheOperatorIsTold(t *testing.T) {
	b := newBench(t, options{fail: func(stage, _, to string, _ int) error {
		if stage == "rcpt" && to == "ada@example.com" {
			return &smtp.SMTPError{Code: 550, Message: "no such mailbox"}
		}
		return nil
	}})
	b.run(t)
	dead, _, err := b.engine.Accept(context.Background(), b.checkout(t, "ada", completed, nil))
	must(t, err)
	failed, _, err := b.engine.Accept(context.Background(), b.checkout(t, "bob", completed, func(s map[string]any) {
		s["customer_details"].(map[string]any)["email"] = nil
	}))
	must(t, err)
	b.settled(t, dead)
	b.settled(t, failed)
	for range 2 {
		must(t, b.engine.NotifyOperator(context.Background()))
	}
	mails := b.smtp.Messages()
	if len(mails) != 1 || mails[0].To[0] != "me@example.com" {
		t.Fatalf("%d mails", len(mails))
	}
	mail, err := mails[0].Parse()
	must(t, err)
	if subject := mail.Get("Subject"); subject != "passhook: 1 failed event, 1 dead delivery" {
		t.Errorf("the subject is %s", subject)
	}
	for _, want := range []string{"passhook events replay " + failed, "there is no address", "no such mailbox", "--to ADDRESS"} {
		if !strings.Contains(mail.Text, want) {
			t.Errorf("%q is missing in:\n%s", want, mail.Text)
		}
	}
}

// A large order is one mail with a link for each pass and no attachments.
func TestALargeOrderHasLinksAlone(t *testing.T) {
	b := newBench(t, options{})
	b.run(t)
	session, items := standins.Checkout(standins.CheckoutOptions{
		Seed: "group", Created: time.Now(), Email: "group@example.com", Name: "Ada Lovelace", Currency: "eur",
		Items: []standins.Item{{Name: "Floor", Quantity: 40, UnitAmount: 100}},
	})
	b.stripe.AddSession(session, items)
	e, err := stripe.NewClient(stripe.Config{APIKeys: []string{"rk_test_1"}}).Decode(standins.Event(standins.EventOptions{ID: "evt_group", Type: completed, Created: time.Now()}, session))
	must(t, err)
	id, _, err := b.engine.Accept(context.Background(), e)
	must(t, err)
	b.settled(t, id)
	mail, err := b.smtp.Messages()[0].Parse()
	must(t, err)
	if links := strings.Count(mail.Text, "https://tickets.example.com/p/"); links != 40 || len(mail.Attachments) != 0 {
		t.Errorf("%d links, %d attachments", links, len(mail.Attachments))
	}
}
