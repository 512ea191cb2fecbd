package hooks_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// sent is a request of a sender: its body, and the header with the event's name
// where it is there.
type sent struct{ body, header string }

// A sale has several tickets. One of them ends, or is moved, without the others;
// the sale's end is that of all.
func TestTheEndOfOneTicketLeavesTheOthers(t *testing.T) {
	const at = `"updated_at": "2026-11-24T18:00:0%dZ"`
	tito := func(n int, slug, event string) sent {
		return sent{fmt.Sprintf(`{"slug": %q, "registration_slug": "reg", `+at+`}`, slug, n), event}
	}
	tailor := func(n int, event, id, status string) sent {
		return sent{body: fmt.Sprintf(`{"id": "wh_%d", "event": %q, "created_at": "2026-11-24T18:00:0%[1]dZ", "payload": {"id": %[3]q, "order_id": "or_1", "status": %[4]q}}`, n, event, id, status)}
	}
	calendly := func(n int, event, uri, old string) sent {
		return sent{body: fmt.Sprintf(`{"event": %q, "created_at": "2026-11-24T18:00:0%dZ", "payload": {"uri": %q, "old_invitee": %q}}`, event, n, uri, old)}
	}
	for _, tc := range []struct {
		preset, issue, void string
		events              []sent
		// want is for each pass whether it is void, the oldest first.
		want string
	}{
		{"tito", "ticket.completed", "ticket.voided", []sent{tito(1, "a", "ticket.completed"), tito(2, "b", "ticket.completed"), tito(3, "a", "ticket.voided")}, "[true false]"},
		{"tito", "ticket.completed", "registration.cancelled", []sent{tito(1, "a", "ticket.completed"), tito(2, "b", "ticket.completed"), tito(3, "reg", "registration.cancelled")}, "[true true]"},
		{"ticket-tailor", "ISSUED_TICKET.CREATED", "ISSUED_TICKET.UPDATED", []sent{tailor(1, "ISSUED_TICKET.CREATED", "a", "valid"), tailor(2, "ISSUED_TICKET.CREATED", "b", "valid"), tailor(3, "ISSUED_TICKET.UPDATED", "a", "voided")}, "[true false]"},
		{"ticket-tailor", "ISSUED_TICKET.CREATED", "ORDER.UPDATED", []sent{tailor(1, "ISSUED_TICKET.CREATED", "a", "valid"), tailor(2, "ISSUED_TICKET.CREATED", "b", "valid"), {body: `{"id": "wh_3", "event": "ORDER.UPDATED", "created_at": "2026-11-24T18:00:03Z", "payload": {"id": "or_1", "status": "cancelled"}}`}}, "[true true]"},
		{"calendly", "invitee.created", "invitee.canceled", []sent{calendly(1, "invitee.created", "a", ""), calendly(2, "invitee.created", "b", "a"), calendly(3, "invitee.canceled", "a", "")}, "[true false]"},
	} {
		t.Run(tc.preset+" "+tc.void, func(t *testing.T) {
			t.Parallel()
			rules := fmt.Sprintf(`
  - {name: ticket, on: hooks.x.%s, template: concert, with: {holder: Ada Lovelace}, deliver: [{email: ada@example.com}]}
  - {name: end, on: hooks.x.%s, action: void}`, tc.issue, tc.void)
			s := newServer(t, fmt.Sprintf("\n  x: {preset: %s, verify: {bearer: %s}}", tc.preset, token), rules)
			var order []string
			for _, e := range tc.events {
				got := s.post(t, "/hooks/x?wait", e.body, "Authorization", "Bearer "+token, "Content-Type", "application/json", "X-Webhook-Name", e.header)
				expect(t, tc.preset, got, http.StatusOK)
				if serial := got.text("serial_number"); !slices.Contains(order, serial) {
					order = append(order, serial)
				}
			}
			void := make([]bool, len(order))
			for _, p := range s.passes(t) {
				void[slices.Index(order, p.Serial)] = strings.Contains(fmt.Sprint(p.Void), "rule end")
			}
			if got := fmt.Sprint(void); got != tc.want {
				t.Errorf("void: %s, want %s", got, tc.want)
			}
		})
	}
}
