package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/standins"
)

// stopped is how long a server takes to end after SIGTERM. Containers are
// killed after 10 s.
func (p *process) stopped(t *testing.T) time.Duration {
	t.Helper()
	start := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	return time.Since(start)
}

func TestServeStopsThoughABodyStalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	p := w.serve(t, 0)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nExpect: 100-continue\r\nStripe-Signature: t=%d,v1=%064d\r\n\r\n", stripe.WebhookPath, time.Now().Unix(), 0)
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100") { // the handler reads
		t.Fatal(line, err)
	}
	if took := p.stopped(t); took > 8*time.Second {
		t.Errorf("it took %s", took)
	}
}

// What hangs is asked again after the next start.
func TestServeStopsThoughStripeHangs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	asked, release := make(chan struct{}, 100), make(chan struct{})
	w.stripe.Fail(func(r *http.Request) *standins.Fault {
		if strings.HasSuffix(r.URL.Path, "/line_items") {
			asked <- struct{}{}
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
		return nil
	})
	p := w.serve(t, 0)
	if _, err := w.send(t.Context(), p.url, w.checkout("ada", 1)); err != nil {
		t.Fatal(err)
	}
	<-asked
	if took := p.stopped(t); took > 4*time.Second {
		t.Errorf("it took %s\n%s", took, p.log)
	}
	close(release)
	w.serve(t, 0)
	w.mails(t, 1)
}

// serveWithMailThatHangs returns when a mail waits for an answer that never comes.
func serveWithMailThatHangs(t *testing.T) *process {
	t.Helper()
	hung, ctx := make(chan struct{}, 100), t.Context()
	w := newWorldWith(t, "", standins.SMTPOptions{Fail: func(stage, _, _ string, _ int) error {
		if stage == "rcpt" {
			hung <- struct{}{}
			<-ctx.Done()
		}
		return nil
	}})
	p := w.serve(t, 0)
	if _, err := w.send(t.Context(), p.url, w.checkout("ada", 1)); err != nil {
		t.Fatal(err)
	}
	<-hung
	return p
}

func TestServeStopsThoughTheMailServerHangs(t *testing.T) {
	t.Parallel()
	p := serveWithMailThatHangs(t)
	if took := p.stopped(t); took > 9*time.Second {
		t.Errorf("it took %s\n%s", took, p.log)
	}
}

func TestASecondSignalEndsServeAtOnce(t *testing.T) {
	t.Parallel()
	p := serveWithMailThatHangs(t)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, 3*time.Second, "it no longer listens", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(p.url, "http://"))
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	if took := p.stopped(t); took > 2*time.Second {
		t.Errorf("it took %s\n%s", took, p.log)
	}
}
