package store

import (
	"fmt"
	"time"
)

// Row is what every row of the ledger has: it waits for work, and whoever claims
// it may work on it until the claim runs out.
type Row struct {
	ID string
	// Lane tells rows apart that are worked on apart: an event's source, a
	// delivery's channel.
	Lane  string
	State string
	// Note is the last error, or what came of it, for people.
	Note string
	// Attempts counts claims. What a claim writes holds only while it is the
	// newest one.
	Attempts int
	// Since is when its tries began, and Due when somebody looks at it next.
	Since, Due time.Time
}

// table is a table of the ledger with its statements.
type table struct {
	// name is the table's, and one a row's for people.
	name, one string
	// lane is the column that Row.Lane is read from.
	lane string
	// done and failed are the states that work ends in.
	done, failed string
	// doneOnly: the time at which a row left pending is kept of those that are
	// done only.
	doneOnly bool
	// news: endpoints are told of one that failed.
	news bool
	// retries is how long they are tried.
	retries retries
	// advice is what a person does about one that failed; %s is its id.
	advice string
	// fields are those that scan reads; claimFree is claim where claims do not
	// run out while the process lives.
	fields, claim, claimFree, release, releaseOne, renew, retry, settle, lanes, ahead string
}

// newTable makes the statements. ended sets the column that remembers when the
// row left pending, $5.
func newTable(t table, fields, ended string) table {
	// FOR UPDATE SKIP LOCKED is PostgreSQL's; SQLite has one writer.
	const pending = " WHERE state = 'pending'"
	t.fields = fields
	t.claimFree = fmt.Sprintf("UPDATE %s SET attempts = attempts + 1, claimed = true, due = $1 WHERE id IN"+
		" (SELECT id FROM %[1]s"+pending+" AND NOT claimed AND %s = $2 AND due <= $3 ORDER BY due LIMIT $4) RETURNING %s", t.name, t.lane, fields)
	t.claim = fmt.Sprintf("UPDATE %s SET attempts = attempts + 1, claimed = true, due = $1 WHERE id IN"+
		" (SELECT id FROM %[1]s"+pending+" AND %s = $2 AND due <= $3 AND (NOT claimed OR due <= $6) AND id <> ALL ($5) ORDER BY due LIMIT $4 FOR UPDATE SKIP LOCKED) RETURNING %s", t.name, t.lane, fields)
	held := pending + " AND id = $1 AND attempts = $2"
	t.release = "UPDATE " + t.name + " SET claimed = false, due = $1" + pending + " AND claimed"
	t.releaseOne = "UPDATE " + t.name + " SET claimed = false, due = $3" + held
	t.renew = "UPDATE " + t.name + " SET due = $3" + held
	t.retry = "UPDATE " + t.name + " SET claimed = false, due = $3, note = $4" + held
	t.settle = "UPDATE " + t.name + " SET claimed = false, state = $3, note = $4, " + ended + held
	// One step of the index for each lane, however many rows wait.
	t.lanes = fmt.Sprintf("WITH RECURSIVE all_lanes (lane) AS (SELECT min(%[2]s) FROM %[1]s%[3]s"+
		" UNION ALL SELECT (SELECT min(%[2]s) FROM %[1]s%[3]s AND %[2]s > all_lanes.lane) FROM all_lanes WHERE all_lanes.lane IS NOT NULL)"+
		" SELECT lane, (SELECT min(due) FROM %[1]s%[3]s AND %[2]s = lane), (SELECT max(due) FROM %[1]s%[3]s AND %[2]s = lane) FROM all_lanes WHERE lane IS NOT NULL",
		t.name, t.lane, pending)
	t.ahead = fmt.Sprintf("UPDATE %s SET due = $1%s AND %s = $2 AND due > $3", t.name, pending, t.lane)
	return t
}

// Table is a table of the ledger whose rows are of type T.
type Table[T any] struct {
	table
	scan func(scanner) (*T, error)
	row  func(*T) Row
}

// Name is the table's.
func (t Table[T]) Name() string { return t.name }

// Tables of the ledger.
var (
	eventTable = newTable(table{
		name: "events", one: "event", lane: "source", done: StateDone, failed: StateFailed, retries: patient,
		advice: "fix the cause, then: passhook events replay %s",
	}, eventFields, "settled = $5")
	deliveryTable = newTable(table{
		name: "deliveries", one: "delivery", lane: "channel", done: StateSent, failed: StateDead, doneOnly: true, news: true, retries: patient,
		advice: "correct the address: passhook deliveries resend %s --to ADDRESS",
	}, deliveryFields, "sent = $5")
	walkTable = newTable(table{
		name: "walks", one: "walk", lane: "kind", done: StateDone, failed: StateFailed, retries: patient,
		advice: "fix the cause; the next start goes on with %s",
	}, walkFields, "settled = $5")
	outgoingTable = newTable(table{
		name: "outgoing", one: "webhook message", lane: "endpoint", done: StateSent, failed: StateDead, retries: spaced,
		advice: "mend the endpoint; message %s is not sent again",
	}, outgoingFields, "settled = $5")
	messageTable = newTable(table{
		name: "messages", one: "message", lane: "channel", done: StateSent, failed: StateDead, retries: patient,
		advice: "correct who is told; message %s is not sent again",
	}, messageFields, "settled = $5")

	deviceTable = newTable(table{
		name: "devices", one: "phone", lane: "pass_type", done: StateDone, failed: StateDead,
		advice: "phone %s is not woken until its passes change again", retries: waking,
	}, deviceFields, "settled = $5")

	// Events are worked on by source.
	Events = Table[Event]{eventTable, scanEvent, (*Event).row}
	// Deliveries are worked on by channel.
	Deliveries = Table[Delivery]{deliveryTable, scanDelivery, (*Delivery).row}
	// Walks are worked on by kind.
	Walks = Table[Walk]{walkTable, scanWalk, (*Walk).row}
	// Devices are worked on by pass type.
	Devices = Table[Device]{deviceTable, scanDevice, (*Device).row}
	// Outgoings are worked on by endpoint.
	Outgoings = Table[Outgoing]{outgoingTable, scanOutgoing, (*Outgoing).row}
	// Messages are worked on by channel.
	Messages = Table[Message]{messageTable, scanMessage, (*Message).row}
)
