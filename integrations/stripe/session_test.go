package stripe_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/standins"
)

func TestTheBuyersAddressIsFound(t *testing.T) {
	customer := func(email any) map[string]any {
		return map[string]any{"id": "cus_1", "object": "customer", "email": email}
	}
	for _, tc := range []struct {
		name     string
		change   map[string]any
		customer map[string]any
		want     any
	}{
		{"Checkout asked for it", nil, customer("other@example.com"), "ada@example.com"},
		{"no details, the shop gave it", map[string]any{"customer_details": nil, "customer_email": "shop@example.com", "customer": "cus_1"}, customer("other@example.com"), "shop@example.com"},
		{"details without it, the customer has it", map[string]any{"customer_details": map[string]any{"email": nil}, "customer": "cus_1"}, customer("other@example.com"), "other@example.com"},
		{"the customer has none either", map[string]any{"customer_details": map[string]any{"email": nil}, "customer": "cus_1"}, customer(nil), nil},
		{"the customer is deleted", map[string]any{"customer_details": nil, "customer": "cus_1"}, map[string]any{"id": "cus_1", "object": "customer", "deleted": true}, nil},
		{"the customer is unknown", map[string]any{"customer_details": nil, "customer": "cus_1"}, nil, nil},
		{"there is no customer", map[string]any{"customer_details": nil}, nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, api, e := account(t, 1, func(session map[string]any, _ []map[string]any) {
				for k, v := range tc.change {
					session[k] = v
				}
			})
			if tc.customer != nil {
				api.Add(tc.customer)
			}
			details, _ := completed(t, client, e)["customer_details"].(map[string]any)
			if details["email"] != tc.want {
				t.Errorf("got %v, want %v", details["email"], tc.want)
			}
		})
	}
}

// A key that may not read customers is a matter for the operator; guessing that
// there is no address would lose the tickets.
func TestAMissingPermissionIsTold(t *testing.T) {
	client, api, e := account(t, 1, func(session map[string]any, _ []map[string]any) {
		session["customer_details"], session["customer"] = nil, "cus_1"
	})
	api.Fail(func(r *http.Request) *standins.Fault {
		if strings.HasPrefix(r.URL.Path, "/v1/customers/") {
			return &standins.Fault{Status: 403, Message: "Having the 'rak_customer_read' permission would allow this request to continue."}
		}
		return nil
	})
	_, err := client.Complete(t.Context(), e)
	if err == nil || integrations.IsNever(err) || !strings.Contains(err.Error(), "rak_customer_read") {
		t.Errorf("got %v", err)
	}
}

// What is deleted in the shop after the sale leaves the line item as it was.
func TestDeletedProductsAndPricesAreNoErrors(t *testing.T) {
	client, _, e := account(t, 3, func(_ map[string]any, items []map[string]any) {
		price := items[0]["price"].(map[string]any)
		price["product"] = map[string]any{"id": "prod_1", "object": "product", "deleted": true}
		items[1]["price"] = nil
		items[2]["price"].(map[string]any)["product"] = "prod_3"
	})
	items, _ := completed(t, client, e)["line_items"].([]any)
	for i, want := range []any{"prod_1", nil, "prod_3"} {
		item := items[i].(map[string]any)
		if product := item["product"].(map[string]any); product["id"] != want || item["description"] == "" || item["metadata"].(map[string]any)["show"] != "session" {
			t.Errorf("item %d: %v", i, item)
		}
	}
}

func TestProductsBringTheirPictures(t *testing.T) {
	client, _, e := account(t, 1, func(_ map[string]any, items []map[string]any) {
		items[0]["price"].(map[string]any)["product"].(map[string]any)["images"] = []any{"https://example.com/hall.png"}
	})
	items, _ := completed(t, client, e)["line_items"].([]any)
	product := items[0].(map[string]any)["product"].(map[string]any)
	if images := product["images"].([]any); product["name"] != "Seat 1" || images[0] != "https://example.com/hall.png" {
		t.Errorf("got %v", product)
	}
}
