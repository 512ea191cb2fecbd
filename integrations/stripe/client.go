package stripe

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/passhook/passhook/integrations"
)

// APIVersion is the version that answers of Stripe's API have, whatever the
// account's default is. stripe-go's own is older than metadata of line items
// (2025-12-15.clover) and than invoice_payments (2025-03-31.basil).
// https://docs.stripe.com/changelog
const APIVersion = "2025-12-15.clover"

// Permissions are what a restricted key may read, in the words of Stripe's
// dashboard.
const Permissions = "Checkout Sessions, Products, Prices, Customers, Subscriptions, Invoices, Charges and Refunds, Disputes and Events"

// Client reads from Stripe's API with the key that fits an event's mode.
type Client struct {
	config  Config
	backend stripego.Backend
}

// NewClient makes a client that is safe for concurrent use. The config has
// passed Check.
func NewClient(c Config) *Client {
	api := cmp.Or(c.APIURL, DefaultAPIURL)
	return &Client{config: c, backend: stripego.GetBackendWithConfig(stripego.APIBackend, &stripego.BackendConfig{
		URL: &api,
		HTTPClient: &http.Client{Timeout: 15 * time.Second, Transport: bounded{}, CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("it points elsewhere, and the key goes nowhere else")
		}},
		LeveledLogger:     &stripego.LeveledLogger{Level: stripego.LevelNull},
		MaxNetworkRetries: stripego.Int64(1),
		EnableTelemetry:   stripego.Bool(false),
	})}
}

// Limits of what Stripe's API may answer: a body in bytes, the pages of a list
// that is read one at a time, and the objects of one that is kept.
const (
	maxAnswer = 16 << 20
	maxPages  = 20_000
	maxList   = 10_000
)

var errTooLarge = errors.New("the answer is larger than 16 MiB")

// bounded ends the reading of an answer that is too large.
type bounded struct{}

// RoundTrip does what the default transport does.
func (bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		resp.Body = &limited{ReadCloser: resp.Body, left: maxAnswer}
	}
	return resp, err
}

// limited is a body of which no more than that is read.
type limited struct {
	io.ReadCloser
	left int
}

// Read fails where there is more.
func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.left -= n; l.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// raw is any answer, kept as it came: stripe-go's structs would drop the fields
// that are newer than they are.
type raw struct {
	stripego.APIResource
	json.RawMessage
}

// UnmarshalJSON keeps the bytes.
func (r *raw) UnmarshalJSON(b []byte) error { return r.RawMessage.UnmarshalJSON(b) }

// values are the parameters of a request.
type values map[string][]string

func (v values) form() *form.Values {
	out := &form.Values{}
	for name, list := range v {
		for _, value := range list {
			out.Add(name, value)
		}
	}
	return out
}

// path is a path that ends in an id, whatever that holds.
func path(prefix, id string) string { return prefix + url.PathEscape(id) }

// get reads one resource. account is a connected account, or empty.
func (c *Client) get(ctx context.Context, live bool, account, path string, query values, into any) error {
	key := c.config.key(live)
	if key == "" {
		return integrations.Never(fmt.Errorf("stripe.api_keys has no key for livemode %t; add one and replay the event", live))
	}
	params := &stripego.Params{Context: ctx, Headers: http.Header{"Stripe-Version": {APIVersion}}}
	if account != "" {
		params.SetStripeAccount(account)
	}
	var r raw
	if err := c.backend.CallRaw(http.MethodGet, path, key, query.form(), params, &r); err != nil {
		return explain(err)
	}
	if err := json.Unmarshal(r.RawMessage, into); err != nil {
		return fmt.Errorf("stripe's answer to %s is not what its API documents: %w", path, err)
	}
	return nil
}

// pages gives the pages of a list to each, 100 objects at a time. cursor is
// starting_after, from page to page down the list, or ending_before, up. Each
// page is in the list's own order.
// https://docs.stripe.com/api/pagination
func (c *Client) pages(ctx context.Context, live bool, account, path string, query values, cursor string, each func([]json.RawMessage) error) error {
	query["limit"] = []string{"100"}
	for range maxPages {
		var page struct {
			HasMore bool              `json:"has_more"`
			Data    []json.RawMessage `json:"data"`
		}
		if err := c.get(ctx, live, account, path, query, &page); err != nil {
			return err
		}
		if len(page.Data) > 0 {
			if err := each(page.Data); err != nil {
				return err
			}
		}
		if !page.HasMore {
			return nil
		}
		next := nextCursor(page.Data, cursor)
		if next == "" || len(query[cursor]) > 0 && query[cursor][0] == next {
			break
		}
		query[cursor] = []string{next}
	}
	return fmt.Errorf("stripe's list %s does not end", path)
}

// nextCursor is the id from which the next page is asked for, or empty.
func nextCursor(page []json.RawMessage, cursor string) string {
	if len(page) == 0 {
		return ""
	}
	if cursor == "ending_before" {
		return idOf(page[0])
	}
	return idOf(page[len(page)-1])
}

// idOf is the id of an object, or empty.
func idOf(b json.RawMessage) string {
	var o struct {
		ID any `json:"id"`
	}
	if json.Unmarshal(b, &o) != nil {
		return ""
	}
	return id(o.ID)
}

// explain says what an API error means for the event: a wrong request stays
// wrong, and what is wrong with Stripe or the keys holds up all events alike.
// What Stripe says is told, because it names the permission that a restricted
// key lacks.
func explain(err error) error {
	var se *stripego.Error
	err = apiError(err)
	switch {
	case errors.As(err, &se):
	case errors.Is(err, errTooLarge), errors.Is(err, context.Canceled):
		return err
	default:
		return integrations.Unavailable(err)
	}
	if se.Code == stripego.ErrorCodeAccountInvalid {
		return integrations.Never(fmt.Errorf("%w (stripe.api_keys do not reach the connected account that the event is of; connect it to the keys' account, or change the keys, and replay the event)", err))
	}
	switch se.HTTPStatusCode {
	case http.StatusNotFound:
		return integrations.Never(fmt.Errorf("%w (do stripe.api_keys belong to the account that sent the event?)", err))
	case http.StatusBadRequest:
		return integrations.Never(err)
	case http.StatusTooManyRequests:
		return integrations.After(retryAfter(se), err)
	case http.StatusUnauthorized:
		return integrations.Unavailable(fmt.Errorf("%w (check stripe.api_keys)", err))
	case http.StatusForbidden: // other requests may be allowed
		return integrations.Blocked(fmt.Errorf("%w (check stripe.api_keys; a restricted key needs read access to %s)", err, Permissions))
	}
	if se.HTTPStatusCode >= http.StatusInternalServerError {
		return integrations.Unavailable(err)
	}
	return err
}

// responseError is an error that Stripe answered with.
type responseError struct{ cause *stripego.Error }

func (a responseError) Error() string {
	return fmt.Sprintf("stripe's API said %d: %s", a.cause.HTTPStatusCode, a.cause.Msg)
}

func (a responseError) Unwrap() error { return a.cause }

// apiError is an error in Stripe's words, or why Stripe could not be asked.
func apiError(err error) error {
	var se *stripego.Error
	if errors.As(err, &se) {
		return responseError{se}
	}
	return fmt.Errorf("stripe's API could not be reached: %w", err)
}

// Refused reports whether Stripe answered that the key may not do that, and in
// which words: they name the permission.
func Refused(err error) (words string, ok bool) {
	var e responseError
	if !errors.As(err, &e) || e.cause.HTTPStatusCode != http.StatusForbidden {
		return "", false
	}
	return e.cause.Msg, true
}

// retryAfter is the wait that Stripe asks for, between 10 s and an hour.
func retryAfter(se *stripego.Error) time.Duration {
	const least, most = 10 * time.Second, time.Hour
	if se.LastResponse == nil {
		return least
	}
	seconds, err := strconv.Atoi(se.LastResponse.Header.Get("Retry-After"))
	if err != nil || seconds < 0 || seconds > int(most.Seconds()) {
		return least
	}
	return max(least, time.Duration(seconds)*time.Second)
}
