package bot_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

const bookingRules = `
- {name: booked, on: shop.booked*, action: upsert, key: "${{ data.booking }}", template: concert, with: {holder: "${{ data.name }}", seat: "${{ data.seat }}"}, deliver: [{email: ada@example.com}]}
- {name: cancelled, on: shop.cancelled*, action: void, key: "${{ data.booking }}"}
- {name: upgraded, on: shop.upgraded*, action: update, key: "${{ data.booking }}", with: {seat: VIP}}
`

// booking is an event about a booking. Its object and refs are its own, as those
// of a hook's events are.
func (s *shop) booking(name string, minutes int, booking, seat string) integrations.Event {
	return s.event(name, minutes, func(e *integrations.Completed) {
		e.Object, e.Refs = name, nil
		e.Data = []byte(`{"booking":"` + booking + `","seat":"` + seat + `","name":"Ada Lovelace"}`)
	})
}

func TestABookingIsOnePassWhateverHappensToItInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		events func(*shop) []integrations.Event
		void   string
		seat   string
	}{
		{"moved", func(s *shop) []integrations.Event {
			return []integrations.Event{s.booking("booked 1", 0, "B1", "A1"), s.booking("booked 2", 1, "B1", "A2")}
		}, "", "A2"},
		{"moved twice", func(s *shop) []integrations.Event {
			return []integrations.Event{s.booking("booked 1", 0, "B1", "A1"), s.booking("booked 2", 1, "B1", "A2"), s.booking("booked 3", 2, "B1", "A3")}
		}, "", "A3"},
		{"cancelled", func(s *shop) []integrations.Event {
			return []integrations.Event{s.booking("booked 1", 0, "B1", "A1"), s.booking("cancelled", 1, "B1", "")}
		}, "rule cancelled", "A1"},
		{"cancelled and booked again", func(s *shop) []integrations.Event {
			return []integrations.Event{s.booking("booked 1", 0, "B1", "A1"), s.booking("cancelled", 1, "B1", ""), s.booking("booked 2", 2, "B1", "A2")}
		}, "", "A2"},
		{"upgraded, then moved", func(s *shop) []integrations.Event {
			return []integrations.Event{s.booking("booked 1", 0, "B1", "A1"), s.booking("upgraded", 1, "B1", ""), s.booking("booked 2", 2, "B1", "A2")}
		}, "", "A2"},
		{"moved, then upgraded", func(s *shop) []integrations.Event {
			return []integrations.Event{s.booking("booked 1", 0, "B1", "A1"), s.booking("upgraded", 2, "B1", ""), s.booking("booked 2", 1, "B1", "A2")}
		}, "", "VIP"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b, s := newShop(t, "", bookingRules)
			events := tc.events(s)
			for order := range permutations(len(events)) {
				b, s = newShop(t, "", bookingRules)
				events = tc.events(s)
				var shuffled []integrations.Event
				for _, i := range order {
					shuffled = append(shuffled, events[i])
				}
				var all []store.Pass
				for _, e := range b.accepted(t, false, shuffled...) {
					_, p, _ := b.settled(t, e.ID)
					all = append(all, p...)
				}
				if len(all) != 1 {
					t.Fatalf("in order %v: %d passes", order, len(all))
				}
				p, err := b.store.PassBySerial(t.Context(), all[0].Serial)
				must(t, err)
				if void := strings.Join(p.Void, " "); void != tc.void || !strings.Contains(string(p.Inputs), `"seat":"`+tc.seat+`"`) {
					t.Errorf("in order %v: void %q, inputs %s", order, void, p.Inputs)
				}
				if n := len(b.smtp.Messages()); n != 1 {
					t.Errorf("in order %v: %d mails", order, n)
				}
			}
		})
	}
}

// permutations are all orders of n things.
func permutations(n int) func(func([]int) bool) {
	return func(yield func([]int) bool) {
		var step func(done []int) bool
		step = func(done []int) bool {
			if len(done) == n {
				return yield(done)
			}
			for i := range n {
				if !slices.Contains(done, i) && !step(append(slices.Clone(done), i)) {
					return false
				}
			}
			return true
		}
		step(nil)
	}
}

func TestAKeyReachesOnlyItsOwnBooking(t *testing.T) {
	t.Parallel()
	b, s := newShop(t, "", bookingRules)
	other := s.booking("booked elsewhere", 0, "B1", "A1")
	other.Account = "another"
	v, _ := s.events.Load(other.ExternalID)
	completed, _ := v.(integrations.Completed)
	completed.Account = other.Account
	s.events.Store(other.ExternalID, completed)
	made := b.accepted(t, false, s.booking("booked 1", 0, "B1", "A1"), s.booking("booked 2", 0, "B2", "A2"), other)
	b.accepted(t, false, s.booking("cancelled", 1, "B1", ""))
	for i, want := range []string{"rule cancelled", "", ""} {
		p := b.only(t, made[i].ID)
		if got := strings.Join(p.Void, " "); got != want {
			t.Errorf("booking %d is void for %q, want %q", i+1, got, want)
		}
	}
}

func TestAnUpsertLeavesAloneWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	b, s := newShop(t, "", strings.ReplaceAll(bookingRules, `, seat: "${{ data.seat }}"}, deliver`, `}, deliver`))
	made := b.accepted(t, false, s.booking("booked 1", 0, "B1", "A1"), s.booking("upgraded", 1, "B1", ""), s.booking("booked 2", 2, "B1", "A2"))
	p := b.only(t, made[0].ID)
	if !strings.Contains(string(p.Inputs), `"seat":"VIP"`) {
		t.Errorf("the seat is %s", p.Inputs)
	}
	if made[2].Note != "nothing new: order "+p.OrderID+" has these passes; update; lift rule; 0 of 1 pass changed" {
		t.Errorf("the note is %q", made[2].Note)
	}
}

func TestAnUpsertWithoutAKeyInTheEventFails(t *testing.T) {
	t.Parallel()
	b, s := newShop(t, "", bookingRules)
	made := b.accepted(t, false, s.booking("booked 1", 0, " ", "A1"), s.booking("booked 2", 0, strings.Repeat("k", 256), "A1"))
	for i, want := range []string{"rule booked: key: is empty for this event", "rule booked: key: is longer than 255 bytes"} {
		if made[i].State != store.StateFailed || !strings.HasPrefix(made[i].Note, want) {
			t.Errorf("%s: %s", made[i].State, made[i].Note)
		}
	}
}
