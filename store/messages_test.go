package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

const told = "SELECT kind || ' ' || channel || ' ' || recipient || ' ' || delivery_id FROM messages ORDER BY id"

// delivering hands each message to do.
func delivering(do func(ctx context.Context, m *store.Message) error) store.Work[store.Message] {
	return store.Work[store.Message]{Table: store.Messages, Slots: 1, Do: do}
}

// placed is a delivery of an order in Slack, and its id.
func placed(t testing.TB, s *store.Store, object string, n int) (store.Issued, string) {
	t.Helper()
	in := order(claimed(t, s, event("of "+object)), object, 0, n)
	for i := range in.Deliveries {
		in.Deliveries[i].Channel, in.Deliveries[i].Recipient = "slack", "U1"
	}
	sold := got[store.Issued](t)(s.Issue(t.Context(), in))
	id := sold.Deliveries[0].ID
	must(t, s.SetPlace(t.Context(), id, "D1 1700000000.000100"))
	if d := got[*store.Delivery](t)(s.Delivery(t.Context(), id)); d.Place != "D1 1700000000.000100" || d.Channel != "slack" {
		t.Errorf("%+v", d)
	}
	return sold, id
}

func TestWhatWasPutSomewhereIsChangedThere(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		issue(t, s, "cs_mail", 1)
		sold, id := placed(t, s, "cs_1", 3)
		void := store.Change{Name: "refund", Kind: store.ChangeVoid, Reason: "refund", Refs: []string{"cs_1", "cs_mail"}}
		made(t, s, later("refund", 1), void)
		want(t, "messages", lines(t, s, told), "edit slack  "+id)
		made(t, s, later("again", 2), void) // nothing new
		want(t, "messages", lines(t, s, told), "edit slack  "+id)
		got[*store.Pass](t)(s.Redeem(t.Context(), issue(t, s, "cs_2", 1).Passes[0].Serial, "door"))
		want(t, "messages", lines(t, s, told), "edit slack  "+id)
		if ev := got[*store.Event](t)(s.EventOfOrder(t.Context(), sold.Passes[0].OrderID)); ev.ID != sold.Passes[0].EventID {
			t.Errorf("%+v", ev)
		}
	})
}

func TestAWalkQueuesOneChangeForEachDelivery(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		_, id := placed(t, s, "cs_many", many)
		running(t, s, walking(s, named, func(context.Context, []store.Pass) error { return nil }))
		made(t, s, later("refund", 1), store.Change{Name: "refund", Kind: store.ChangeVoid, Reason: "refund", Refs: []string{"cs_many"}})
		until(t, "the walk is done", func() bool { return count(t, s, "walks WHERE state = 'done'") == 1 })
		if n, other := count(t, s, "messages WHERE delivery_id = $1", id), count(t, s, "messages WHERE delivery_id <> $1", id); n == 0 || n > 10 || other != 0 {
			t.Errorf("%d changes, %d others", n, other)
		}
	})
}

func TestANoticeIsQueuedOnceWithItsPasses(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		notice := []store.Message{{Kind: store.MessageNotice, Channel: "slack", Recipient: "#ops", Subject: "1 pass", Text: "Ada\x00\xff" + strings.Repeat("x", 20_000)}}
		for _, id := range []string{"first", "again"} {
			in := order(claimed(t, s, event(id)), "cs_1", 0, 1)
			in.Messages = notice
			got[store.Issued](t)(s.Issue(t.Context(), in))
		}
		want(t, "messages", lines(t, s, told), "notice slack #ops ")
		e := claimed(t, s, event("lost"))
		exec(t, s, "UPDATE events SET attempts = 7 WHERE id = $1", e.ID)
		in := order(e, "cs_2", 0, 1)
		in.Messages = notice
		if _, err := s.Issue(t.Context(), in); !errors.Is(err, store.ErrLost) {
			t.Error(err)
		}
		if n := count(t, s, "messages"); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestMessagesAreSentAndTheOperatorIsToldOfDeadOnes(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := opened(t, p)
		for _, to := range []string{"U1", "nobody"} {
			must(t, s.Tell(t.Context(), store.Message{Kind: store.MessageAnswer, Channel: "slack", Recipient: to, Text: "It is void."}))
		}
		running(t, s, delivering(func(_ context.Context, m *store.Message) error {
			if m.Recipient == "nobody" {
				return integrations.Never(errors.New("user_not_found"))
			}
			return nil
		}))
		until(t, "both are done", func() bool { return count(t, s, "messages WHERE state <> 'pending'") == 2 })
		trouble := got[store.Trouble](t)(s.Unreported(t.Context(), 10))
		if len(trouble.Messages) != 1 || trouble.Messages[0].Recipient != "nobody" || trouble.Messages[0].Note != "user_not_found" {
			t.Errorf("%+v", trouble.Messages)
		}
		must(t, s.MarkReported(t.Context(), trouble))
		if again := got[store.Trouble](t)(s.Unreported(t.Context(), 10)); len(again.Messages) != 0 {
			t.Errorf("told again: %+v", again.Messages)
		}
	})
}
