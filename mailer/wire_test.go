package mailer_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/examples"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/mailer"
	"github.com/passhook/passhook/passes"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/passes/passtest"
	"github.com/passhook/passhook/standins"
)

// tickets is a delivery of n passes of one template, about 168 kB each.
func tickets(t testing.TB, n int) integrations.Delivery {
	t.Helper()
	ca, _ := passtest.Apple(t)
	issued, err := ca.Issue("pass.com.example.tickets", "ABCDE12345", "Hall One")
	if err != nil {
		t.Fatal(err)
	}
	keyring, found := certificates.Load([]certificates.Config{{
		Certificate: string(issued.CertPEM), Key: string(issued.KeyPEM), Intermediate: string(ca.IntermediatePEM()),
	}}, passtest.Now)
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	folder, err := fs.Sub(examples.FS, "concert/templates")
	if err != nil {
		t.Fatal(err)
	}
	templates, found := passes.LoadTemplates(folder, "templates", passes.Settings{Keyring: keyring})
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	d := concert(n)
	for i := range d.Packages {
		p := passes.Pass{
			Serial: fmt.Sprintf("sampleserialnumber%010d", i), AuthToken: "sampleauthenticationtoken0000000", WebServiceURL: "https://example.com/wallet",
			Link: "https://example.com/p/sample", Inputs: map[string]any{"holder": "Ada Lovelace"}, Updated: passtest.Now,
		}
		r, err := templates["concert"].Render(p)
		if err != nil {
			t.Fatal(err)
		}
		content, err := templates["concert"].Package(p, r, passtest.Now)
		if err != nil {
			t.Fatal(err)
		}
		carry(&d.Packages[i], content)
	}
	return d
}

func TestPackagesOfATemplateAreAttachedByteForByte(t *testing.T) {
	d := tickets(t, 3)
	s := server(t, standins.SMTPOptions{})
	m := sending(t, s, nil)
	for range 2 { // the second mail reuses what the first encoded
		if err := m.Deliver(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	for _, message := range s.Messages() {
		mail, err := message.Parse()
		if err != nil {
			t.Fatal(err)
		}
		if len(mail.Attachments) != 3 {
			t.Fatalf("%d attachments, want 3", len(mail.Attachments))
		}
		for i, a := range mail.Attachments {
			if !bytes.Equal(a.Bytes, carried(t, d.Packages[i]).Bytes()) {
				t.Errorf("attachment %d is not its package", i)
			}
		}
		_, body, _ := bytes.Cut(message.Raw, []byte("base64\r\n"))
		_, body, _ = bytes.Cut(body, []byte("\r\n\r\n"))
		body, _, _ = bytes.Cut(body, []byte("\r\n\r\n--"))
		lines := strings.Split(string(body), "\r\n")
		for i, line := range lines {
			if len(line) != 76 && i < len(lines)-1 || len(line) > 76 {
				t.Fatalf("line %d of %d has %d characters", i+1, len(lines), len(line))
			}
		}
	}
}

func TestPackagesAreAttachedAsTheyAre(t *testing.T) {
	d := concert(2)
	d.Packages[1].Filename = "../Köln \"x\"\r\n.pkpass"
	raw, m := delivered(t, d)
	if len(m.Attachments) != 2 {
		t.Fatalf("%d attachments, want 2", len(m.Attachments))
	}
	for i, want := range []string{"ticket-1.pkpass", "K-ln-x.pkpass"} {
		a := m.Attachments[i]
		if a.Filename != want || a.ContentType != "application/vnd.apple.pkpass" || !bytes.Equal(a.Bytes, carried(t, d.Packages[i]).Bytes()) {
			t.Errorf("attachment %d is %s, %s, %d bytes; want %s", i, a.Filename, a.ContentType, len(a.Bytes), want)
		}
	}
	for _, want := range []string{
		`Content-Type: application/vnd.apple.pkpass; name="ticket-1.pkpass"`,
		`Content-Disposition: attachment; filename="ticket-1.pkpass"`,
		"Content-Transfer-Encoding: base64",
		"Content-Type: multipart/mixed;", "Content-Type: multipart/alternative;",
	} {
		if !bytes.Contains(raw.Raw, []byte(want)) {
			t.Errorf("the mail lacks %s", want)
		}
	}
	if bytes.Contains(raw.Raw, []byte("List-Unsubscribe")) || bytes.Contains(raw.Raw, []byte("User-Agent")) {
		t.Error("the mail has a header that it should not have")
	}
}

func TestTenPackagesAreAttachedAndElevenAreNot(t *testing.T) {
	for n, want := range map[int]int{10: 10, 11: 0} {
		_, m := delivered(t, concert(n))
		if len(m.Attachments) != want {
			t.Errorf("%d passes: %d attachments, want %d", n, len(m.Attachments), want)
		}
		if got := strings.Count(m.Text, "https://tickets.hall.example/p/token"); got != n {
			t.Errorf("%d passes: %d links", n, got)
		}
	}
}

func TestSevenMegabytesAreAttachedAndNoByteMore(t *testing.T) {
	for more, want := range map[int]int{0: 2, 1: 0} {
		d := concert(2)
		carry(&d.Packages[0], passes.PackageOf(make([]byte, 5_000_000)))
		carry(&d.Packages[1], passes.PackageOf(make([]byte, 2_000_000+more)))
		if _, m := delivered(t, d); len(m.Attachments) != want {
			t.Errorf("7,000,000 + %d bytes: %d attachments, want %d", more, len(m.Attachments), want)
		}
	}
}

func TestAnEncodingGoesWithItsTemplate(t *testing.T) {
	s := server(t, standins.SMTPOptions{})
	m := sending(t, s, nil)
	gone := make(chan struct{})
	func() {
		d := tickets(t, 1)
		shared, _ := carried(t, d.Packages[0]).Parts()
		runtime.AddCleanup(&shared[0], func(gone chan struct{}) { close(gone) }, gone)
		if err := m.Deliver(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}()
	late := time.After(10 * time.Second)
	for {
		runtime.GC()
		select {
		case <-gone:
			return
		case <-late:
			t.Fatal("the mailer keeps a template that nobody uses")
		case <-time.After(time.Millisecond):
		}
	}
}

// BenchmarkDeliver mails orders of 3 tickets to a server that throws them away.
// of-bare is the time of writing the same bytes to the same server, as a part
// of it; times-size is the memory that a mail takes, as a multiple of its bytes.
func BenchmarkDeliver(b *testing.B) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	go discard(listener)
	d := tickets(b, 3)
	m, err := mailer.New(mailer.Config{From: "tickets@hall.example", SMTP: "smtp+insecure://" + listener.Addr().String()}, mailer.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	answer := func() {
		if _, err := answers.ReadSlice('\n'); err != nil {
			b.Fatal(err)
		}
	}
	answer()
	size := int64(0)
	for _, p := range d.Packages {
		size += p.Bytes * 78 / 57 // base64 with line ends
	}
	content := append(bytes.Repeat([]byte("x"), int(size)), "\r\n.\r\n"...)
	if err := m.Deliver(b.Context(), d); err != nil { // dials, and encodes what is shared
		b.Fatal(err)
	}
	var mails, bare time.Duration
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		start := time.Now()
		if err := m.Deliver(b.Context(), d); err != nil {
			b.Fatal(err)
		}
		between := time.Now()
		for _, part := range [][]byte{[]byte("MAIL\r\n"), []byte("RCPT\r\n"), []byte("DATA\r\n"), content} {
			if _, err := conn.Write(part); err != nil {
				b.Fatal(err)
			}
			answer()
		}
		mails += between.Sub(start)
		bare += time.Since(between)
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(bare.Seconds()/mails.Seconds(), "of-bare")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/float64(size), "times-size")
}

// discard is a mail server that takes everything and keeps nothing.
func discard(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			rw := bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn))
			block := make([]byte, 256<<10)
			converse(rw, func(rw *bufio.ReadWriter) {
				var end []byte
				for !bytes.Equal(end, []byte("\r\n.\r\n")) {
					n, err := rw.Read(block)
					if err != nil {
						return
					}
					end = append(end, block[max(0, n-5):n]...)
					end = end[max(0, len(end)-5):]
				}
				_, _ = rw.WriteString("250 taken\r\n")
				_ = rw.Flush()
			})
		}()
	}
}
