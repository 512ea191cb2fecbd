package mailer_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/passhook/passhook/mailer"
)

func TestConfigCheck(t *testing.T) {
	small := rsaPEM(t, 1024)
	good := rsaPEM(t, 2048)
	tests := []struct {
		name   string
		change func(*mailer.Config)
		want   []string // one for each problem, as its start; none: all is well
	}{
		{"smtp with a port", func(c *mailer.Config) { c.SMTP = "smtp://mail.example.com:2587" }, nil},
		{"smtp without a port", func(c *mailer.Config) { c.SMTP = "smtp://mail.example.com" }, nil},
		{"smtps", func(c *mailer.Config) { c.SMTP = "smtps://mail.example.com" }, nil},
		{"insecure on 127.0.0.0/8", func(c *mailer.Config) { c.SMTP = "smtp+insecure://127.3.2.1:1025" }, nil},
		{"insecure on ::1", func(c *mailer.Config) { c.SMTP = "smtp+insecure://[::1]:1025" }, nil},
		{"insecure on localhost", func(c *mailer.Config) { c.SMTP = "smtp+insecure://localhost" }, nil},
		{"login in the address", func(c *mailer.Config) { c.SMTP = "smtp://me%40example.com:p%2Fw%23@mail.example.com" }, nil},
		{"login in its own keys", func(c *mailer.Config) { c.Username, c.Password = "me", "p/w#" }, nil},
		{"reply_to", func(c *mailer.Config) { c.ReplyTo = "help@example.com" }, nil},
		{"dkim", func(c *mailer.Config) { c.DKIM = &mailer.DKIM{Domain: "example.com", Selector: "s1", Key: good} }, nil},
		{"dkim ed25519", func(c *mailer.Config) {
			c.DKIM = &mailer.DKIM{Domain: "example.com", Selector: "s1", Key: ed25519PEM(t)}
		}, nil},

		{"nothing", func(c *mailer.Config) { *c = mailer.Config{} }, []string{"from: is missing", "smtp: is missing"}},
		{"from without an address", func(c *mailer.Config) { c.From = "Hall One" }, []string{"from: is no mail address"}},
		{"two senders", func(c *mailer.Config) { c.From = "a@example.com, b@example.com" }, []string{"from: has 2 addresses"}},
		{"from beyond ASCII", func(c *mailer.Config) { c.From = "karten@müller.example" }, []string{"from: has letters beyond ASCII"}},
		{"from with a line break", func(c *mailer.Config) { c.From = "Hall\r\nBcc: x@example.com <a@example.com>" }, []string{"from: has control characters"}},
		{"bad reply_to", func(c *mailer.Config) { c.ReplyTo = "help" }, []string{"reply_to: is no mail address"}},
		{"no scheme", func(c *mailer.Config) { c.SMTP = "mail.example.com:587" }, []string{"smtp: is not an address"}},
		{"unknown scheme", func(c *mailer.Config) { c.SMTP = "https://mail.example.com" }, []string{`smtp: has the unknown scheme "https"`}},
		{"password not encoded", func(c *mailer.Config) { c.SMTP = "smtp://me:hunter#2@mail.example.com" }, []string{"smtp: is not an address"}},
		{"password that url refuses", func(c *mailer.Config) { c.SMTP = "smtp://me:hunter%zz@mail.example.com" }, []string{"smtp: is not an address"}},
		{"path", func(c *mailer.Config) { c.SMTP = "smtp://mail.example.com/inbox" }, []string{"smtp: is not an address"}},
		{"port 0", func(c *mailer.Config) { c.SMTP = "smtp://mail.example.com:0" }, []string{"smtp: has the port 0"}},
		{"port too large", func(c *mailer.Config) { c.SMTP = "smtp://mail.example.com:70000" }, []string{"smtp: has the port 70000"}},
		{"bad host", func(c *mailer.Config) { c.SMTP = "smtp://-mail-.example.com" }, []string{`smtp: names no host "-mail-.example.com"`}},
		{"insecure elsewhere", func(c *mailer.Config) { c.SMTP = "smtp+insecure://mail.example.com:25" }, []string{"smtp: would send logins and passes in the clear"}},
		{"insecure on a look-alike", func(c *mailer.Config) { c.SMTP = "smtp+insecure://localhost.example.com" }, []string{"smtp: would send logins and passes in the clear"}},
		{"smtp on a TLS port", func(c *mailer.Config) { c.SMTP = "smtp://mail.example.com:465" }, []string{"smtp: warning: port 465 usually speaks TLS"}},
		{"smtps on a STARTTLS port", func(c *mailer.Config) { c.SMTP = "smtps://mail.example.com:587" }, []string{"smtp: warning: port 587 usually begins in the clear"}},
		{"login twice", func(c *mailer.Config) {
			c.SMTP, c.Username = "smtp://me:hunter2@mail.example.com", "me"
		}, []string{"username: the login stands here and in the address"}},
		{"no password", func(c *mailer.Config) { c.Username = "me" }, []string{"password: is missing"}},
		{"no username", func(c *mailer.Config) { c.Password = "hunter2" }, []string{"username: is missing"}},
		{"empty dkim", func(c *mailer.Config) { c.DKIM = &mailer.DKIM{} }, []string{`dkim.domain: "" is no domain`, `dkim.selector: "" is no selector`, "dkim.key: is no private key in PEM"}},
		{"small dkim key", func(c *mailer.Config) { c.DKIM = &mailer.DKIM{Domain: "example.com", Selector: "s1", Key: small} }, []string{"dkim.key: warning: has 1024 bits"}},
		{"dkim of somebody else", func(c *mailer.Config) { c.DKIM = &mailer.DKIM{Domain: "example.net", Selector: "s1", Key: good} }, []string{"dkim.domain: warning: example.net is not the sender's domain"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := mailer.Config{From: "Hall One <tickets@example.com>", SMTP: "smtp://mail.example.com:587"}
			tt.change(&c)
			got := c.Check()
			if len(got) != len(tt.want) {
				t.Fatalf("got %d problems, want %d:\n%v", len(got), len(tt.want), got)
			}
			for i, p := range got {
				if !strings.HasPrefix(p.String(), tt.want[i]) {
					t.Errorf("got  %q\nwant %q…", p, tt.want[i])
				}
				if strings.Contains(p.Text, "hunter") {
					t.Errorf("the password stands in %q", p)
				}
			}
		})
	}
}

func TestNewRefusesWhatCheckRefuses(t *testing.T) {
	if _, err := mailer.New(mailer.Config{From: "a@example.com"}, mailer.Options{}); err == nil || !strings.Contains(err.Error(), "smtp: is missing") {
		t.Errorf("got %v", err)
	}
}

func rsaPEM(t *testing.T, bits int) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return pkcs8PEM(t, key)
}

func ed25519PEM(t *testing.T) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pkcs8PEM(t, key)
}

func pkcs8PEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
