package mailer

import (
	"crypto/rsa"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/standins"
)

func TestAnUnusedConnectionIsClosed(t *testing.T) {
	s, err := standins.NewSMTP(standins.SMTPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := New(Config{From: "a@hall.example", SMTP: "smtp+insecure://" + s.Addr()}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	m.idleTime = time.Millisecond
	if err := m.Notice(t.Context(), "me@example.com", integrations.Notice{ID: "n1", Subject: "s", Text: "t"}); err != nil {
		t.Fatal(err)
	}
	late := time.After(5 * time.Second)
	for m.waiting() > 0 {
		select {
		case <-late:
			t.Fatal("the connection is still open")
		case <-time.After(time.Millisecond):
		}
	}
}

func TestNoMoreConnectionsWaitThanAllowed(t *testing.T) {
	s, err := standins.NewSMTP(standins.SMTPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := New(Config{From: "a@hall.example", SMTP: "smtp+insecure://" + s.Addr()}, Options{Idle: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for range 3 {
		c, err := m.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		m.put(c)
	}
	if n := m.waiting(); n != 2 {
		t.Errorf("%d connections wait, want 2", n)
	}
}

func TestAFailedMailClosesItsConnection(t *testing.T) {
	s, err := standins.NewSMTP(standins.SMTPOptions{Fail: func(stage, _, _ string, _ int) error {
		if stage == "rcpt" {
			return &smtp.SMTPError{Code: 451, Message: "later"}
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := New(Config{From: "a@hall.example", SMTP: "smtp+insecure://" + s.Addr()}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c, err := m.dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.put(c)
	if err := m.Notice(t.Context(), "me@example.com", integrations.Notice{ID: "n1"}); err == nil || m.waiting() != 0 {
		t.Fatalf("got %v", err)
	}
	if err := c.raw.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection is open: %v", err)
	}
}

func TestAMailThatCannotBeSignedIsNotSent(t *testing.T) {
	s, err := standins.NewSMTP(standins.SMTPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := New(Config{From: "a@hall.example", SMTP: "smtp+insecure://" + s.Addr()}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	// Too short for the sum that it has to sign.
	m.settings.dkim, m.settings.dkimKey = DKIM{Domain: "hall.example", Selector: "s1"}, &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: big.NewInt(35), E: 5}, D: big.NewInt(5)}
	err = m.Notice(t.Context(), "me@example.com", integrations.Notice{ID: "n1"})
	if err == nil || integrations.IsNever(err) || !strings.Contains(err.Error(), "check mail.dkim.key") {
		t.Errorf("got %v", err)
	}
	if n := len(s.Messages()); n != 0 {
		t.Errorf("the server has %d mails", n)
	}
}

// waiting is how many connections wait for the next mail.
func (m *Mailer) waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.idle)
}
