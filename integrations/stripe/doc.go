// Package stripe receives Stripe's webhooks as events and completes them with
// what Stripe's API knows and the event does not carry.
package stripe
