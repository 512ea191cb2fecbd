package standins_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/passhook/passhook/standins"
)

const hello = "From: a@example.com\r\nTo: b@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n.\r\nHello\r\n"

func startSMTP(t *testing.T, opts standins.SMTPOptions) *standins.SMTP {
	t.Helper()
	s, err := standins.NewSMTP(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// mail sends over a connection of its own, without TLS or login.
func mail(s *standins.SMTP, to, raw string) error {
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		return err
	}
	defer c.Close()
	return c.SendMail("a@example.com", []string{to}, strings.NewReader(raw))
}

func TestSMTPKeepsWhatItTakes(t *testing.T) {
	now := time.Date(2026, 11, 23, 19, 30, 0, 0, time.UTC)
	s := startSMTP(t, standins.SMTPOptions{Now: func() time.Time { return now }})
	if err := mail(s, "b@example.com", hello); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	m := s.Messages()[0]
	if m.From != "a@example.com" || len(m.To) != 1 || m.To[0] != "b@example.com" || string(m.Raw) != hello || !m.Received.Equal(now) {
		t.Errorf("got %+v", m)
	}
}

func TestSMTPWait(t *testing.T) {
	s := startSMTP(t, standins.SMTPOptions{})
	done := make(chan error, 1)
	go func() { done <- s.Wait(t.Context(), 2) }()
	for range 2 {
		if err := mail(s, "b@example.com", hello); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ctx, 3); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "2 of 3") {
		t.Errorf("got %v", err)
	}
}

func TestSMTPFaults(t *testing.T) {
	refusal := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}
	tests := []struct {
		stage string
		err   error
		took  int
	}{
		{"mail", refusal, 0}, {"rcpt", refusal, 0}, {"data", refusal, 0}, {"after-data", refusal, 0},
		{"mail", standins.ErrDrop, 0}, {"rcpt", standins.ErrDrop, 0}, {"data", standins.ErrDrop, 0}, {"after-data", standins.ErrDrop, 1},
	}
	for _, tt := range tests {
		t.Run(tt.stage+"/"+tt.err.Error(), func(t *testing.T) {
			s := startSMTP(t, standins.SMTPOptions{Fail: func(stage, from, to string, n int) error {
				if stage != tt.stage || n > 1 {
					return nil
				}
				if from != "a@example.com" || stage != "mail" && to != "b@example.com" {
					t.Errorf("asked about %s from %s to %s", stage, from, to)
				}
				return tt.err
			}})
			err := mail(s, "b@example.com", hello)
			var answer *smtp.SMTPError
			if got := errors.As(err, &answer); err == nil || got != errors.Is(tt.err, refusal) || got && answer.Code != 451 {
				t.Errorf("got %v", err)
			}
			if n := len(s.Messages()); n != tt.took {
				t.Errorf("it took %d messages, want %d", n, tt.took)
			}
			if err := mail(s, "b@example.com", hello); err != nil {
				t.Errorf("the second mail: %v", err)
			}
		})
	}
}

func TestSMTPLogin(t *testing.T) {
	s := startSMTP(t, standins.SMTPOptions{Username: "me", Password: "right"})
	if err := mail(s, "b@example.com", hello); err == nil || !strings.Contains(err.Error(), "Authentication required") {
		t.Errorf("without login: %v", err)
	}
	for name, client := range map[string]func(password string) sasl.Client{
		"PLAIN": func(p string) sasl.Client { return sasl.NewPlainClient("", "me", p) },
		"LOGIN": func(p string) sasl.Client { return sasl.NewLoginClient("me", p) },
	} {
		for password, ok := range map[string]bool{"right": true, "wrong": false, "": false} {
			c, err := smtp.Dial(s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Auth(client(password)); (err == nil) != ok {
				t.Errorf("%s with the password %q: %v", name, password, err)
			}
			c.Close()
		}
	}
}

func TestSMTPOverTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	own := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	any := &tls.Config{InsecureSkipVerify: true} // what is asked here is only that TLS is spoken
	for name, dial := range map[string]func(string, *tls.Config) (*smtp.Client, error){"STARTTLS": smtp.DialStartTLS, "implicit": smtp.DialTLS} {
		t.Run(name, func(t *testing.T) {
			s := startSMTP(t, standins.SMTPOptions{TLS: own, Implicit: name == "implicit"})
			c, err := dial(s.Addr(), any)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.SendMail("a@example.com", []string{"b@example.com"}, strings.NewReader(hello)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSMTPCloseTwice(t *testing.T) {
	s := startSMTP(t, standins.SMTPOptions{})
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := smtp.Dial(s.Addr()); err == nil {
		t.Error("it still listens")
	}
}
