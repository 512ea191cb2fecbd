package integrations

import (
	"context"
	"time"
)

// Types of messages: what endpoints of others are told.
const (
	MessageIssued       = "pass.issued"
	MessageUpdated      = "pass.updated"
	MessageVoided       = "pass.voided"
	MessageRedeemed     = "pass.redeemed"
	MessageInstalled    = "pass.installed"
	MessageRemoved      = "pass.removed"
	MessageDeliveryDead = "delivery.dead"
)

// MessageTypes are all of them.
func MessageTypes() []string {
	return []string{MessageIssued, MessageUpdated, MessageVoided, MessageRedeemed, MessageInstalled, MessageRemoved, MessageDeliveryDead}
}

// Message tells an outside program of something that happened.
type Message struct {
	// ID is stable over every attempt.
	ID string
	// Type is one of MessageTypes.
	Type string
	// Time is when it happened.
	Time time.Time
	// Data becomes JSON.
	Data any
}

// Notifier tells one outside program. Errors follow the rule of Gone, After,
// Unavailable and all others.
type Notifier interface {
	// Send returns nil when the other side took the message.
	Send(ctx context.Context, m Message) error
}
