package standins

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// ErrDrop, returned by SMTPOptions.Fail, closes the connection without an
// answer. At "after-data" the message is kept: that is a final 250 that got lost.
var ErrDrop = errors.New("drop the connection")

// SMTPOptions say how the mail server behaves. The zero value takes every
// mail, without TLS and without a login.
type SMTPOptions struct {
	// Addr is HOST:PORT to listen on. Default: 127.0.0.1:0, any free port.
	Addr string
	// TLS holds the certificate. Set, the server offers STARTTLS, or with
	// Implicit speaks TLS from the first byte.
	TLS      *tls.Config
	Implicit bool
	// Username and Password, when set, must be given with AUTH PLAIN or LOGIN
	// before any mail is taken.
	Username, Password string
	// NoSMTPUTF8 takes away RFC 6531: addresses must be ASCII.
	NoSMTPUTF8 bool
	// Fail is asked at the stages "mail", "rcpt", "data" (before the content
	// is read) and "after-data", where n counts from 1 how often the stage was
	// reached. An *smtp.SMTPError is answered as it is, ErrDrop closes the
	// connection, nil goes on. It is called from many goroutines at once.
	Fail func(stage, from, to string, n int) error
	// HeadersOnly keeps no more of a mail than its header.
	HeadersOnly bool
	// Now stamps messages. Default: time.Now.
	Now func() time.Time
}

// Message is one mail as the server took it.
type Message struct {
	From     string
	To       []string
	Raw      []byte
	Received time.Time
}

// SMTP is a real mail server that keeps what it gets in memory and sends
// nothing on. It is safe for use by many goroutines.
type SMTP struct {
	opts     SMTPOptions
	server   *smtp.Server
	listener net.Listener
	done     chan struct{}

	mu          sync.Mutex
	messages    []Message
	arrived     chan struct{} // closed and replaced with each message
	reached     map[string]int
	connections int
}

// NewSMTP starts a mail server and returns when it listens. Close stops it.
func NewSMTP(opts SMTPOptions) (*SMTP, error) {
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	listener, err := net.Listen("tcp", opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("smtp stand-in: %w", err)
	}
	s := &SMTP{
		opts: opts, listener: listener, done: make(chan struct{}),
		arrived: make(chan struct{}), reached: map[string]int{},
	}
	s.server = smtp.NewServer(smtp.BackendFunc(s.session))
	s.server.Domain = "localhost"
	s.server.ErrorLog = log.New(io.Discard, "", 0)
	s.server.EnableSMTPUTF8 = !opts.NoSMTPUTF8
	s.server.AllowInsecureAuth = opts.TLS == nil
	s.server.ReadTimeout = time.Minute
	s.server.WriteTimeout = time.Minute
	accept := net.Listener(countingListener{listener, s})
	switch {
	case opts.TLS != nil && opts.Implicit:
		accept = tls.NewListener(accept, opts.TLS)
	case opts.TLS != nil:
		s.server.TLSConfig = opts.TLS
	}
	go func() {
		defer close(s.done)
		_ = s.server.Serve(accept) // ends with Close
	}()
	return s, nil
}

// Addr is the HOST:PORT it listens on.
func (s *SMTP) Addr() string { return s.listener.Addr().String() }

// Messages are all mails taken so far, the oldest first. Their bytes are
// shared and must not be changed.
func (s *SMTP) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Connections is how many connections were accepted so far.
func (s *SMTP) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// Wait blocks until n messages were taken in all, or ctx ends.
func (s *SMTP) Wait(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		have, arrived := len(s.messages), s.arrived
		s.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return fmt.Errorf("smtp stand-in: %d of %d messages came: %w", have, n, context.Cause(ctx))
		}
	}
}

// Close ends all connections and frees the address. The messages stay readable.
func (s *SMTP) Close() error {
	err := s.server.Close()
	if errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	// The listener is unknown to the server until its goroutine runs.
	if lerr := s.listener.Close(); lerr != nil && !errors.Is(lerr, net.ErrClosed) {
		err = errors.Join(err, lerr)
	}
	<-s.done
	return err
}

func (s *SMTP) keep(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, m)
	close(s.arrived)
	s.arrived = make(chan struct{})
}

// fail counts the stage and asks the Fail hook.
func (s *SMTP) fail(stage, from, to string) error {
	s.mu.Lock()
	s.reached[stage]++
	n := s.reached[stage]
	s.mu.Unlock()
	if s.opts.Fail == nil {
		return nil
	}
	return s.opts.Fail(stage, from, to, n)
}

// countingListener counts what it accepts.
type countingListener struct {
	net.Listener
	server *SMTP
}

func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.server.mu.Lock()
		l.server.connections++
		l.server.mu.Unlock()
	}
	return conn, err
}
