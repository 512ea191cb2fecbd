// Package slack is Slack: commands and modals in, messages out. A /pass issues at
// once, without a rule; whatever needs Slack's API waits in the ledger.
package slack
