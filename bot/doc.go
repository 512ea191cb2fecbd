// Package bot is the engine: it accepts verified events, matches them with
// rules, issues passes, hands them to channels and settles what came of it.
//
// One event goes Accept → match → plan → issue → deliver → settle. No
// transaction is open while a service is asked or a mail is sent; rows that are
// pending carry the time when somebody looks at them next.
package bot
