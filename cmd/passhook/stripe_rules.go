package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/passhook/passhook/integrations/stripe"
)

// rules prints a rule for each product: for what is bought once, and for
// memberships one that issues and one that renews.
func (w setup) rules(ctx context.Context) error {
	prices, err := w.client.Prices(ctx, w.live)
	if err != nil {
		return fmt.Errorf("the prices could not be read: %w", inWords(err))
	}
	if len(prices) == 0 {
		fmt.Fprintln(w.Err, "Nothing is on sale: there is no active price of an active product.")
		return nil
	}
	fmt.Fprint(w.Out, "# Each rule's template is a folder, templates/NAME.pass; with are its inputs.\nrules:\n")
	printed, names := map[string]bool{}, map[string]int{}
	for _, p := range prices {
		key := p.Product.ID + " " + strconv.FormatBool(p.Recurring != nil)
		if printed[key] {
			continue
		}
		printed[key] = true
		name := slug(p.Product.Name)
		if names[name]++; names[name] > 1 {
			name += "-" + strconv.Itoa(names[name])
		}
		fmt.Fprint(w.Out, ruleFor(name, p))
	}
	return nil
}

// ruleFor is the rule of a product as YAML.
func ruleFor(name string, p stripe.Price) string {
	product := strconv.Quote(p.Product.ID)
	once := fmt.Sprintf(`  # %s
  - name: %s
    on: stripe.checkout.paid
    when: item.product.id == %s
    template: %s
    with:
      holder: ${{ data.customer_details.name ?? "Guest" }}
%%s    deliver:
      - email: ${{ data.customer_details.email }}
`, oneLine(p.Product.Name), name, product, name)
	if p.Recurring == nil {
		return fmt.Sprintf(once, "")
	}
	const expires = "      expires: ${{ date_add(data.period_end, '3 days') }}\n"
	return fmt.Sprintf(once, expires) + fmt.Sprintf(`  - name: %s-renewed
    on: stripe.subscription.paid
    action: update
    template: %s
    with:
%s`, name, name, expires)
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// slug is a product's name as a rule's: rules have at most 64 characters, of
// which a number and -renewed need some.
func slug(name string) string {
	s := strings.Trim(notSlug.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if len(s) > 50 {
		s = strings.Trim(s[:50], "-")
	}
	if s == "" {
		return "product"
	}
	return s
}
