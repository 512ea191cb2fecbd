// Package stripe receives Stripe's webhooks as events and completes them with
// what Stripe's API knows and the event does not carry.
//
// In the request, decode reads as little as says what happened (meanings). All
// that asks Stripe is done later, in Complete. What happens to passes by itself,
// without a rule, are an event's Effects; what only a person can decide is its
// Attention. testdata/events shows both for everything that Stripe sends.
package stripe
