// Package store remembers events, orders, passes, deliveries and messages, in
// SQLite or PostgreSQL, and holds the ledger: the rows that wait for work.
//
// Rows are the truth; a wake-up is a hint. A pending row has a time when it is
// due. A worker claims it with one UPDATE that raises its attempts and moves it
// into the future; whoever settles it must name those attempts, so a worker
// that was given up changes nothing. A crash leaves the row pending, and the
// sweep finds it when it is due. Rows of one lane, a source, a channel or an
// endpoint, are worked on in that order; a new kind of work is a Table and a
// function.
package store
