package store

import (
	"errors"
	"slices"
	"time"

	"github.com/passhook/passhook/integrations"
)

// States of events. Deliveries are pending, sent, bounced or dead.
const (
	StatePending   = "pending"
	StateDone      = "done"
	StateIgnored   = "ignored"   // no rule is on it, or the config says so
	StateUnmatched = "unmatched" // a rule is on it, but nothing in it fits
	StateFailed    = "failed"    // needs a person, then a replay
	StateSent      = "sent"      // the other side took it
	StateBounced   = "bounced"
	StateDead      = "dead" // needs a person, then a resend
)

// ErrLost says that a claim ran out and somebody else has the row.
var ErrLost = errors.New("the claim on this row was lost")

// ErrSeen says that the source's id of an event is known already.
var ErrSeen = errors.New("there is an event with this id already")

// Event is a stored event.
type Event struct {
	integrations.Event
	State string
	// Note says for people what came of it, or what went wrong, and Attention
	// what the operator must look at.
	Note, Attention string
	// Attempts counts claims.
	Attempts int
	// Received is when it was stored, Since when its tries began, Due when
	// somebody looks at it next, and Settled when it left pending.
	Received, Since, Due, Settled time.Time
}

// Order is all passes that one event issued.
type Order struct {
	ID      string
	EventID string
	Source  string
	Account string
	Object  string
	Live    bool
	Created time.Time
}

// Pass is one issued pass.
type Pass struct {
	// Serial is its serial number.
	Serial string
	// Key is what makes it unique.
	Key      string
	OrderID  string
	EventID  string
	Rule     string
	Template string
	Item     string
	Unit     int
	// SecretID names the secret that its tokens are derived from.
	SecretID string
	// LinkHash is the SHA-256 of the token in its link, in hex.
	LinkHash string
	// Inputs is a JSON object: those that it was issued with, and what changes
	// made of them.
	Issued, Inputs []byte
	// VoidOn are the reasons that void it.
	VoidOn []string
	// Refs and References are stored with a new pass and not read back with it.
	Refs, References []string
	// Void is the set of reasons why it is void; empty: it is valid.
	Void []string
	// Source, Account and Live are those of the event that issued it.
	Source, Account  string
	Live             bool
	Created, Updated time.Time
	// Redeemed is when it was used, zero until then, and RedeemedBy says by whom.
	Redeemed   time.Time
	RedeemedBy string
}

// Kinds of changes, in the order of those that happened at the same time.
const (
	ChangeUpdate = "update"
	ChangeVoid   = "void"
	ChangeLift   = "lift"
	// ChangeNone is what a replay left out.
	ChangeNone = "none"
)

// Change is what an event does to the passes that share a ref with it.
type Change struct {
	// Name tells it from the event's other changes: an event makes a change
	// once.
	Name string
	Kind string
	// Reason is why passes are void, or no longer.
	Reason string
	// Template, where it is set, leaves passes of other templates alone.
	Template string
	// Inputs is a JSON object that is merged into the passes' own.
	Inputs []byte
	// Refs are ids of the source. They are not read back.
	Refs []string
	// Serial is the serial number of the one pass that it is about; it counts in
	// changes of passhook itself only.
	Serial string
	// EventID and Source are the event's, and Time is when it happened. They are
	// read with a stored change.
	EventID, Source string
	Time            time.Time
	externalID      string
}

// refs are those that are stored, of which a serial number is one.
func (c Change) refs() []string {
	if c.Serial == "" {
		return c.Refs
	}
	return append(slices.Clone(c.Refs), integrations.SerialPrefix+c.Serial)
}

// Walk is a change of many passes, a page at a time.
type Walk struct {
	ID string
	// Kind says what is done: WalkChange or WalkPush.
	Kind string
	// EventID is the event whose changes they are.
	EventID string
	// Place is the serial number that was reached.
	Place    string
	State    string
	Note     string
	Attempts int
	// Created is when it began; Since and Due are as an event's.
	Created, Since, Due time.Time
}

// WalkChange brings the passes that an event's changes are about up to date.
const WalkChange = "change"

// WalkPush wakes the phones of a template's passes; the event's Data names it.
const WalkPush = "push"

// Delivery is the passes of one order for one recipient over one channel.
type Delivery struct {
	ID        string
	OrderID   string
	Channel   string
	Recipient string
	State     string
	// Note is the last error, for people.
	Note     string
	Attempts int
	// ResendOf is the delivery that this one repeats, or empty.
	ResendOf string
	// LinkKey is what the token of its page's link is derived from, with the
	// secret of SecretID; LinkHash is the token's SHA-256, in hex. Those of
	// deliveries from before there were pages are empty.
	LinkKey, SecretID, LinkHash string
	// Place is where the other side has put it, if it can be changed there.
	Place string
	// Created is when it was decided; Since, Due and Sent are as an event's.
	Created, Since, Due, Sent time.Time
	// Passes are serial numbers in the order of the mail; a claimed delivery comes
	// without them.
	Passes []string
}
