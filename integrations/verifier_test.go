package integrations_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
)

// vector is a request that somebody signed. All fields of a request are as they
// were published or, where nobody publishes any, as Python's hmac computes them.
type vector struct {
	name    string
	scheme  integrations.Scheme
	secret  string
	headers map[string]string
	body    string
	now     int64 // Unix seconds; 0: the scheme has no time
}

var (
	stripeScheme = integrations.Scheme{Header: "Stripe-Signature", Separator: ",", Prefix: "v1=", TimePrefix: "t=", Signed: "{timestamp}.{body}", SecretPrefix: "whsec_"}
	slackScheme  = integrations.Scheme{Header: "X-Slack-Signature", Prefix: "v0=", TimeHeader: "X-Slack-Request-Timestamp", Signed: "v0:{timestamp}:{body}"}
	standard     = integrations.Scheme{
		Header: "webhook-signature", Separator: " ", Prefix: "v1,", TimeHeader: "webhook-timestamp", IDHeader: "webhook-id", Signed: "{id}.{timestamp}.{body}",
		Encoding: integrations.Base64, SecretEncoding: integrations.Base64, SecretPrefix: "whsec_",
	}
	standardEd25519 = integrations.Scheme{
		Header: "webhook-signature", Separator: " ", Prefix: "v1a,", TimeHeader: "webhook-timestamp", IDHeader: "webhook-id", Signed: "{id}.{timestamp}.{body}",
		Algorithm: integrations.Ed25519, Encoding: integrations.Base64, SecretEncoding: integrations.Base64, SecretPrefix: "whpk_",
	}
)

// plain is a scheme that signs the body alone.
func plain(header, prefix, algorithm, encoding string) integrations.Scheme {
	return integrations.Scheme{Header: header, Prefix: prefix, Algorithm: algorithm, Encoding: encoding, Signed: "{body}"}
}

// listed is a scheme with the time and signatures in one header.
func listed(header, separator, timePrefix, prefix, signed string) integrations.Scheme {
	return integrations.Scheme{Header: header, Separator: separator, TimePrefix: timePrefix, Prefix: prefix, Signed: signed}
}

const (
	stripeBody = `{"id":"evt_test_webhook","object":"event"}`
	stripeSum  = "a205fddac80d1399f0fd8556b976133f791b29797319edad0b299fcda7300bce"
	adaBase64  = "4Jar0Jeug+n+jvGfC3GeRnmO7HYhYBkE/0nnbqE5a4Q="
)

// schemes are those of the vectors, by name.
var schemes = map[string]integrations.Scheme{
	"slack-docs": slackScheme, "slack-go-lib": slackScheme,
	"github-docs":                 plain("X-Hub-Signature-256", "sha256=", "", ""),
	"standard-webhooks-lib":       standard,
	"standard-webhooks-multisig":  standard,
	"standard-webhooks-ed25519":   standardEd25519,
	"convoy-simple-sha256-hex":    plain("X-Convoy-Signature", "", "", ""),
	"convoy-simple-sha256-base64": plain("X-Convoy-Signature", "", "", integrations.Base64),
	"convoy-simple-sha512-hex":    plain("X-Convoy-Signature", "", integrations.SHA512, ""),
	"zendesk-style": {
		Header: "X-Zendesk-Webhook-Signature", TimeHeader: "X-Zendesk-Webhook-Signature-Timestamp", TimeFormat: integrations.TimeRFC3339,
		Signed: "{timestamp}{body}", Encoding: integrations.Base64,
	},
	"stripe-single": stripeScheme, "stripe-rolled": stripeScheme,
	"shopify":      plain("X-Shopify-Hmac-Sha256", "", "", integrations.Base64),
	"woocommerce":  plain("X-WC-Webhook-Signature", "", "", integrations.Base64),
	"tito":         plain("Tito-Signature", "", "", integrations.Base64),
	"typeform":     plain("Typeform-Signature", "sha256=", "", integrations.Base64),
	"lemonsqueezy": plain("X-Signature", "", "", ""),
	"paddle":       listed("Paddle-Signature", ";", "ts=", "h1=", "{timestamp}:{body}"),
	"calendly":     listed("Calendly-Webhook-Signature", ",", "t=", "v1=", "{timestamp}.{body}"),
	"tickettailor": listed("Tickettailor-Webhook-Signature", ",", "t=", "v1=", "{timestamp}{body}"),
	"rfc4231-1":    {Header: "X-Sum", Signed: "{body}", SecretEncoding: integrations.Hex},
}

// vectors are those of testdata, and one that says the same in other letters.
var vectors = func() []vector {
	b, err := os.ReadFile("testdata/signature-vectors.json")
	if err != nil {
		panic(err)
	}
	var list []struct {
		Name, Secret, Body string
		Headers            map[string]string
		Now                int64
		SecretHex          string `json:"secret_hex"`
		DigestHex          string `json:"digest_hex"`
	}
	if err := json.Unmarshal(b, &list); err != nil {
		panic(err)
	}
	var out []vector
	for _, v := range list {
		scheme, ok := schemes[v.Name]
		if !ok {
			panic("there is no scheme of " + v.Name)
		}
		switch v.Name {
		case "rfc4231-1":
			v.Secret, v.Headers = v.SecretHex, map[string]string{"X-Sum": v.DigestHex}
		case "stripe-rolled":
			out = append(out, vector{v.Name + ", the new one", scheme, "whsec_new", v.Headers, v.Body, 1700000000})
			v.Now = 1700000000
		}
		if ts, err := strconv.ParseInt(v.Headers["X-Slack-Request-Timestamp"], 10, 64); err == nil {
			v.Now = ts
		} else if at, err := time.Parse(time.RFC3339, v.Headers["X-Zendesk-Webhook-Signature-Timestamp"]); err == nil {
			v.Now = at.Unix()
		}
		out = append(out, vector{v.Name, scheme, v.Secret, v.Headers, v.Body, v.Now})
	}
	url := plain("X-Sum", "", "", integrations.Base64URL)
	return append(out, vector{"base64url", url, "test-secret", map[string]string{"X-Sum": "4Jar0Jeug-n-jvGfC3GeRnmO7HYhYBkE_0nnbqE5a4Q"}, `{"id":1,"email":"ada@example.com"}`, 0})
}()

func (v vector) header() http.Header {
	h := http.Header{}
	for name, value := range v.headers {
		h.Set(name, value)
	}
	return h
}

func (v vector) verifier(t *testing.T, secrets ...string) *integrations.Verifier {
	t.Helper()
	out, err := integrations.NewVerifier(v.scheme, secrets)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// other is a secret of the same form.
func (v vector) other() string {
	b := []byte(v.secret)
	at := len(b) / 2
	if b[at]++; b[at] == 'l' || b[at] == 'a' {
		b[at]--
		b[at-1]++
	}
	return string(b)
}

func TestSignaturesOfEverySender(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			now := time.Unix(v.now, 0)
			good := v.verifier(t, v.secret)
			check := func(what string, want bool, verifier *integrations.Verifier, h http.Header, body string, now time.Time) {
				t.Helper()
				if err := verifier.Verify(h, []byte(body), now); (err == nil) != want {
					t.Errorf("%s: %v", what, err)
				}
			}
			check("as it was sent", true, good, v.header(), v.body, now)
			check("by the second secret", true, v.verifier(t, v.other(), v.secret), v.header(), v.body, now)
			check("another secret", false, v.verifier(t, v.other()), v.header(), v.body, now)
			check("a byte more", false, good, v.header(), v.body+"\n", now)
			check("a byte less", false, good, v.header(), v.body[:len(v.body)-1], now)
			check("another byte", false, good, v.header(), strings.Replace(v.body, "e", "E", 1), now)
			check("no body", false, good, v.header(), "", now)
			check("no headers", false, good, http.Header{}, v.body, now)
			for name, value := range v.headers {
				h := v.header()
				h.Add(name, value)
				check(name+" twice", false, good, h, v.body, now)
				h.Del(name)
				check(name+" missing", false, good, h, v.body, now)
				for what, other := range map[string]string{"empty": "", "junk": "junk", "shorter": value[:len(value)-1], "cut in the middle": value[len(value)/2:]} {
					if strings.Count(value, "v1=")+strings.Count(value, "v1,") > 1 && what != "empty" && what != "junk" {
						continue // it takes from another signature than the one that fits
					}
					h.Set(name, other)
					check(name+" "+what, false, good, h, v.body, now)
				}
			}
		})
	}
}

// A byte changed anywhere is another request.
func TestEveryByteCounts(t *testing.T) {
	for _, v := range vectors {
		verifier, now := v.verifier(t, v.secret), time.Unix(v.now, 0)
		refused := func(what string, h http.Header, body string) {
			t.Helper()
			if verifier.Verify(h, []byte(body), now) == nil {
				t.Errorf("%s: %s is let in", v.name, what)
			}
		}
		for i := range v.body {
			b := []byte(v.body)
			b[i] ^= 1
			refused(fmt.Sprintf("byte %d of the body", i), v.header(), string(b))
		}
		for name, value := range v.headers {
			if strings.Count(value, "v1=")+strings.Count(value, "v1,") > 1 {
				continue // other signatures stay as they are
			}
			for i := range value {
				b := []byte(value)
				if b[i] ^= 1; strings.EqualFold(string(b), value) {
					continue
				}
				h := v.header()
				h.Set(name, string(b))
				refused(fmt.Sprintf("byte %d of %s", i, name), h, v.body)
			}
		}
	}
}

func TestWhatIsSignedHereVerifies(t *testing.T) {
	at := time.Unix(1700000000, 0)
	for _, v := range vectors {
		h, err := v.scheme.Sign(v.secret, "msg_1", []byte(v.body), at)
		if v.scheme.Algorithm == integrations.Ed25519 {
			if err == nil {
				t.Errorf("%s: a public key signs", v.name)
			}
			continue
		}
		if err != nil {
			t.Fatal(v.name, err)
		}
		if err := v.verifier(t, v.secret).Verify(h, []byte(v.body), at); err != nil {
			t.Errorf("%s: %v", v.name, err)
		}
	}
}

func TestATimeIsNearEitherWay(t *testing.T) {
	for _, v := range vectors {
		if v.now == 0 {
			continue
		}
		at := v.now
		verifier := v.verifier(t, v.secret)
		for seconds, want := range map[int64]bool{-301: false, -299: true, 299: true, 301: false, 86400 * 3650: false, -86400 * 3650: false} {
			now := time.Unix(at+seconds, 0)
			for what, err := range map[string]error{"whole": verifier.Verify(v.header(), []byte(v.body), now), "headers alone": verifier.Precheck(v.header(), now)} {
				if (err == nil) != want {
					t.Errorf("%s, %s, %d s: %v", v.name, what, seconds, err)
				}
			}
		}
	}
}

func TestTimesThatAreNone(t *testing.T) {
	v, err := integrations.NewVerifier(stripeScheme, []string{"whsec_new"})
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{
		"v1=" + stripeSum, "t=,v1=" + stripeSum, "t=1700000000,t=1700000000,v1=" + stripeSum, "t=1,t=1700000000,v1=" + stripeSum, "t=-1700000000,v1=" + stripeSum,
		"t=+1700000000,v1=" + stripeSum, "t=1700000000.0,v1=" + stripeSum, "t= 1700000000,v1=" + stripeSum, "t=0x6553f100,v1=" + stripeSum, "t=99999999999999999999,v1=" + stripeSum,
	} {
		h := http.Header{"Stripe-Signature": {header}}
		now := time.Unix(1700000000, 0)
		if v.Verify(h, []byte(stripeBody), now) == nil || v.Precheck(h, now) == nil {
			t.Errorf("%s is accepted", header)
		}
	}
}

// The headers are judged before any byte of the body is read.
func TestThePrecheckJudgesTheForm(t *testing.T) {
	v, err := integrations.NewVerifier(stripeScheme, []string{"whsec_new"})
	if err != nil {
		t.Fatal(err)
	}
	zeros := "v1=" + strings.Repeat("0", 64)
	for header, want := range map[string]bool{
		"t=1700000000," + zeros:                          true,
		"t=1700000000," + zeros + ",v0=x,scheme=y":       true,
		"t=1700000000," + zeros + ",v1=short":            true,
		"t=1700000000":                                   false,
		"t=1700000000,v1=":                               false,
		"t=1700000000,v1=short":                          false,
		"t=1700000000,v1=" + strings.Repeat("g", 64):     false,
		"t=1700000000,v0=" + strings.Repeat("0", 64):     false,
		"t=1700000000" + strings.Repeat(","+zeros, 1000): false,
	} {
		if err := v.Precheck(http.Header{"Stripe-Signature": {header}}, time.Unix(1700000000, 0)); (err == nil) != want {
			t.Errorf("%.90s: %v", header, err)
		}
	}
}

func TestARefusalDoesNotTellTheSignature(t *testing.T) {
	for _, v := range vectors {
		sum := hmac.New(sha256.New, []byte(v.secret))
		fmt.Fprint(sum, v.body)
		for _, err := range []error{v.verifier(t, v.secret).Verify(http.Header{}, []byte(v.body), time.Unix(v.now, 0)), v.verifier(t, v.other()).Verify(v.header(), []byte(v.body), time.Unix(v.now, 0))} {
			text := err.Error()
			for _, secret := range []string{v.secret, v.other(), stripeSum, hex.EncodeToString(sum.Sum(nil)), adaBase64} {
				if strings.Contains(text, secret) {
					t.Errorf("%s: %s", v.name, text)
				}
			}
		}
	}
}

func TestVerifiersThatWouldLetEverybodyIn(t *testing.T) {
	body := plain("X-Sum", "", "", "")
	for _, tc := range []struct {
		name    string
		scheme  integrations.Scheme
		secrets []string
		want    string
	}{
		{"no secret", body, nil, "there is no secret"},
		{"an empty secret", body, []string{"x", ""}, "secret 1 is empty"},
		{"white space", body, []string{" \n"}, "secret 0 is empty"},
		{"a prefix alone", stripeScheme, []string{"whsec_"}, "secret 0 is empty"},
		{"no Base64", standard, []string{"whsec_%"}, "secret 0 is not base64"},
		{"no key of Ed25519", standardEd25519, []string{"whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "secret 0 is no Ed25519 public key"},
		{"the body is not signed", integrations.Scheme{Header: "X", Signed: "{timestamp}", TimeHeader: "T"}, []string{"x"}, "needs {body}"},
		{"the time is not signed", integrations.Scheme{Header: "X", Signed: "{body}", TimeHeader: "T"}, []string{"x"}, "a time is"},
		{"no time", integrations.Scheme{Header: "X", Signed: "{timestamp}{body}"}, []string{"x"}, "a time is"},
		{"the id is not signed", integrations.Scheme{Header: "X", Signed: "{body}", IDHeader: "I"}, []string{"x"}, "an id is"},
		{"an unknown name", integrations.Scheme{Header: "X", Signed: "{body}{url}"}, []string{"x"}, "may name"},
		{"an open brace", integrations.Scheme{Header: "X", Signed: "{body}{id"}, []string{"x"}, "may name"},
		{"no header", integrations.Scheme{Signed: "{body}"}, []string{"x"}, "header"},
		{"an unknown algorithm", plain("X", "", "md5", ""), []string{"x"}, "md5"},
		{"an unknown encoding", plain("X", "", "", "base32"), []string{"x"}, "base32"},
		{"an unknown time", integrations.Scheme{Header: "X", Signed: "{timestamp}{body}", TimeHeader: "T", TimeFormat: "stardate"}, []string{"x"}, "stardate"},
	} {
		if _, err := integrations.NewVerifier(tc.scheme, tc.secrets); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}
