package main

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
)

// shown is one certificate, key or request as show prints it.
type shown struct {
	Where       string        `json:"where"`
	Kind        string        `json:"kind"`
	PassType    string        `json:"pass_type,omitempty"`
	Team        string        `json:"team,omitempty"`
	Name        string        `json:"name,omitempty"`
	Serial      string        `json:"serial,omitempty"`
	From        time.Time     `json:"from,omitzero"`
	Until       time.Time     `json:"until,omitzero"`
	Days        *int          `json:"days_left,omitempty"`
	Issuer      string        `json:"issuer,omitempty"`
	IssuerUntil time.Time     `json:"issuer_until,omitzero"`
	Key         string        `json:"key,omitempty"`
	NFC         *bool         `json:"nfc,omitempty"`
	SHA256      string        `json:"sha256,omitempty"`
	Problems    problems.List `json:"problems"`
}

// describe is what Examine found out.
func describe(where string, e certificates.Entry, now time.Time) shown {
	out := shown{Where: where, Kind: "certificate"}
	leaf := e.Leaf
	if leaf == nil {
		if leaf = passCertificate(e.Certificates); leaf == nil && len(e.Certificates) > 0 {
			leaf = e.Certificates[0]
		}
		if leaf == nil {
			return out
		}
	}
	out.certificate(leaf, now)
	if out.PassType = certificates.PassType(leaf); out.PassType != "" {
		nfc := certificates.NFC(leaf)
		out.Team, out.NFC = certificates.Team(leaf), &nfc
	}
	switch {
	case e.Key == nil:
		out.Key = "missing"
	case e.Fits(leaf):
		out.Key = keyText(e.Key.Public())
	default:
		out.Key = "of another certificate"
	}
	if e.Intermediate != nil {
		out.Issuer, out.IssuerUntil = certificates.Authority(e.Intermediate.Subject), e.Intermediate.NotAfter
	}
	return out
}

// certificate fills in what every certificate has.
func (s *shown) certificate(c *x509.Certificate, now time.Time) {
	sum := sha256.Sum256(c.Raw)
	s.SHA256 = strings.ReplaceAll(strings.ToUpper(fmt.Sprintf("% x", sum)), " ", ":")
	s.Name, s.Serial = c.Subject.CommonName, strings.ToUpper(c.SerialNumber.Text(16))
	if len(c.Subject.Organization) > 0 {
		s.Name = c.Subject.Organization[0]
	}
	days := int(c.NotAfter.Sub(now).Hours()) / 24
	s.From, s.Until, s.Days, s.Issuer = c.NotBefore, c.NotAfter, &days, certificates.Authority(c.Issuer)
}

func (s *shown) addProblem(format string, args ...any) {
	s.Problems = append(s.Problems, problems.Problem{File: s.Where, Text: fmt.Sprintf(format, args...)})
}

func describeIssuer(where string, c *x509.Certificate, now time.Time) shown {
	out := shown{Where: where, Kind: "issuing certificate"}
	out.certificate(c, now)
	out.Name = certificates.Authority(c.Subject)
	if now.After(c.NotAfter) {
		out.addProblem("expired; passhook has Apple's current one built in")
	}
	return out
}

func describeRequest(where string, r *x509.CertificateRequest) shown {
	out := shown{Where: where, Kind: "request", Name: r.Subject.CommonName, Key: keyText(r.PublicKey)}
	if err := r.CheckSignature(); err != nil {
		out.addProblem("is damaged; make it again with: passhook certs request")
	} else if public, ok := r.PublicKey.(*rsa.PublicKey); !ok || public.N.BitLen() != keyBits {
		out.addProblem("is for %s, and Apple takes RSA keys of %d bits only", out.Key, keyBits)
	}
	return out
}

func keyText(public any) string {
	if key, ok := public.(*rsa.PublicKey); ok {
		return fmt.Sprintf("RSA, %d bits", key.N.BitLen())
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", public), "*")
}

// rows are the table's.
func (s shown) rows() [][]string {
	var rows [][]string
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{"  " + name, value})
		}
	}
	add("pass type", s.PassType)
	add("team", s.Team)
	add("name", s.Name)
	add("serial", s.Serial)
	if !s.Until.IsZero() {
		add("valid", fmt.Sprintf("%s to %s, %d days left",
			s.From.Format(time.DateOnly), s.Until.Format(time.DateOnly), max(*s.Days, 0)))
	}
	issuer := s.Issuer
	if !s.IssuerUntil.IsZero() {
		issuer += ", until " + s.IssuerUntil.Format(time.DateOnly)
	}
	add("issuer", issuer)
	add("key", s.Key)
	if s.NFC != nil {
		add("NFC", map[bool]string{true: "yes", false: "no"}[*s.NFC])
	}
	add("SHA-256", s.SHA256)
	for _, p := range s.Problems {
		name := "wrong"
		if p.Severity == problems.Warning {
			name = "warning"
		}
		p.Severity = problems.Error
		if p.File == s.Where {
			p.File = ""
		}
		add(name, p.String())
	}
	return rows
}
