package store

import "database/sql"

// Database lets tests disturb the database and look behind the store.
func (s *Store) Database() *sql.DB { return s.db }

// Waiting is how many events wait for the next transaction.
func (s *Store) Waiting() int { return len(s.accept) }

// Query is a query with its arguments.
type Query struct {
	Text string
	Args []any
}

// Queries are those that lists, workers and pages ask for.
func Queries() map[string]Query {
	of := func(text string, args []any) Query { return Query{text, args} }
	out := map[string]Query{
		"due events":     {dueEvents, []any{int64(0), 200}},
		"due deliveries": {dueDeliveries, []any{int64(0), 200}},
		"by link":        {"SELECT " + passFields + " FROM passes WHERE link_hash = $1", []any{"x"}},
		"changes":        {changesOf, []any{"x", "y"}},
		"changed by":     {changedBy, []any{"x"}},
		"delivery page":  {deliveryByLink, []any{"x"}},
		"about":          {deliveriesAbout, []any{"x", "y"}},
		"stuck":          {stuckEvent, []any{5}},
		"accounts":       {accounts, []any{"x"}},
		"passes about":   {passesAbout, []any{"x", "y", "", true}},
		"untold":         {untoldEvents, []any{1}},
		"by event":       {"SELECT " + passFields + " FROM passes WHERE event_id = $1 ORDER BY key", []any{"x"}},
	}
	out["passes by rule"] = of(Filter{Rule: "x"}.passes())
	for name, f := range map[string]Filter{"all": {}, "by query": {Query: "x"}} {
		out["passes "+name] = of(f.passes())
		out["events "+name] = of(f.events())
		out["deliveries "+name] = of(f.deliveries())
	}
	out["pending events"] = of(Filter{State: StatePending}.events())
	out["dead deliveries"] = of(Filter{State: StateDead}.deliveries())
	return out
}
