package mailer_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/standins"
)

func TestTLS(t *testing.T) {
	own, roots := certificate(t)
	trusting := func(scheme string) func(*mailer.Config, *mailer.Options) {
		return func(c *mailer.Config, o *mailer.Options) {
			c.SMTP = strings.Replace(c.SMTP, "smtp+insecure", scheme, 1)
			o.TLS = &tls.Config{RootCAs: roots}
		}
	}
	distrusting := func(scheme string) func(*mailer.Config, *mailer.Options) {
		return func(c *mailer.Config, o *mailer.Options) {
			c.SMTP = strings.Replace(c.SMTP, "smtp+insecure", scheme, 1)
		}
	}
	tests := []struct {
		name   string
		server standins.SMTPOptions
		change func(*mailer.Config, *mailer.Options)
		want   string // is part of the error; empty: delivered
	}{
		{"STARTTLS", standins.SMTPOptions{TLS: own}, trusting("smtp"), ""},
		{"implicit", standins.SMTPOptions{TLS: own, Implicit: true}, trusting("smtps"), ""},
		{"STARTTLS is not offered", standins.SMTPOptions{}, trusting("smtp"), "offers no STARTTLS"},
		{"STARTTLS with a foreign certificate", standins.SMTPOptions{TLS: own}, distrusting("smtp"), "certificate that is not trusted"},
		{"implicit with a foreign certificate", standins.SMTPOptions{TLS: own, Implicit: true}, distrusting("smtps"), "certificate that is not trusted"},
		{"implicit on a STARTTLS port", standins.SMTPOptions{TLS: own}, trusting("smtps"), "does not speak TLS from the first byte"},
		{"TLS 1.1", standins.SMTPOptions{TLS: &tls.Config{Certificates: own.Certificates, MaxVersion: tls.VersionTLS11}, Implicit: true}, trusting("smtps"), "failed to start TLS"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, tt.server)
			m := sending(t, s, tt.change)
			for _, err := range []error{m.CheckServer(t.Context()), m.Deliver(t.Context(), concert(1))} {
				if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || integrations.IsNever(err)) {
					t.Errorf("got %v, want %q", err, tt.want)
				}
			}
			if n := len(s.Messages()); (n == 1) != (tt.want == "") {
				t.Errorf("the server took %d messages", n)
			}
		})
	}
}

func TestLogin(t *testing.T) {
	own, roots := certificate(t)
	in := func(username, password string) func(*mailer.Config, *mailer.Options) {
		return func(c *mailer.Config, o *mailer.Options) {
			c.SMTP = strings.Replace(c.SMTP, "smtp+insecure", "smtp", 1)
			c.Username, c.Password = username, password
			o.TLS = &tls.Config{RootCAs: roots}
		}
	}
	guarded := standins.SMTPOptions{TLS: own, Username: "me@hall.example", Password: "p/w#1"}
	clear := guarded
	clear.TLS = nil
	tests := []struct {
		name   string
		server standins.SMTPOptions
		change func(*mailer.Config, *mailer.Options)
		want   string // is part of the error; empty: delivered
	}{
		{"right", guarded, in("me@hall.example", "p/w#1"), ""},
		{"in the address", guarded, func(c *mailer.Config, o *mailer.Options) {
			in("", "")(c, o)
			c.SMTP = strings.Replace(c.SMTP, "://", "://me%40hall.example:p%2Fw%231@", 1)
		}, ""},
		{"in the clear on loopback", clear, func(c *mailer.Config, _ *mailer.Options) { c.Username, c.Password = "me@hall.example", "p/w#1" }, ""},
		{"wrong password", guarded, in("me@hall.example", "hunter2"), "refused the login: 535"},
		{"wrong username", guarded, in("you", "p/w#1"), "refused the login: 535"},
		{"none", guarded, in("", ""), "530"},
		{"unwanted", standins.SMTPOptions{TLS: own}, in("me@hall.example", "hunter2"), "offers no way to log in"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, tt.server)
			err := sending(t, s, tt.change).Deliver(t.Context(), concert(1))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || integrations.IsNever(err)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "p/w#1")) {
				t.Errorf("the password stands in %q", err)
			}
		})
	}
}

func TestCheckSendsNothing(t *testing.T) {
	s := server(t, standins.SMTPOptions{})
	if err := sending(t, s, nil).CheckServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.Messages()) != 0 || s.Connections() != 1 {
		t.Errorf("%d messages over %d connections", len(s.Messages()), s.Connections())
	}
}

func TestNoServer(t *testing.T) {
	s := server(t, standins.SMTPOptions{})
	m := sending(t, s, nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	err := m.Deliver(t.Context(), concert(1))
	if err == nil || integrations.IsNever(err) || !strings.Contains(err.Error(), "cannot reach the mail server") {
		t.Errorf("got %v", err)
	}
}

func TestAConnectionIsUsedAgain(t *testing.T) {
	s := server(t, standins.SMTPOptions{})
	m := sending(t, s, nil)
	for range 5 {
		if err := m.Deliver(t.Context(), concert(1)); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.Messages()) != 5 || s.Connections() != 1 {
		t.Errorf("%d mails over %d connections, want 5 over 1", len(s.Messages()), s.Connections())
	}
}

func TestAConnectionThatTheServerEndedIsReplaced(t *testing.T) {
	for name, end := range map[string]error{"closed": standins.ErrDrop, "421": answer(421, "idle for too long")} {
		t.Run(name, func(t *testing.T) {
			s := server(t, standins.SMTPOptions{Fail: func(stage, _, _ string, n int) error {
				if stage == "mail" && n == 2 {
					return end
				}
				return nil
			}})
			m := sending(t, s, nil)
			for range 2 {
				if err := m.Deliver(t.Context(), concert(1)); err != nil {
					t.Fatal(err)
				}
			}
			if len(s.Messages()) != 2 || s.Connections() != 2 {
				t.Errorf("%d mails over %d connections, want 2 over 2", len(s.Messages()), s.Connections())
			}
		})
	}
}
