// Package store remembers events, orders, passes and deliveries, in SQLite or
// PostgreSQL, and holds the queue that wakes who works on them.
//
// Rows are the truth, the queue only wakes. A pending row has a time when it is
// due. A worker claims it with one UPDATE that raises its attempts and moves it
// into the future; whoever settles it must name those attempts, so a worker
// that was given up changes nothing. A crash leaves the row pending, and the
// sweep finds it when it is due.
package store
