package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

// job is something that a store does. make prepares it and returns what is
// measured.
type job struct {
	name string
	make func(tb testing.TB, f *full, n names) func() error
}

// read is a job that needs no preparation and finds what there is.
func read(name string, do func(tb testing.TB, f *full, n names) error) job {
	return job{name, func(tb testing.TB, f *full, n names) func() error { return func() error { return do(tb, f, n) } }}
}

// found reports a list that has not as many rows as it should.
func found[T any](want int) func(list []T, err error) error {
	return func(list []T, err error) error {
		if err == nil && len(list) != want {
			return fmt.Errorf("%d rows, want %d", len(list), want)
		}
		return err
	}
}

func readJobs() []job {
	all := findJobs()
	for name, of := range map[string]func(n names) string{
		"event": func(n names) string { return n.event }, "order": func(n names) string { return n.order }, "serial": func(n names) string { return n.serial },
		"ref": func(n names) string { return n.payment }, "address": func(n names) string { return n.recipient },
	} {
		all = append(all,
			read("FindDeliveries by "+name, func(tb testing.TB, f *full, n names) error {
				return found[store.Delivery](1)(f.FindDeliveries(tb.Context(), store.Filter{Query: of(n)}))
			}),
			read("FindPasses by "+name, func(tb testing.TB, f *full, n names) error {
				return found[store.Pass](1)(f.FindPasses(tb.Context(), store.Filter{Query: of(n)}))
			}))
		if name == "order" {
			continue
		}
		all = append(all, read("FindEvents by "+name, func(tb testing.TB, f *full, n names) error {
			return found[store.Event](1)(f.FindEvents(tb.Context(), store.Filter{Query: of(n)}))
		}))
	}
	return append(append(all, lookUpJobs()...), phoneJobs()...)
}

func findJobs() []job {
	const newest = 50
	return []job{
		read("FindEvents by source's id", func(tb testing.TB, f *full, n names) error {
			return found[store.Event](1)(f.FindEvents(tb.Context(), store.Filter{Query: n.external}))
		}),
		read("FindEvents done by ref", func(tb testing.TB, f *full, n names) error {
			_, err := f.FindEvents(tb.Context(), store.Filter{Query: n.payment, State: store.StateDone})
			return err
		}),
		read("FindDeliveries sent by ref", func(tb testing.TB, f *full, n names) error {
			_, err := f.FindDeliveries(tb.Context(), store.Filter{Query: n.payment, State: store.StateSent})
			return err
		}),
		read("FindPasses of a rule by ref", func(tb testing.TB, f *full, n names) error {
			return found[store.Pass](1)(f.FindPasses(tb.Context(), store.Filter{Query: n.payment, Rule: "concert"}))
		}),
		read("FindEvents newest", func(tb testing.TB, f *full, _ names) error {
			return found[store.Event](newest)(f.FindEvents(tb.Context(), store.Filter{Limit: newest}))
		}),
		read("FindEvents done", func(tb testing.TB, f *full, _ names) error {
			return found[store.Event](newest)(f.FindEvents(tb.Context(), store.Filter{State: store.StateDone, Limit: newest}))
		}),
		read("FindEvents failed", func(tb testing.TB, f *full, _ names) error {
			return found[store.Event](3)(f.FindEvents(tb.Context(), store.Filter{State: store.StateFailed, Limit: 3}))
		}),
		read("FindEvents pending", func(tb testing.TB, f *full, _ names) error {
			return found[store.Event](3)(f.FindEvents(tb.Context(), store.Filter{State: store.StatePending, Limit: 3}))
		}),
		read("FindDeliveries newest", func(tb testing.TB, f *full, _ names) error {
			return found[store.Delivery](newest)(f.FindDeliveries(tb.Context(), store.Filter{Limit: newest}))
		}),
		read("FindDeliveries sent", func(tb testing.TB, f *full, _ names) error {
			return found[store.Delivery](newest)(f.FindDeliveries(tb.Context(), store.Filter{State: store.StateSent, Limit: newest}))
		}),
		read("FindDeliveries dead", func(tb testing.TB, f *full, _ names) error {
			return found[store.Delivery](1)(f.FindDeliveries(tb.Context(), store.Filter{State: store.StateDead, Limit: 1}))
		}),
		read("FindPasses newest", func(tb testing.TB, f *full, _ names) error {
			return found[store.Pass](newest)(f.FindPasses(tb.Context(), store.Filter{Limit: newest}))
		}),
		read("FindPasses of a rule", func(tb testing.TB, f *full, _ names) error {
			return found[store.Pass](newest)(f.FindPasses(tb.Context(), store.Filter{Rule: "concert", Limit: newest}))
		}),
		read("FindPasses of no rule", func(tb testing.TB, f *full, _ names) error {
			return found[store.Pass](0)(f.FindPasses(tb.Context(), store.Filter{Rule: "gone", Limit: newest}))
		}),
		read("FindPasses by nothing", func(tb testing.TB, f *full, _ names) error {
			return found[store.Pass](0)(f.FindPasses(tb.Context(), store.Filter{Query: "nothing", Limit: newest}))
		}),
	}
}

func lookUpJobs() []job {
	return []job{
		read("Event", func(tb testing.TB, f *full, n names) error { _, err := f.Event(tb.Context(), n.event); return err }),
		read("PassBySerial", func(tb testing.TB, f *full, n names) error {
			_, err := f.PassBySerial(tb.Context(), n.serial)
			return err
		}),
		read("PassByLink", func(tb testing.TB, f *full, n names) error { _, err := f.PassByLink(tb.Context(), n.link); return err }),
		read("DeliveriesByLink", func(tb testing.TB, f *full, n names) error {
			return found[store.Delivery](1)(f.DeliveriesByLink(tb.Context(), n.link))
		}),
		read("DeliveriesAbout", func(tb testing.TB, f *full, n names) error {
			return found[store.Delivery](1)(f.DeliveriesAbout(tb.Context(), "stripe", n.session))
		}),
		job{"PassesAbout", func(tb testing.TB, f *full, n names) func() error {
			e := got[*store.Event](tb)(f.Event(tb.Context(), n.event))
			return func() error { return found[store.Pass](1)(f.PassesAbout(tb.Context(), *e)) }
		}},
		{"MadeBy a refund", func(tb testing.TB, f *full, n names) func() error {
			p := passNow(tb, f.Store, n.serial)
			e := later(f.next(), 1)
			e.Live, e.Account = p.Live, p.Account
			c := claimed(tb, f.Store, e)
			got[store.Issued](tb)(f.Issue(tb.Context(), change(c, store.ChangeVoid, e.ExternalID, n.payment)))
			return func() error { _, err := f.MadeBy(tb.Context(), c, 10); return err }
		}},
		read("PassesOf", func(tb testing.TB, f *full, n names) error {
			return found[store.Pass](1)(f.PassesOf(tb.Context(), n.delivery))
		}),
		read("IssuedBy", func(tb testing.TB, f *full, n names) error {
			_, d, err := f.IssuedBy(tb.Context(), n.event)
			return found[store.Delivery](1)(d, err)
		}),
		read("HasEvent", func(tb testing.TB, f *full, n names) error {
			has, err := f.HasEvent(tb.Context(), "stripe", n.session, "stripe.checkout.paid")
			return found[bool](1)(nothingOr(has), err)
		}),
		read("Changed", func(tb testing.TB, f *full, n names) error {
			is, err := f.Changed(tb.Context(), n.event, n.serial)
			return found[bool](1)(nothingOr(is), err)
		}),
		read("OutgoingOf", func(tb testing.TB, f *full, n names) error {
			return found[store.Outgoing](1)(f.OutgoingOf(tb.Context(), n.event, 10))
		}),
		read("Unreported", func(tb testing.TB, f *full, _ names) error { _, err := f.Unreported(tb.Context(), 100); return err }),
		read("Stuck", func(tb testing.TB, f *full, _ names) error { _, err := f.Stuck(tb.Context()); return err }),
		read("Accounts", func(tb testing.TB, f *full, _ names) error {
			return found[string](3)(f.Accounts(tb.Context(), "stripe"))
		}),
		read("Secrets", func(tb testing.TB, f *full, _ names) error { return found[string](1)(f.Secrets(tb.Context())) }),
		read("Mark", func(tb testing.TB, f *full, _ names) error { _, err := f.Mark(tb.Context(), "a mark"); return err }),
		read("CheckWrite", func(tb testing.TB, f *full, _ names) error { return f.CheckWrite(tb.Context()) }),
		read("look where nothing is due", func(tb testing.TB, f *full, _ names) error { return f.Look(tb.Context()) }),
		read("claim where nothing is due", func(tb testing.TB, f *full, _ names) error {
			return found[store.Row](0)(f.ClaimDue(tb.Context(), "stripe"))
		}),
	}
}

// phoneJobs are what phones ask, and what asks about them.
func phoneJobs() []job {
	return []job{
		read("FindPasses of a source", func(tb testing.TB, f *full, _ names) error {
			return found[store.Pass](50)(f.FindPasses(tb.Context(), store.Filter{Source: "stripe", Limit: 50}))
		}),
		read("FindPasses of a source, another page", func(tb testing.TB, f *full, n names) error {
			_, err := f.FindPasses(tb.Context(), store.Filter{Source: "stripe", Limit: 50, After: passNow(tb, f.Store, n.serial)})
			return err
		}),
		read("EventBySource", func(tb testing.TB, f *full, n names) error {
			_, err := f.EventBySource(tb.Context(), "stripe", n.external)
			return err
		}),
		read("Figure", func(tb testing.TB, f *full, _ names) error {
			_, err := f.Figure(tb.Context(), "stripe", time.Now().AddDate(0, -1, 0), time.Now())
			return err
		}),
		read("ChangedSince", func(tb testing.TB, f *full, n names) error {
			_, _, err := f.ChangedSince(tb.Context(), n.phone, "pass.com.example.tickets", 0)
			return err
		}),
		read("Register again", func(tb testing.TB, f *full, n names) error {
			_, err := f.Register(tb.Context(), n.phone, "pass.com.example.tickets", n.serial, "token")
			return err
		}),
		read("Behind", func(tb testing.TB, f *full, n names) error { _, err := f.Behind(tb.Context(), n.serial); return err }),
		read("Fetched", func(tb testing.TB, f *full, n names) error { return f.Fetched(tb.Context(), n.serial) }),
		read("PhonesOf", func(tb testing.TB, f *full, n names) error {
			return found[store.Registration](1)(f.PhonesOf(tb.Context(), n.serial, 10))
		}),
		read("Stale", func(tb testing.TB, f *full, _ names) error {
			_, err := f.Stale(tb.Context(), time.Time{}, time.Now().Add(time.Hour), 1)
			return err
		}),
		read("PutPhoneLogs", func(tb testing.TB, f *full, n names) error {
			return f.PutPhoneLogs(tb.Context(), []store.PhoneLog{{Serial: n.serial, Text: "hello"}})
		}),
		{"Redeem", func(tb testing.TB, f *full, n names) func() error {
			return func() error {
				if _, err := f.Redeem(tb.Context(), n.serial, "api.website 1"); !errors.Is(err, store.ErrVoid) {
					return err
				}
				return nil
			}
		}},
	}
}

// nothingOr is a list of what is true.
func nothingOr(is bool) (list []bool) {
	if is {
		list = append(list, is)
	}
	return list
}

func writeJobs() []job {
	return []job{
		{"Accept", func(tb testing.TB, f *full, _ names) func() error {
			e := of("bench", f.next())
			return func() error { _, _, err := f.Accept(tb.Context(), e); return err }
		}},
		{"Accept again", func(tb testing.TB, f *full, n names) func() error {
			e := event("1")
			e.ExternalID = n.external
			return func() error { _, _, err := f.Accept(tb.Context(), e); return err }
		}},
		{"claim one of what is due", func(tb testing.TB, f *full, _ names) func() error {
			accept(tb, f.Store, of("claims", f.next()))
			return func() error { return found[store.Row](1)(f.ClaimDue(tb.Context(), "claims")) }
		}},
		{"settle", func(tb testing.TB, f *full, _ names) func() error {
			e := claimed(tb, f.Store, event(f.next()))
			return func() error { return f.SettleEvent(tb.Context(), e, store.StateDone, "") }
		}},
		{"retry", func(tb testing.TB, f *full, _ names) func() error {
			e := claimed(tb, f.Store, event(f.next()))
			return func() error { return f.RetryEvent(tb.Context(), e, time.Now().Add(time.Hour), "") }
		}},
		{"Issue 3 passes", func(tb testing.TB, f *full, _ names) func() error { return f.issue(tb, f.next()) }},
		{"Issue 3 passes whose changes wait", func(tb testing.TB, f *full, _ names) func() error {
			id := f.next()
			made(tb, f.Store, later(id+"-early", 1), store.Change{Name: "refund", Kind: store.ChangeVoid, Reason: "refund", Refs: []string{id}})
			return f.issue(tb, id)
		}},
		{"Issue a refund of 1 pass", func(tb testing.TB, f *full, n names) func() error { return f.change(tb, n, n.payment) }},
		{"end what waits for an endpoint", func(tb testing.TB, f *full, _ names) func() error {
			must(tb, f.issue(tb, f.next())())
			var id string
			must(tb, database(tb, f.Store).QueryRow("SELECT max(id) FROM outgoing").Scan(&id))
			o := claimedMessage(tb, f.Store, id)
			return func() error { return f.EndOutgoing(tb.Context(), o, "it is not in the config") }
		}},
		{"Issue a change of no pass", func(tb testing.TB, f *full, n names) func() error { return f.change(tb, n, "pi_none") }},
		{"Resend", func(tb testing.TB, f *full, n names) func() error {
			return func() error { _, err := f.Resend(tb.Context(), n.delivery, "", 50); return err }
		}},
		read("ResendDead where none is", func(tb testing.TB, f *full, _ names) error {
			_, err := f.ResendDead(tb.Context(), time.Now())
			return err
		}),
		{"Replay", func(tb testing.TB, f *full, n names) func() error {
			return func() error { return f.Replay(tb.Context(), n.event) }
		}},
		{"open", func(tb testing.TB, f *full, _ names) func() error {
			must(tb, f.Close())
			return func() (err error) {
				if f.Store, err = store.Open(tb.Context(), f.place.Config); err != nil {
					return err
				}
				return f.Release(tb.Context())
			}
		}},
	}
}

func (f *full) issue(tb testing.TB, object string) func() error {
	in := order(claimed(tb, f.Store, event(object)), object, 0, 3)
	return func() error {
		out, err := f.Issue(tb.Context(), in)
		return found[store.Pass](3)(out.Passes, err)
	}
}

func (f *full) change(tb testing.TB, n names, ref string) func() error {
	p := passNow(tb, f.Store, n.serial)
	e := later(f.next(), 1)
	e.Live, e.Account = p.Live, p.Account
	want := 1
	if ref != n.payment {
		want = 0
	}
	in := change(claimed(tb, f.Store, e), store.ChangeVoid, e.ExternalID, ref)
	return func() error {
		out, err := f.Issue(tb.Context(), in)
		return found[store.Pass](want)(out.Changed, err)
	}
}
