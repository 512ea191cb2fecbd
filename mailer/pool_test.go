package mailer

import (
	"testing"
	"time"

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

// waiting is how many connections wait for the next mail.
func (m *Mailer) waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.idle)
}
