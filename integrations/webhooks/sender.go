package webhooks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/passhook/passhook/integrations"
)

const (
	// timeout is how long an endpoint may take to answer.
	timeout = 15 * time.Second
	// mostRead is how much of an answer is read, so that its connection can be
	// used again.
	mostRead = 64 << 10
)

// Headers of Standard Webhooks.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// Options is what a Sender is handed.
type Options struct {
	Now func() time.Time
	// UserAgent is sent with every message.
	UserAgent string
}

// Sender posts signed messages to one endpoint. It is an integrations.Notifier.
type Sender struct {
	Options
	url    string
	keys   [][]byte
	client *http.Client
}

// New makes a sender of an endpoint that was checked.
func New(e Endpoint, o Options) (*Sender, error) {
	s := &Sender{Options: o, url: e.URL, client: &http.Client{
		Timeout:       timeout,
		Transport:     transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for _, secret := range e.Secret {
		k, err := key(secret)
		if err != nil {
			return nil, fmt.Errorf("webhook %s: its secret %w", e.Name, err)
		}
		s.keys = append(s.keys, k)
	}
	if len(s.keys) == 0 {
		return nil, fmt.Errorf("webhook %s has no secret", e.Name)
	}
	return s, nil
}

// transport is one for each endpoint: a slow one uses up no connections of
// another.
func transport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxResponseHeaderBytes = mostRead
	return t
}

// body is a message as it is sent.
type body struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

// Send posts a message. What the endpoint answers decides: 2xx is good, 410 is
// integrations.Gone, and everything else is tried again.
func (s *Sender) Send(ctx context.Context, m integrations.Message) error {
	text, err := json.Marshal(body{m.Type, m.Time.UTC(), m.Data})
	if err != nil {
		return integrations.Never(err)
	}
	req, err := s.request(ctx, m.ID, text)
	if err != nil {
		return integrations.Never(errors.New("the address of the endpoint cannot be used"))
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return integrations.Unavailable(fmt.Errorf("the endpoint cannot be reached: %w", withoutURL(err)))
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, mostRead)
	return s.meaning(resp)
}

func (s *Sender) request(ctx context.Context, id string, text []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	timestamp := strconv.FormatInt(s.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", s.UserAgent)
	req.Header.Set(headerID, id)
	req.Header.Set(headerTimestamp, timestamp)
	req.Header.Set(headerSignature, s.sign(id, timestamp, text))
	return req, nil
}

// sign is a signature for each secret.
func (s *Sender) sign(id, timestamp string, text []byte) string {
	all := make([]string, len(s.keys))
	for i, k := range s.keys {
		mac := hmac.New(sha256.New, k)
		fmt.Fprintf(mac, "%s.%s.", id, timestamp)
		mac.Write(text)
		all[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(all, " ")
}

// withoutURL is an error of the client without the address, which may hold a
// secret.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// meaning is what an answer says.
func (s *Sender) meaning(resp *http.Response) error {
	err := fmt.Errorf("the endpoint answered %s", strings.TrimSpace(resp.Status))
	switch code := resp.StatusCode; {
	case code >= 200 && code <= 299:
		return nil
	case code == http.StatusGone:
		return integrations.Gone(err)
	case code >= 300 && code <= 399:
		return fmt.Errorf("%w; redirects are not followed, write the new address into the config", err)
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		return integrations.Unavailable(integrations.After(s.retryAfter(resp), err))
	case code == http.StatusBadGateway, code == http.StatusGatewayTimeout:
		return integrations.Unavailable(err)
	}
	return err
}

// retryAfter is the wait that an answer asks for, in seconds or as a date, or 0.
func (s *Sender) retryAfter(resp *http.Response) time.Duration {
	text := resp.Header.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(n, 0), 1<<30)) * time.Second
	}
	if t, err := http.ParseTime(text); err == nil {
		return max(0, t.Sub(s.Now()))
	}
	return 0
}
