package integrations_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
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
	ada        = `{"id":1,"email":"ada@example.com"}`
	charge     = `{"event":"charge.success","amount":1000,"currency":"NGN"}`
	stripeBody = `{"id":"evt_test_webhook","object":"event"}`
	stripeSum  = "a205fddac80d1399f0fd8556b976133f791b29797319edad0b299fcda7300bce"
	rolled     = "t=1700000000,v1=" + stripeSum + ",v1=1de589abed7921316157c1e4fb7961c5840dcd903a3c986f1febdea00ffb9247,v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"
	adaBase64  = "4Jar0Jeug+n+jvGfC3GeRnmO7HYhYBkE/0nnbqE5a4Q="
	slackBody  = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	slackEvent = `{"token":"aF5ynEYQH0dFN9imlgcADxDB","team_id":"XXXXXXXXX","api_app_id":"YYYYYYYYY","event":{"type":"app_mention","user":"AAAAAAAAA","text":"<@EEEEEEEEE> hello world","client_msg_id":"477cc591-ch73-a14z-4db8-g0cd76321bec","ts":"1531431954.000073","channel":"TTTTTTTTT","event_ts":"1531431954.000073"},"type":"event_callback","event_id":"TvBP7LRED7","event_time":1531431954,"authed_users":["EEEEEEEEE"]}`
)

// standardHeaders are those of Standard Webhooks' own example.
func standardHeaders(signature string) map[string]string {
	return map[string]string{"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330", "webhook-signature": signature}
}

var vectors = []vector{
	{"Slack's documentation", slackScheme, "8f742231b10e8888abcd99yyyzzz85a5", map[string]string{
		"X-Slack-Request-Timestamp": "1531420618", "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
	}, slackBody, 1531420678},
	{"slack-go's tests", slackScheme, "e6b19c573432dcc6b075501d51b51bb8", map[string]string{
		"X-Slack-Request-Timestamp": "1531431954", "X-Slack-Signature": "v0=adada4ed31709aef585c2580ca3267678c6a8eaeb7e0c1aca3ee57b656886b2c",
	}, slackEvent, 1531431954},
	{
		"GitHub's documentation", plain("X-Hub-Signature-256", "sha256=", "", ""), "It's a Secret to Everybody",
		map[string]string{"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}, "Hello, World!", 0,
	},
	{
		"Standard Webhooks' tests", standard, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		standardHeaders("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), `{"test": 2432232314}`, 1614265330,
	},
	{
		"Standard Webhooks, several signatures", standard, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		standardHeaders("v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="),
		`{"test": 2432232314}`, 1614265330,
	},
	{
		"Standard Webhooks, Ed25519", standardEd25519, "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
		standardHeaders("v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="), `{"test": 2432232314}`, 1614265330,
	},
	{
		"Convoy, hex", plain("X-Convoy-Signature", "", "", ""), "convoy-webhook-secret",
		map[string]string{"X-Convoy-Signature": "244449b7f48cbc2709060c9dcdc2b3aa47a78f540430579015c579fb12defbb4"}, charge, 0,
	},
	{
		"Convoy, Base64", plain("X-Convoy-Signature", "", "", integrations.Base64), "convoy-webhook-secret",
		map[string]string{"X-Convoy-Signature": "JERJt/SMvCcJBgydzcKzqkenj1QEMFeQFcV5+xLe+7Q="}, charge, 0,
	},
	{
		"Convoy, SHA-512", plain("X-Convoy-Signature", "", integrations.SHA512, ""), "convoy-webhook-secret",
		map[string]string{"X-Convoy-Signature": "6cc772dc81942ae1b5ffa91c3a6a07b0d37edc8dc6bd83e3518a219f1f19ff71ae1b76d6b320940d414c236a1aad7f7930b63e0f1928951955d31219545e1b66"}, charge, 0,
	},
	{"Zendesk", integrations.Scheme{
		Header: "X-Zendesk-Webhook-Signature", TimeHeader: "X-Zendesk-Webhook-Signature-Timestamp", TimeFormat: integrations.TimeRFC3339,
		Signed: "{timestamp}{body}", Encoding: integrations.Base64,
	}, "not-a-real-secret-conformance-fixture-only", map[string]string{
		"X-Zendesk-Webhook-Signature": "imSBmAjFoQlrb7kHW9Xe96ySL8AuJ/CULYmz2ag9yls=", "X-Zendesk-Webhook-Signature-Timestamp": "2022-05-05T18:32:28Z",
	}, `{"ticket":{"id":42,"status":"open"}}`, 1651775548},
	{"Stripe", stripeScheme, "whsec_new", map[string]string{"Stripe-Signature": "t=1700000000,v1=" + stripeSum}, stripeBody, 1700000000},
	{"Stripe while secrets change, the old one", stripeScheme, "whsec_old", map[string]string{"Stripe-Signature": rolled}, stripeBody, 1700000000},
	{"Stripe while secrets change, the new one", stripeScheme, "whsec_new", map[string]string{"Stripe-Signature": rolled}, stripeBody, 1700000000},
	{"Shopify", plain("X-Shopify-Hmac-Sha256", "", "", integrations.Base64), "test-secret", map[string]string{"X-Shopify-Hmac-Sha256": adaBase64}, ada, 0},
	{"WooCommerce", plain("X-WC-Webhook-Signature", "", "", integrations.Base64), "test-secret", map[string]string{"X-WC-Webhook-Signature": adaBase64}, ada, 0},
	{"Tito", plain("Tito-Signature", "", "", integrations.Base64), "test-secret", map[string]string{"Tito-Signature": adaBase64}, ada, 0},
	{"Typeform", plain("Typeform-Signature", "sha256=", "", integrations.Base64), "test-secret", map[string]string{"Typeform-Signature": "sha256=" + adaBase64}, ada, 0},
	{"Lemon Squeezy", plain("X-Signature", "", "", ""), "test-secret", map[string]string{"X-Signature": "e096abd097ae83e9fe8ef19f0b719e46798eec7621601904ff49e76ea1396b84"}, ada, 0},
	{
		"Paddle", listed("Paddle-Signature", ";", "ts=", "h1=", "{timestamp}:{body}"), "test-secret",
		map[string]string{"Paddle-Signature": "ts=1700000000;h1=cd17ef35f74ded2bddf6839f0cec3edfb2e09f8feb4f98be0a5b97b547e259b9"}, ada, 1700000000,
	},
	{
		"Calendly", listed("Calendly-Webhook-Signature", ",", "t=", "v1=", "{timestamp}.{body}"), "test-secret",
		map[string]string{"Calendly-Webhook-Signature": "t=1700000000,v1=65a39cef5d35eaef4967709161a4e3eab89468ed6c331a06404eb462fdb0fbd4"}, ada, 1700000000,
	},
	{
		"Ticket Tailor", listed("Tickettailor-Webhook-Signature", ",", "t=", "v1=", "{timestamp}{body}"), "test-secret",
		map[string]string{"Tickettailor-Webhook-Signature": "t=1700000000,v1=446492a15f0bae10dcda10b8d041fe0793178ebb2a756abd21e3e91f67dc255a"}, ada, 1700000000,
	},
	{"RFC 4231, case 1", integrations.Scheme{Header: "X-Sum", Signed: "{body}", SecretEncoding: integrations.Hex}, strings.Repeat("0b", 20), map[string]string{
		"X-Sum": "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
	}, "Hi There", 0},
}

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

func TestATimeIsNearEitherWay(t *testing.T) {
	for _, v := range vectors {
		if v.now == 0 {
			continue
		}
		at := v.now
		if v.name == "Slack's documentation" {
			at -= 60 // the example's request is a minute old
		}
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
