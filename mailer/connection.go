package mailer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/wneessen/go-mail/smtp"
)

const (
	// quitTimeout is how long a last word may take.
	quitTimeout = time.Second
	// blockBytes of a mail are sent at once.
	blockBytes = 64 << 10
)

// errStale marks a connection that ended before anything of a mail was sent,
// as servers end those that waited too long. Nothing can arrive twice.
var errStale = errors.New("closed the connection")

// connection is a conversation with the mail server, logged in.
type connection struct {
	raw    net.Conn // below TLS; closing it ends every read and write
	smtp   *smtp.Client
	expiry *time.Timer // set while it waits for the next mail
}

// dial opens a connection and logs in. Its errors are integrations.Unavailable:
// the operator's to fix, or they go away.
func (m *Mailer) dial(ctx context.Context) (*connection, error) {
	address := m.settings.address()
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, integrations.Unavailable(fmt.Errorf("mail: cannot reach the mail server: %w; check the host and port of mail.smtp, and that this machine may connect to them", err))
	}
	c := &connection{raw: raw}
	release := c.watch(ctx)
	err = m.open(ctx, c)
	if alive := release(); err == nil && alive {
		return c, nil
	}
	c.drop()
	if ctx.Err() != nil {
		return nil, integrations.Unavailable(fmt.Errorf("mail: %s did not answer in time: %w%s", address, context.Cause(ctx), m.silenceHint()))
	}
	return nil, integrations.Unavailable(fmt.Errorf("mail: %s %w", address, err))
}

// silenceHint explains a server that waits for TLS while we wait for its greeting.
func (m *Mailer) silenceHint() string {
	if m.settings.scheme == "smtp" {
		return "; if it speaks TLS from the first byte, write smtps:// in mail.smtp"
	}
	return ""
}

// open greets, starts TLS and logs in.
func (m *Mailer) open(ctx context.Context, c *connection) (err error) {
	s := m.settings
	conn := c.raw
	if s.scheme == "smtps" {
		secured := tls.Client(c.raw, m.opts.TLS)
		if err := secured.HandshakeContext(ctx); err != nil {
			return tlsError(err)
		}
		conn = secured
	}
	if c.smtp, err = smtp.NewClient(conn, s.host); err != nil {
		return fmt.Errorf("did not greet as a mail server: %w; check the host and port of mail.smtp", clean(err))
	}
	if err := c.smtp.Hello(m.opts.Hello); err != nil {
		return fmt.Errorf("refused the greeting of %s: %w", m.opts.Hello, clean(err))
	}
	if s.scheme == "smtp" {
		if ok, _ := c.smtp.Extension("STARTTLS"); !ok {
			return errors.New("offers no STARTTLS, and mail is never sent in the clear; use smtps:// with the server's TLS port in mail.smtp")
		}
		if err := c.smtp.StartTLS(m.opts.TLS); err != nil {
			return tlsError(err)
		}
	}
	if s.username == "" {
		return nil
	}
	auth, err := s.auth(c.smtp)
	if err != nil {
		return err
	}
	if err := c.smtp.Auth(auth); err != nil {
		return fmt.Errorf("refused the login: %w; check mail.username and mail.password", clean(err))
	}
	return nil
}

// auth picks the way to log in. PLAIN comes first, because it is inside TLS
// and every server has it right; on loopback without TLS nobody listens.
func (s settings) auth(client *smtp.Client) (smtp.Auth, error) {
	_, offered := client.Extension("AUTH")
	clear := s.scheme == "smtp+insecure"
	for _, mechanism := range []struct {
		name string
		auth smtp.Auth
	}{
		{"PLAIN", smtp.PlainAuth("", s.username, s.password, s.host, clear)},
		{"LOGIN", smtp.LoginAuth(s.username, s.password, s.host, clear)},
		{"SCRAM-SHA-256", smtp.ScramSHA256Auth(s.username, s.password)},
		{"CRAM-MD5", smtp.CRAMMD5Auth(s.username, s.password)},
	} {
		if slices.Contains(strings.Fields(strings.ToUpper(offered)), mechanism.name) {
			return mechanism.auth, nil
		}
	}
	return nil, fmt.Errorf("offers no way to log in that is known here (it offers %q); remove mail.username and mail.password if it needs none", line(offered, maxName))
}

// send hands one mail over. The error is errStale, integrations.Never,
// Ambiguous or Unavailable, or something that may go away. ctx ends it up to
// the question to e.confirm; then only the limits do, as the server may take the
// mail.
func (c *connection) send(ctx context.Context, e envelope, limits Limits) error {
	_ = c.raw.SetDeadline(time.Time{}) // of the mail before
	release := c.watch(ctx)
	err := c.address(e)
	if err == nil && e.confirm != nil {
		if err := e.confirm(ctx); err != nil {
			release()
			return fmt.Errorf("was not given the mail: %w", err)
		}
	}
	if !release() && replyCode(err) == 0 {
		return fmt.Errorf("did not answer in time: %w", context.Cause(ctx))
	}
	if err != nil {
		return err
	}
	return c.transmit(e.wire, limits)
}

// address names sender and recipient.
func (c *connection) address(e envelope) error {
	international := !isASCII(e.to)
	if ok, _ := c.smtp.Extension("SMTPUTF8"); international && !ok {
		return integrations.Never(errors.New("takes ASCII addresses only (it has no SMTPUTF8, RFC 6531); write the recipient's domain in its xn-- form, or use another address"))
	}
	// Asked for without need, some servers further on would refuse the mail.
	c.smtp.SkipSMTPUTF8(!international)

	if err := c.smtp.Mail(e.from); err != nil {
		if code := replyCode(err); code == 0 || code == 421 {
			return integrations.Unavailable(fmt.Errorf("%w: %w", errStale, clean(err)))
		}
		return refused(atSender, err)
	}
	if err := c.smtp.Rcpt(e.to); err != nil {
		return refused(atRecipient, err)
	}
	return nil
}

// transmit sends what DATA asks for. go-mail's own way copies each byte alone.
func (c *connection) transmit(wire [][]byte, limits Limits) error {
	c.limit(limits.Block)
	text := c.smtp.Text
	id, err := text.Cmd("DATA")
	if err != nil {
		return refused(atData, err)
	}
	text.StartResponse(id)
	defer text.EndResponse(id)
	if _, _, err := text.ReadResponse(354); err != nil {
		return refused(atData, err)
	}
	if err := c.write(wire, limits.Block); err != nil {
		// A server that has enough may have answered in the middle.
		c.limit(quitTimeout)
		if _, _, reply := text.ReadResponse(2); replyCode(reply) != 0 {
			return refused(atContent, reply)
		}
		return fmt.Errorf("broke off in the middle of the mail: %w", err)
	}
	c.limit(limits.Answer)
	_, _, err = text.ReadResponse(2)
	switch {
	case replyCode(err) != 0:
		return refused(atContent, err)
	case err != nil:
		return integrations.Ambiguous(fmt.Errorf("did not say whether it took the mail: %w; sent again, it has the same Message-ID", err))
	}
	return nil
}

// write writes all pieces; each block may take as long as the limit says.
func (c *connection) write(wire [][]byte, limit time.Duration) error {
	w := c.smtp.Text.W
	for _, piece := range wire {
		for block := range slices.Chunk(piece, blockBytes) {
			c.limit(limit)
			if _, err := w.Write(block); err != nil {
				return err
			}
		}
	}
	return w.Flush()
}

// limit is how long from now reads and writes may take.
func (c *connection) limit(d time.Duration) { _ = c.raw.SetDeadline(time.Now().Add(d)) }

// replyCode is the server's answer in err, or 0 where it gave none.
func replyCode(err error) int {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// clean makes one short line of what a server said.
func clean(err error) error {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return &textproto.Error{Code: reply.Code, Msg: line(reply.Msg, maxValue)}
	}
	return err
}

// tlsError says what to do about a failed handshake.
func tlsError(err error) error {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &certificate):
		return fmt.Errorf("showed a certificate that is not trusted: %w; use the host name that stands in it", err)
	case errors.As(err, &record):
		return fmt.Errorf("does not speak TLS from the first byte: %w; write smtp:// for STARTTLS in mail.smtp, or the server's TLS port", err)
	}
	return fmt.Errorf("failed to start TLS: %w", clean(err))
}

// watch ends the conversation when ctx does. The returned function ends the
// watching and reports whether the connection was left alone.
func (c *connection) watch(ctx context.Context) (release func() bool) {
	return context.AfterFunc(ctx, func() { _ = c.raw.Close() })
}

// quit says goodbye and closes, without waiting for the answer.
func (c *connection) quit() {
	c.limit(quitTimeout)
	_, _ = c.smtp.Text.Cmd("QUIT")
	c.drop()
}

// drop closes without a word.
func (c *connection) drop() { _ = c.raw.Close() }
