package mailer_test

import (
	"crypto/tls"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/standins"
)

// failing is a Fail hook for one stage.
func failing(stage string, err error) func(string, string, string, int) error {
	return func(at, _, _ string, _ int) error {
		if at == stage {
			return err
		}
		return nil
	}
}

func answer(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: text}
}

func TestFaultsOfTheServer(t *testing.T) {
	const (
		again = iota
		never
		unavailable
		ambiguous
	)
	tests := []struct {
		stage string
		err   error
		next  int
		want  string // is part of the error
		took  int    // messages that the server has afterwards
	}{
		{"mail", answer(421, "too busy"), unavailable, "421", 0},
		{"mail", answer(451, "greylisted"), again, "451", 0},
		{"mail", answer(550, "not your address"), unavailable, "check mail.from", 0},
		{"mail", standins.ErrDrop, unavailable, "closed the connection", 0},
		{"rcpt", answer(421, "too busy"), unavailable, "421", 0},
		{"rcpt", answer(451, "greylisted"), again, "put off the recipient: 451", 0},
		{"rcpt", answer(530, "authenticate first"), unavailable, "set mail.username", 0},
		{"rcpt", answer(550, "no such user"), never, "refused the recipient: 550", 0},
		{"rcpt", answer(554, "relay access denied"), again, "554", 0},
		{"rcpt", standins.ErrDrop, again, "broke off at the recipient", 0},
		{"data", answer(451, "try later"), again, "put off the mail: 451", 0},
		{"after-data", answer(451, "local error"), again, "451", 0},
		{"after-data", answer(552, "message too large"), never, "refused the mail: 552", 0},
		{"after-data", standins.ErrDrop, ambiguous, "did not say whether", 1},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s/%v", tt.stage, tt.err), func(t *testing.T) {
			s := server(t, standins.SMTPOptions{Fail: failing(tt.stage, tt.err)})
			err := sending(t, s, nil).Deliver(t.Context(), concert(1))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			for next, is := range map[int]func(error) bool{never: integrations.IsNever, unavailable: integrations.IsUnavailable, ambiguous: integrations.IsAmbiguous} {
				if is(err) != (tt.next == next) {
					t.Errorf("%v is marked wrongly, want %d", err, tt.next)
				}
			}
			if n := len(s.Messages()); n != tt.took {
				t.Errorf("the server took %d messages, want %d", n, tt.took)
			}
		})
	}
}

func TestAMailWhoseAnswerWasLostIsRepeatedWithTheSameMessageID(t *testing.T) {
	s := server(t, standins.SMTPOptions{Fail: func(stage, _, _ string, n int) error {
		if stage == "after-data" && n == 1 {
			return standins.ErrDrop
		}
		return nil
	}})
	m := sending(t, s, nil)
	if err := m.Deliver(t.Context(), concert(1)); err == nil || integrations.IsNever(err) {
		t.Fatalf("got %v, want an error that may go away", err)
	}
	if err := m.Deliver(t.Context(), concert(1)); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, message := range s.Messages() {
		parsed, err := message.Parse()
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, parsed.Get("Message-ID")+parsed.Get("Date"))
	}
	if len(ids) != 2 || ids[0] != ids[1] {
		t.Errorf("got %q", ids)
	}
}

func TestOneBadRecipientHoldsUpNobody(t *testing.T) {
	s := server(t, standins.SMTPOptions{Fail: func(stage, _, to string, _ int) error {
		if stage == "rcpt" && to == "nobody@example.com" {
			return answer(550, "no such user")
		}
		return nil
	}})
	m := sending(t, s, nil)
	for i := range 6 {
		d := concert(1)
		if i%2 == 0 {
			d.Recipient = "nobody@example.com"
		}
		if err := m.Deliver(t.Context(), d); (err != nil) != (i%2 == 0) {
			t.Errorf("mail %d: %v", i, err)
		}
	}
	if n := len(s.Messages()); n != 3 {
		t.Errorf("%d mails came, want 3", n)
	}
}

func TestAMailThatWasBegunIsNotRepeatedAtOnce(t *testing.T) {
	s := server(t, standins.SMTPOptions{Fail: func(stage, _, _ string, n int) error {
		if stage == "after-data" && n == 2 {
			return standins.ErrDrop
		}
		return nil
	}})
	m := sending(t, s, nil)
	if err := m.Deliver(t.Context(), concert(1)); err != nil {
		t.Fatal(err)
	}
	if err := m.Deliver(t.Context(), concert(1)); err == nil {
		t.Error("a lost answer was taken for a good one")
	}
	if n := len(s.Messages()); n != 2 {
		t.Errorf("%d mails came, want 2", n)
	}
}

func TestManyMailsAtOnce(t *testing.T) {
	own, roots := certificate(t)
	s := server(t, standins.SMTPOptions{TLS: own})
	m := sending(t, s, func(c *mailer.Config, o *mailer.Options) {
		c.SMTP = strings.Replace(c.SMTP, "smtp+insecure", "smtp", 1)
		c.DKIM = &mailer.DKIM{Domain: "hall.example", Selector: "s1", Key: ed25519PEM(t)}
		o.TLS = &tls.Config{RootCAs: roots}
	})
	const senders, each = 20, 5
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for j := range each {
				d := concert(2)
				d.ID = fmt.Sprintf("dlv-%d-%d", i, j)
				d.Recipient = fmt.Sprintf("guest-%d-%d@example.com", i, j)
				if err := m.Deliver(t.Context(), d); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, message := range s.Messages() {
		parsed, err := message.Parse()
		if err != nil {
			t.Fatal(err)
		}
		id := strings.TrimSuffix(strings.TrimPrefix(parsed.Get("Message-ID"), "<dlv"), "@hall.example>")
		if message.To[0] != "guest"+id+"@example.com" {
			t.Errorf("mail %s went to %s", id, message.To)
		}
		seen[id] = true
	}
	if len(seen) != senders*each {
		t.Errorf("%d different mails came, want %d", len(seen), senders*each)
	}
}

func TestCloseEndsWaitingConnections(t *testing.T) {
	s := server(t, standins.SMTPOptions{})
	m := sending(t, s, nil)
	if err := m.Deliver(t.Context(), concert(1)); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := m.Deliver(t.Context(), concert(1)); err != nil {
		t.Fatal(err)
	}
	if len(s.Messages()) != 2 || s.Connections() != 2 {
		t.Errorf("%d mails over %d connections, want 2 over 2", len(s.Messages()), s.Connections())
	}
}
