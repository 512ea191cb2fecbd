package mailer_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/standins"
)

// at is a Fail hook that is called at one stage.
func at(stage string, do func() error) func(string, string, string, int) error {
	return func(at, _, _ string, _ int) error {
		if at == stage {
			return do()
		}
		return nil
	}
}

// limited hands in limits.
func limited(l mailer.Limits) func(*mailer.Config, *mailer.Options) {
	return func(_ *mailer.Config, o *mailer.Options) { o.Limits = l }
}

func TestASlowServerGetsOneMail(t *testing.T) {
	begin := make(chan context.Context, 1)
	s := server(t, standins.SMTPOptions{Fail: at("after-data", func() error {
		<-(<-begin).Done() // the time for what comes before the content is over
		return nil
	})})
	m := sending(t, s, limited(mailer.Limits{Begin: 300 * time.Millisecond}))
	d := concert(1)
	d.Confirm = func(ctx context.Context) error { begin <- ctx; return nil }
	if err := m.Deliver(t.Context(), d); err != nil {
		t.Error(err)
	}
	if n := len(s.Messages()); n != 1 {
		t.Errorf("%d mails came, want 1", n)
	}
}

func TestAMailThatHasBegunIsNotCutOffByItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := server(t, standins.SMTPOptions{Fail: at("data", func() error { cancel(); return nil })})
	m := sending(t, s, nil)
	if err := m.Deliver(ctx, concert(1)); err != nil {
		t.Error(err)
	}
	if n := len(s.Messages()); n != 1 {
		t.Errorf("%d mails came, want 1", n)
	}
}

func TestAMailThatHasBegunOutlivesClose(t *testing.T) {
	var m *mailer.Mailer
	s := server(t, standins.SMTPOptions{Fail: at("data", func() error { return m.Close() })})
	m = sending(t, s, nil)
	if err := m.Deliver(t.Context(), concert(1)); err != nil || len(s.Messages()) != 1 {
		t.Errorf("got %v and %d mails, want 1", err, len(s.Messages()))
	}
}

func TestAContextThatEndsBeforeTheContentEndsTheMail(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	s := server(t, standins.SMTPOptions{Fail: at("rcpt", func() error { cancel(); <-release; return nil })})
	t.Cleanup(func() { close(release) })
	err := sending(t, s, nil).Deliver(ctx, concert(1))
	if !errors.Is(err, context.Canceled) || integrations.IsNever(err) || integrations.IsAmbiguous(err) {
		t.Errorf("got %v", err)
	}
}

func TestASilentServerIsLeft(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	m := sending(t, server(t, standins.SMTPOptions{}), func(c *mailer.Config, o *mailer.Options) {
		c.SMTP = "smtp://" + silent.Addr().String()
		o.Limits.Begin = 20 * time.Millisecond
	})
	err = m.Deliver(t.Context(), concert(1))
	if !errors.Is(err, context.DeadlineExceeded) || !integrations.IsUnavailable(err) || !strings.Contains(err.Error(), "write smtps://") {
		t.Errorf("got %v", err)
	}
}

func TestAnAnswerThatDoesNotComeIsAmbiguous(t *testing.T) {
	release := make(chan struct{})
	s := server(t, standins.SMTPOptions{Fail: at("after-data", func() error { <-release; return nil })})
	t.Cleanup(func() { close(release) })
	err := sending(t, s, limited(mailer.Limits{Answer: 20 * time.Millisecond})).Deliver(t.Context(), concert(1))
	if !integrations.IsAmbiguous(err) || integrations.IsNever(err) {
		t.Errorf("got %v", err)
	}
}

func TestTheLimitsOfAMailAreNotThoseOfTheNext(t *testing.T) {
	const limit = 200 * time.Millisecond
	s := server(t, standins.SMTPOptions{Fail: func(stage, _, _ string, n int) error {
		if stage == "mail" && n == 2 {
			<-time.After(limit)
		}
		return nil
	}})
	m := sending(t, s, limited(mailer.Limits{Block: limit, Answer: limit}))
	for range 2 {
		if err := m.Deliver(t.Context(), concert(1)); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Connections(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestWhatConfirmRefusesIsNotSent(t *testing.T) {
	var stages []string
	s := server(t, standins.SMTPOptions{Fail: func(stage, _, _ string, _ int) error {
		stages = append(stages, stage)
		return nil
	}})
	taken := errors.New("another process has it")
	d := concert(1)
	d.Confirm = func(context.Context) error {
		if got := strings.Join(stages, " "); got != "mail rcpt" {
			t.Errorf("asked after %q", got)
		}
		return taken
	}
	err := sending(t, s, nil).Deliver(t.Context(), d)
	if !errors.Is(err, taken) || integrations.IsNever(err) || integrations.IsAmbiguous(err) {
		t.Errorf("got %v", err)
	}
	if len(s.Messages()) != 0 || len(stages) != 2 {
		t.Errorf("the server got as far as %q", stages)
	}
}

// scripted is a mail server that answers each command with 250 until DATA, and
// leaves the rest of each connection to the test.
func scripted(t *testing.T, afterData func(*bufio.ReadWriter)) *mailer.Mailer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.(*net.TCPConn).SetReadBuffer(4096)
			t.Cleanup(func() { conn.Close() })
			go converse(bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn)), afterData)
		}
	}()
	m, err := mailer.New(mailer.Config{From: "tickets@hall.example", SMTP: "smtp+insecure://" + listener.Addr().String()},
		mailer.Options{Limits: mailer.Limits{Block: 100 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func converse(rw *bufio.ReadWriter, afterData func(*bufio.ReadWriter)) {
	say := func(s string) { _, _ = rw.WriteString(s + "\r\n"); _ = rw.Flush() }
	say("220 here")
	for {
		command, err := rw.ReadString('\n')
		switch {
		case err != nil:
			return
		case strings.HasPrefix(command, "DATA"):
			say("354 go on")
			afterData(rw)
		default:
			say("250 fine")
		}
	}
}

// large is a mail that no buffer between two sockets holds.
func large() integrations.Delivery {
	d := concert(1)
	carry(&d.Packages[0], passes.PackageOf(make([]byte, 6_900_000)))
	return d
}

func TestAServerThatStopsReadingHasNoMail(t *testing.T) {
	m := scripted(t, func(*bufio.ReadWriter) { <-t.Context().Done() })
	err := m.Deliver(t.Context(), large())
	if err == nil || !strings.Contains(err.Error(), "broke off in the middle") || integrations.IsAmbiguous(err) || integrations.IsNever(err) {
		t.Errorf("got %v", err)
	}
}

func TestAnAnswerInTheMiddleOfTheMailCounts(t *testing.T) {
	m := scripted(t, func(rw *bufio.ReadWriter) {
		_, _ = rw.WriteString("552 5.3.4 too big\r\n")
		_ = rw.Flush()
		<-t.Context().Done()
	})
	err := m.Deliver(t.Context(), large())
	if !integrations.IsNever(err) || !strings.Contains(err.Error(), "5.3.4 too big") {
		t.Errorf("got %v", err)
	}
}

func TestAConnectionWithAnAnswerTooManyIsNotUsedAgain(t *testing.T) {
	connections := make(chan *bufio.ReadWriter, 2)
	m := scripted(t, func(rw *bufio.ReadWriter) {
		connections <- rw
		end := make([]byte, 5)
		for string(end) != "\r\n.\r\n" {
			b, err := rw.ReadByte()
			if err != nil {
				return
			}
			end = append(end[1:], b)
		}
		_, _ = io.WriteString(rw, "200 taken\r\n250 taken\r\n")
		_ = rw.Flush()
	})
	for range 2 {
		if err := m.Deliver(t.Context(), concert(1)); err != nil {
			t.Fatal(err)
		}
	}
	if first, second := <-connections, <-connections; first == second {
		t.Error("the connection was used again")
	}
}
