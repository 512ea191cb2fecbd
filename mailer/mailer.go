// Package mailer sends passes and notices as mail, over one SMTP server
// (RFC 5321) that the operator names.
package mailer

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/passhook/passhook/integrations"
)

// idleTime is how long an unused connection stays open. Servers close theirs
// after minutes (RFC 5321 section 4.5.3.2.7 asks for five).
const idleTime = 30 * time.Second

// Limits are how long the server may take. Zero fields have the defaults.
type Limits struct {
	// Begin is for all that comes before the content: dialling, TLS, login,
	// sender, recipient and Delivery.Confirm. Default: 30 s.
	Begin time.Duration
	// Block is for the answer to DATA, and then for each 64 KiB of the content.
	// Default: 3 min (RFC 5321 section 4.5.3.2.5).
	Block time.Duration
	// Answer is for the final answer: the server may look for viruses before it.
	// Default: 10 min (RFC 5321 section 4.5.3.2.6).
	Answer time.Duration
}

// Options are what the surroundings hand in. The zero value is for production.
type Options struct {
	// TLS is the base of every TLS configuration; its RootCAs are what tests
	// change. The server's name and TLS 1.2 as the least are filled in.
	TLS *tls.Config
	// Hello is the name said in EHLO. Default: the domain of the sender.
	Hello string
	// Idle is how many connections at most wait for the next mail: as many as
	// deliver at once. Default 4.
	Idle int
	// Limits are for tests to shorten.
	Limits Limits
	// Now dates notices. Default: time.Now.
	Now func() time.Time
}

// Mailer sends mail. It is safe for use by many goroutines, and is the
// integrations.Channel "email".
type Mailer struct {
	settings  settings
	opts      Options
	idleTime  time.Duration
	encodings encodings

	mu     sync.Mutex
	idle   []*connection // the last one was used last
	closed bool
}

var _ integrations.Channel = (*Mailer)(nil)

// New makes a Mailer of a section that passes Config.Check; else the error is
// its problems.List. It dials nothing.
func New(c Config, opts Options) (*Mailer, error) {
	s, list := c.settings()
	if err := list.Err(); err != nil {
		return nil, err
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	opts.Idle = cmp.Or(opts.Idle, 4)
	opts.Hello = cmp.Or(opts.Hello, s.domain())
	opts.Limits.Begin = cmp.Or(opts.Limits.Begin, 30*time.Second)
	opts.Limits.Block = cmp.Or(opts.Limits.Block, 3*time.Minute)
	opts.Limits.Answer = cmp.Or(opts.Limits.Answer, 10*time.Minute)
	opts.TLS = opts.TLS.Clone() // of nil is nil
	if opts.TLS == nil {
		opts.TLS = &tls.Config{}
	}
	opts.TLS.ServerName = s.host
	opts.TLS.MinVersion = max(opts.TLS.MinVersion, tls.VersionTLS12)
	return &Mailer{settings: s, opts: opts, idleTime: idleTime}, nil
}

// Check says what is wrong with a mail address.
func (m *Mailer) Check(recipient string) error { return CheckAddress(recipient) }

// CheckAddress says what is wrong with a recipient's mail address; nil: mail can
// be sent to it.
func CheckAddress(recipient string) error {
	_, err := parseAddress(recipient)
	return err
}

// Deliver mails the passes of a delivery: as a text, as HTML and as attached
// packages, or, beyond 10 packages or 7 MB, as links alone. It returns nil
// when the server took the mail with its final 250. Up to d.Confirm it ends
// with ctx; from then on it takes as long as Options.Limits allow.
//
// An error is integrations.Never when this mail will not be taken however
// often it is tried: the address is wrong, or the server refuses recipient or
// content for good. It is integrations.Ambiguous when the final answer did not
// come: the mail may arrive twice, with the same Message-ID, <ID@domain of the
// sender>. It is integrations.Unavailable when no mail would have been taken: no
// connection, no TLS, a refused login or sender. All others may go away.
func (m *Mailer) Deliver(ctx context.Context, d integrations.Delivery) error {
	e, err := m.compose(d)
	if err != nil {
		return err
	}
	return m.send(ctx, e)
}

// Notice mails a plain text to the operator. Errors are as those of Deliver.
func (m *Mailer) Notice(ctx context.Context, to string, n integrations.Notice) error {
	e, err := m.notice(to, n)
	if err != nil {
		return err
	}
	return m.send(ctx, e)
}

// CheckServer dials the server, starts TLS, logs in and leaves. It sends nothing.
func (m *Mailer) CheckServer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, m.opts.Limits.Begin)
	defer cancel()
	c, err := m.dial(ctx)
	if err != nil {
		return err
	}
	c.quit()
	return nil
}

// Close ends the connections that wait, and itself waits for nothing. Mails on
// their way are not disturbed, and mails sent afterwards open and close a
// connection each.
func (m *Mailer) Close() error {
	m.mu.Lock()
	idle := m.idle
	m.idle, m.closed = nil, true
	m.mu.Unlock()
	for _, c := range idle {
		if c.expiry.Stop() {
			c.quit()
		}
	}
	return nil
}

// send puts the mail on a waiting connection or on a new one.
func (m *Mailer) send(ctx context.Context, e envelope) error {
	ctx, cancel := context.WithTimeout(ctx, m.opts.Limits.Begin)
	defer cancel()
	if c := m.take(); c != nil {
		err := m.sendOn(ctx, c, e)
		if !errors.Is(err, errStale) || ctx.Err() != nil {
			return err
		}
	}
	c, err := m.dial(ctx)
	if err != nil {
		return err
	}
	return m.sendOn(ctx, c, e)
}

// sendOn sends over c, and keeps c only if all went well and the server said
// nothing but its answers.
func (m *Mailer) sendOn(ctx context.Context, c *connection, e envelope) error {
	err := c.send(ctx, e, m.opts.Limits)
	if err == nil && c.smtp.Text.R.Buffered() == 0 {
		m.put(c)
		return nil
	}
	c.drop()
	if err != nil {
		return fmt.Errorf("mail: %s %w", m.settings.address(), err)
	}
	return nil
}

// take is the connection used last, or nil.
func (m *Mailer) take() *connection {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.idle) > 0 {
		c := m.idle[len(m.idle)-1]
		m.idle = m.idle[:len(m.idle)-1]
		if c.expiry.Stop() {
			return c
		}
	}
	return nil
}

// put lets c wait for the next mail, or closes it when enough others wait.
func (m *Mailer) put(c *connection) {
	m.mu.Lock()
	keep := !m.closed && len(m.idle) < m.opts.Idle
	if keep {
		c.expiry = time.AfterFunc(m.idleTime, func() { m.expire(c) })
		m.idle = append(m.idle, c)
	}
	m.mu.Unlock()
	if !keep {
		c.quit()
	}
}

// expire closes c. It is called once, and only when take did not get c.
func (m *Mailer) expire(c *connection) {
	m.mu.Lock()
	for i := range m.idle {
		if m.idle[i] == c {
			m.idle = append(m.idle[:i], m.idle[i+1:]...)
			break
		}
	}
	m.mu.Unlock()
	c.quit()
}
