package main

import (
	"strings"
	"testing"
	"time"
)

// expire puts an expired certificate into the world.
func (w *world) expire(t *testing.T) {
	t.Helper()
	cert, err := w.ca.IssueFor(worldPassType, "TEAM012345", "Hall One", time.Now().AddDate(-1, 0, 0), time.Now().AddDate(0, 0, -1))
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "cert.pem", string(cert.CertPEM))
	w.write(t, "key.pem", string(cert.KeyPEM))
}

func TestServeStartsAndTakesEventsWithAnExpiredCertificate(t *testing.T) {
	w := newWorld(t, "")
	w.expire(t)
	p := w.serve(t, 0)
	if _, err := w.send(t.Context(), p.url, w.checkout("ada", 1)); err != nil {
		t.Error(err)
	}
	if log := p.log.String(); !strings.Contains(log, "passhook.yaml:4:19: warning: signing[0].certificate: the certificate for "+worldPassType+" expired on ") {
		t.Errorf("the log says %s", log)
	}
}

func TestCheckAndCertsShowFailForAnExpiredCertificate(t *testing.T) {
	w := newWorld(t, "")
	w.expire(t)
	for _, verb := range []string{"check", "check --json", "certs show", "certs show --json"} {
		out, code := w.verb(t, strings.Fields(verb)...)
		if code != 1 || !strings.Contains(out, "the certificate for "+worldPassType+" expired on ") || strings.Contains(out, "\nok\n") {
			t.Errorf("%s ends with %d and says %s", verb, code, out)
		}
	}
}

func TestIssueSaysThatTheCertificateExpired(t *testing.T) {
	w := newWorld(t, "")
	w.expire(t)
	out, code := w.verb(t, "issue", "concert", "holder=Ada", "-o", "ada.pkpass")
	if code != 1 || !strings.Contains(out, "template concert: the certificate for "+worldPassType+" expired on ") || !strings.Contains(out, "passhook certs request") {
		t.Errorf("it ends with %d and says %s", code, out)
	}
}
