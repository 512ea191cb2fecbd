// Package standins plays the services around passhook, for `passhook dev` and
// for tests: Apple's certificate authority, Stripe's API, a Slack workspace and a
// mail server. They speak the real protocols, on loopback.
package standins
