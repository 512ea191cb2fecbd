package standins_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/passhook/passhook/standins"
)

// triggers are all of stripe trigger's fixtures about checkouts, payments,
// refunds, disputes, invoices, subscriptions and payment links, each with the
// flow in which the same happens with the same meaning. What each flow comes
// to stands in bot/testdata/flows.
// https://docs.stripe.com/cli/trigger
var triggers = map[string]string{
	"checkout.session.completed":               "checkout-paid",
	"checkout.session.expired":                 "checkout-expired",
	"checkout.session.async_payment_succeeded": "checkout-paid-later",
	"checkout.session.async_payment_failed":    "checkout-never-paid",

	"payment_link.created": "checkout-by-payment-link",
	"payment_link.updated": "checkout-by-payment-link",

	"payment_intent.created":                   "checkout-paid-at-the-second-try",
	"payment_intent.payment_failed":            "checkout-paid-at-the-second-try",
	"payment_intent.requires_action":           "checkout-paid-at-the-second-try",
	"payment_intent.succeeded":                 "payment-without-checkout",
	"payment_intent.processing":                "checkout-paid-by-bank-transfer",
	"payment_intent.partially_funded":          "checkout-paid-by-bank-transfer",
	"payment_intent.amount_capturable_updated": "checkout-captured-later",
	"payment_intent.canceled":                  "checkout-never-captured",

	"charge.succeeded":       "payment-without-checkout",
	"charge.captured":        "payment-without-checkout",
	"charge.failed":          "checkout-paid-at-the-second-try",
	"charge.refunded":        "refund-full",
	"charge.refund.updated":  "refund-full",
	"charge.dispute.created": "dispute-inquiry",
	"charge.dispute.updated": "dispute-inquiry-accepted",
	"charge.dispute.closed":  "dispute-inquiry-accepted",

	"customer.subscription.created":        "checkout-subscription",
	"customer.subscription.updated":        "subscription-touched",
	"customer.subscription.deleted":        "subscription-cancelled-at-once",
	"customer.subscription.paused":         "subscription-paused",
	"customer.subscription.trial_will_end": "checkout-trial",
	"subscription.payment_succeeded":       "checkout-subscription",
	"subscription.payment_failed":          "subscription-first-payment-failed",
	"subscription_schedule.created":        "subscription-schedule-runs",
	"subscription_schedule.updated":        "subscription-schedule-runs",
	"subscription_schedule.expiring":       "subscription-schedule-runs",
	"subscription_schedule.completed":      "subscription-schedule-runs",
	"subscription_schedule.released":       "subscription-schedule-runs",
	"subscription_schedule.canceled":       "subscription-schedule-cancelled",
	"subscription_schedule.aborted":        "subscription-schedule-aborted",

	"invoice.created":                 "invoice-never-paid",
	"invoice.updated":                 "invoice-never-paid",
	"invoice.finalized":               "invoice-never-paid",
	"invoice.sent":                    "invoice-never-paid",
	"invoice.payment_failed":          "invoice-never-paid",
	"invoice.payment_action_required": "invoice-never-paid",
	"invoice.marked_uncollectible":    "invoice-never-paid",
	"invoice.voided":                  "invoice-never-paid",
	"invoice.deleted":                 "invoice-never-paid",
	"invoice.paid":                    "invoice-of-no-subscription",
}

// causes are the events of fixtures that are not named after theirs.
var causes = map[string]string{
	"subscription.payment_succeeded": "invoice.payment_succeeded",
	"subscription.payment_failed":    "invoice.payment_failed",
}

func TestWhatStripeTriggerCausesIsAFlow(t *testing.T) {
	for _, version := range []string{standins.VersionAcacia, standins.VersionBasil} {
		sends := map[string][]string{}
		for _, flow := range standins.StripeFlows(version) {
			if sends[flow.Name] != nil || len(flow.Events) == 0 {
				t.Errorf("flow %s is there twice, or empty", flow.Name)
			}
			for _, body := range flow.Events {
				var event struct{ Type string }
				if err := json.Unmarshal(body, &event); err != nil {
					t.Fatal(err)
				}
				sends[flow.Name] = append(sends[flow.Name], event.Type)
			}
		}
		for fixture, flow := range triggers {
			event := fixture
			if other := causes[fixture]; other != "" {
				event = other
			}
			if !slices.Contains(sends[flow], event) {
				t.Errorf("API version %s: %s does not happen in flow %s, which sends %s", version, event, flow, fmt.Sprint(sends[flow]))
			}
		}
	}
}
