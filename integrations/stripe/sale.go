package stripe

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/currency"

	"github.com/passhook/passhook/integrations"
)

// addSaleRefs lets an event and its effects find the passes also by what the payment
// was for. Where Stripe does not say that, what the event names has to do: a
// refund must not wait for a key's permission.
func (c *Client) addSaleRefs(ctx context.Context, e *integrations.Completed, o object, charge map[string]any) (sale, error) {
	s, err := c.saleOf(ctx, e.Event, o, charge)
	if words, no := Refused(err); no {
		e.Attention = strings.TrimPrefix(e.Attention+"; what the payment was for could not be looked up; Stripe says: "+words, "; ")
	}
	if isRefusal(err) {
		return sale{}, nil
	}
	if err != nil {
		return s, err
	}
	e.Refs = union(e.Refs, s.refs)
	for i := range e.Effects {
		e.Effects[i].Refs = union(e.Effects[i].Refs, s.refs)
	}
	return s, nil
}

// isRefusal reports whether Stripe answered that it will not say, now or ever.
func isRefusal(err error) bool {
	_, refused := Refused(err)
	return refused || integrations.IsNever(err)
}

// sale is what a payment was for.
type sale struct {
	// subscription is empty where the payment was for none.
	subscription string
	// refs are by what else the sale's passes are found: its session, or its
	// invoice and subscription.
	refs []string
}

// saleOf finds out what a payment was for: a Checkout Session that names it sold
// something once; else an invoice may name it. Before 2025-03-31.basil a charge
// says which; since then, invoice_payments does.
// https://docs.stripe.com/api/invoice-payment/list
func (c *Client) saleOf(ctx context.Context, e integrations.Event, o object, charge map[string]any) (sale, error) {
	named, says := charge["invoice"]
	intent := id(o.PaymentIntent)
	if says && id(named) == "" || !says && intent == "" {
		return sale{}, nil
	}
	session, err := c.firstInList(ctx, e, "/v1/checkout/sessions", values{"payment_intent": {intent}})
	if err != nil {
		return sale{}, err
	}
	if session["mode"] == "payment" {
		return sale{refs: ids(session["id"])}, nil
	}
	invoice := id(named)
	if !says {
		payment, err := c.firstInList(ctx, e, "/v1/invoice_payments", values{"payment[type]": {"payment_intent"}, "payment[payment_intent]": {intent}})
		if err != nil {
			return sale{}, err
		}
		invoice = id(payment["invoice"])
	}
	if invoice == "" {
		return sale{}, nil
	}
	found, err := c.object(ctx, e, "/v1/invoices/"+invoice)
	if err != nil {
		return sale{}, fmt.Errorf("the invoice of %s: %w", e.Object, err)
	}
	sub := invoiceSubscription(found)
	return sale{subscription: sub, refs: ids(invoice, sub)}, nil
}

// firstInList is the first object of a list, or nil.
func (c *Client) firstInList(ctx context.Context, e integrations.Event, path string, query values) (map[string]any, error) {
	query["limit"] = []string{"1"}
	var list struct {
		Data []map[string]any `json:"data"`
	}
	if err := c.get(ctx, e.Live, e.Account, path, query, &list); err != nil {
		return nil, fmt.Errorf("what %s paid for: %w", e.Object, err)
	}
	if len(list.Data) == 0 {
		return nil, nil
	}
	return list.Data[0], nil
}

func paymentPage(e integrations.Event, o object) string {
	payment := o.payment()
	if len(payment) == 0 {
		return dashboard(e, "payments", "")
	}
	return dashboard(e, "payments", payment[0])
}

// money prints an amount in a currency's smallest unit as "49.50 EUR".
func money(amount int64, code any) string {
	name := strings.ToUpper(text(code))
	unit, err := currency.ParseISO(name)
	if err != nil {
		return strconv.FormatInt(amount, 10) + " (in the currency's smallest unit)"
	}
	scale, _ := currency.Standard.Rounding(unit)
	digits := fmt.Sprintf("%0*d", scale+1, amount)
	if scale > 0 {
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	return digits + " " + name
}
