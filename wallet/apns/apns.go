// Package apns wakes phones over Apple's push service, with the certificates that
// sign the passes.
package apns

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
)

// DefaultURL is Apple's push service. Passes are updated through the one for
// production only.
// https://developer.apple.com/documentation/walletpasses/pushing-updates-to-a-pass
const DefaultURL = "https://api.push.apple.com"

// Config is the push section of passhook.yaml.
type Config struct {
	URL string `yaml:"url,omitempty" jsonschema_description:"Where Apple's push service is. Default: https://api.push.apple.com"`
}

// Check says what is wrong with the section. Paths start inside it.
func (c Config) Check() problems.List {
	if c.URL == "" {
		return nil
	}
	if u, err := url.Parse(c.URL); err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/" {
		return problems.List{problems.At("url", "is no address of a push service; write https://HOST, or leave it out for %s", DefaultURL)}
	}
	return nil
}

const (
	// timeout is for one push.
	timeout = 15 * time.Second
	// maxAnswer is how much of an answer is read, in bytes.
	maxAnswer = 4 << 10
	// tooOften is how long a push waits that came too often, unless Apple says.
	tooOften = time.Minute
)

// Client wakes phones. It is safe for concurrent use.
type Client struct {
	url     string
	keyring *certificates.Keyring
	now     func() time.Time
	roots   *x509.CertPool

	mu sync.Mutex
	// by has one connection for each certificate in use, by pass type.
	by     map[string]*connection
	tokens tally
}

// connection is that of one certificate.
type connection struct {
	certificate *certificates.Certificate
	client      *http.Client
}

// New makes a client. roots are trusted in place of the machine's; nil: those.
func New(c Config, keyring *certificates.Keyring, roots *x509.CertPool, now func() time.Time) *Client {
	address := c.URL
	if address == "" {
		address = DefaultURL
	}
	return &Client{url: address, keyring: keyring, now: now, roots: roots, by: map[string]*connection{}}
}

// connect is the connection of a pass type; a renewed certificate gets one of its
// own. It is nil where Apple did not issue the certificate and no other service is
// named: no phone takes such passes.
func (c *Client) connect(passType string) (*http.Client, error) {
	certificate, err := c.keyring.Find(passType)
	if err == nil {
		err = certificate.Valid(c.now())
	}
	if err != nil {
		return nil, integrations.Blocked(err)
	}
	if !certificate.Apple && c.url == DefaultURL {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.by[passType]
	if known != nil && known.certificate == certificate {
		return known.client, nil
	}
	if known != nil {
		known.client.CloseIdleConnections()
	}
	transport := &http.Transport{
		// One connection carries all pushes; a burst must not open many.
		ForceAttemptHTTP2: true, MaxConnsPerHost: 1, IdleConnTimeout: time.Hour, TLSHandshakeTimeout: timeout,
		TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{certificate.TLS()}, RootCAs: c.roots, MinVersion: tls.VersionTLS12},
	}
	c.by[passType] = &connection{certificate, &http.Client{Transport: transport, Timeout: timeout}}
	return c.by[passType].client, nil
}

// Push asks the phone of a token to look for changed passes of a type.
// https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
func (c *Client) Push(ctx context.Context, passType, token string) error {
	client, err := c.connect(passType)
	if err != nil || client == nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/3/device/"+url.PathEscape(token), bytes.NewReader([]byte("{}")))
	if err != nil {
		return integrations.Never(err)
	}
	req.Header.Set("apns-topic", passType)
	req.Header.Set("apns-push-type", "background")
	req.Header.Set("apns-priority", "5")
	resp, err := client.Do(req)
	if err != nil {
		var at *url.Error // its text has the token in it
		if errors.As(err, &at) {
			err = at.Err
		}
		return integrations.Unavailable(fmt.Errorf("Apple's push service cannot be reached: %w", err)) //nolint:staticcheck // a name
	}
	defer resp.Body.Close()
	var answer struct{ Reason string }
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err == nil && len(b) > 0 {
		_ = json.Unmarshal(b, &answer) // the code says enough
	}
	return c.judge(resp, answer.Reason)
}

// judge sorts Apple's answers.
// https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
func (c *Client) judge(resp *http.Response, reason string) error {
	err := fmt.Errorf("Apple's push service answered %d %s", resp.StatusCode, reason) //nolint:staticcheck // a name
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		c.tokens.add(true)
		return nil
	case code == http.StatusGone:
		return integrations.Gone(err)
	case code == http.StatusBadRequest && (reason == "BadDeviceToken" || reason == "DeviceTokenNotForTopic"):
		if c.tokens.add(false) {
			return integrations.Gone(err)
		}
		return fmt.Errorf("%w; where many phones are refused so, the push address or the certificate is the wrong one", err)
	case code == http.StatusForbidden, code == http.StatusBadRequest && reason == "TopicDisallowed", code == http.StatusBadRequest && reason == "BadTopic":
		return integrations.Blocked(fmt.Errorf("%w; the certificate may not push passes of this type", err))
	case code == http.StatusTooManyRequests:
		wait := tooOften
		if seconds, e := strconv.Atoi(resp.Header.Get("Retry-After")); e == nil && seconds > 0 {
			wait = time.Duration(seconds) * time.Second
		}
		return integrations.After(wait, err)
	case code >= http.StatusInternalServerError:
		return integrations.Unavailable(err)
	}
	return integrations.Never(err)
}
