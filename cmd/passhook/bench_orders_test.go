package main

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations/stripe"
)

// BenchmarkOrders is how fast orders of three tickets of 168 kB each are mailed,
// from the first 2xx to the last mail that a sink took, beside the bare parts
// of the same work: three RSA signatures, the same bytes sent to the same sink,
// and one group-committed INSERT an order, in turns in one run.
func BenchmarkOrders(b *testing.B) {
	const rounds, orders = 3, 1000 // whatever b.N is
	w := newWorld(b, "")
	out := newSink(b)
	w.write(b, "passhook.yaml", worldConfig(out.addr, w.api, ""))
	a := w.start(b)
	bare := newBareOrders(b, out.addr, filepath.Join(w.dir, "bare.db"))
	var ratios, rates []float64
	seq := 0
	for range rounds + 1 {
		bodies := make([][]byte, orders)
		for i := range bodies {
			seq++
			bodies[i] = w.checkout("order"+strconv.Itoa(seq), 3)
		}
		mails, size := out.mails.Load(), out.bytes.Load()
		start := time.Now()
		postAll(b, "http://"+a.Config.Listen+stripe.WebhookPath, bodies)
		out.wait(b, mails+orders)
		took := time.Since(start)
		perMail := int(out.bytes.Load()-size) / orders
		alone := bare.run(b, orders, perMail)
		if seq > orders { // the first round warms everything up
			ratios, rates = append(ratios, alone.Seconds()/took.Seconds()), append(rates, orders/took.Seconds())
		}
		settled(b, a)
	}
	slices.Sort(ratios)
	slices.Sort(rates)
	b.ReportMetric(ratios[len(ratios)/2], "of-bare")
	b.ReportMetric(rates[len(rates)/2], "orders/s")
}

// BenchmarkOrdersWithLinks is the same with links alone, where nothing is signed,
// beside the bare durable answers of BenchmarkIngest.
func BenchmarkOrdersWithLinks(b *testing.B) {
	const rounds, orders = 5, 1000 // whatever b.N is
	w := newWorld(b, "")
	out := newSink(b)
	w.write(b, "passhook.yaml", strings.Replace(worldConfig(out.addr, w.api, ""), "mail: {", "mail: {attach: false, ", 1))
	a := w.start(b)
	var ratios, rates []float64
	var seq atomic.Int64
	for round := range rounds + 1 {
		bodies := make([][]byte, orders)
		for i := range bodies {
			bodies[i] = w.checkout(fmt.Sprintf("order%d.%d", round, i), 3)
		}
		mails := out.mails.Load()
		start := time.Now()
		postAll(b, "http://"+a.Config.Listen+stripe.WebhookPath, bodies)
		out.wait(b, mails+orders)
		took := time.Since(start)
		settled(b, a)
		ingest := flood(b, "http://"+a.Config.Listen+stripe.WebhookPath, &seq, 4*orders)
		settled(b, a)
		if round > 0 {
			ratios = append(ratios, ingest.Seconds()/4/took.Seconds())
			rates = append(rates, orders/took.Seconds())
		}
	}
	slices.Sort(ratios)
	slices.Sort(rates)
	b.ReportMetric(ratios[len(ratios)/2], "of-ingest")
	b.ReportMetric(rates[len(rates)/2], "orders/s")
}

// postAll sends events from 64 clients.
func postAll(b *testing.B, url string, bodies [][]byte) {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(bodies); i = int(next.Add(1)) - 1 {
				if err := shoot(client, url, bodies[i]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// sink is a mail server that takes everything and keeps nothing.
type sink struct {
	addr         string
	mails, bytes atomic.Int64
}

func newSink(b *testing.B) *sink {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &sink{addr: l.Addr().String()}
	server := smtp.NewServer(s)
	server.Domain, server.MaxMessageBytes = "sink.example", 64<<20
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	b.Cleanup(func() { _ = server.Close(); <-done })
	return s
}

// NewSession makes go-smtp's session of a connection.
func (s *sink) NewSession(*smtp.Conn) (smtp.Session, error) { return s, nil }

// Mail takes every sender.
func (s *sink) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt takes every recipient.
func (s *sink) Rcpt(string, *smtp.RcptOptions) error { return nil }

// Data counts the content.
func (s *sink) Data(r io.Reader) error {
	n, err := io.Copy(io.Discard, r)
	s.bytes.Add(n)
	s.mails.Add(1)
	return err
}

// Reset has nothing to forget.
func (s *sink) Reset() {}

// Logout has nothing to forget either.
func (s *sink) Logout() error { return nil }

func (s *sink) wait(b *testing.B, mails int64) {
	b.Helper()
	eventually(b, 5*time.Minute, fmt.Sprintf("%d mails", mails), func() bool { return s.mails.Load() >= mails })
}

// bareOrders does the parts of an order and nothing else.
type bareOrders struct {
	key   *rsa.PrivateKey
	sink  string
	store *bare
}

func newBareOrders(b *testing.B, sink, path string) *bareOrders {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE event (id TEXT PRIMARY KEY, body BLOB NOT NULL)"); err != nil {
		b.Fatal(err)
	}
	o := &bareOrders{key: key, sink: sink, store: &bare{queue: make(chan bareRequest, 256)}}
	done := make(chan struct{})
	go func() { defer close(done); o.store.commit(db) }()
	b.Cleanup(func() { close(o.store.queue); <-done; _ = db.Close() })
	return o
}

// run does n orders with mails of that size, as many at once as passhook has
// slots, and says how long that took.
func (o *bareOrders) run(b *testing.B, n, size int) time.Duration {
	b.Helper()
	line := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 57)) + "\r\n"
	mail := []byte(strings.Repeat(line, size/len(line)+1)[:size-2] + "\r\n.\r\n")
	var next atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for range bot.DeliverySlots {
		all.Go(func() {
			if err := o.slot(&next, int64(n), mail); err != nil {
				b.Error(err)
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

func (o *bareOrders) slot(next *atomic.Int64, n int64, mail []byte) error {
	conn, err := net.Dial("tcp", o.sink)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	say := func(text string) error {
		if _, err := io.WriteString(conn, text); err != nil {
			return err
		}
		return reply(r)
	}
	if err := errors.Join(reply(r), say("EHLO bare.example\r\n")); err != nil {
		return err
	}
	for i := next.Add(1); i <= n; i = next.Add(1) {
		done := make(chan error, 1)
		o.store.queue <- bareRequest{fmt.Sprintf("%d %d", time.Now().UnixNano(), i), mail[:3000], done}
		if err := <-done; err != nil {
			return err
		}
		for range 3 {
			sum := sha256.Sum256(mail[:1000])
			if _, err := rsa.SignPKCS1v15(rand.Reader, o.key, crypto.SHA256, sum[:]); err != nil {
				return err
			}
		}
		err := errors.Join(say("MAIL FROM:<a@bare.example>\r\n"), say("RCPT TO:<b@bare.example>\r\n"), say("DATA\r\n"))
		if err != nil {
			return err
		}
		if _, err := conn.Write(mail); err != nil {
			return err
		}
		if err := reply(r); err != nil {
			return err
		}
	}
	return nil
}

// reply reads an answer of one or more lines, which must be good.
func reply(r *bufio.Reader) error {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if len(line) < 4 || line[0] != '2' && line[0] != '3' {
			return errors.New(line)
		}
		if line[3] == ' ' {
			return nil
		}
	}
}
