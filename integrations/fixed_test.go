package integrations_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
)

// fixedCase is a way to verify by a secret, with a header's values.
type fixedCase struct {
	name     string
	verifier func(secrets ...string) (*integrations.Verifier, error)
	header   string
	good     func(secret string) string
	bad      []string
}

func basic(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }

var fixedCases = []fixedCase{
	{
		"bearer", func(s ...string) (*integrations.Verifier, error) { return integrations.NewBearer(s) }, "Authorization",
		func(s string) string { return "Bearer " + s }, []string{"one", "Bearer", "Bearer ", "Basic one", basic("me:one"), "Bearer one two", "Bearer onE"},
	},
	{
		"basic", func(s ...string) (*integrations.Verifier, error) { return integrations.NewBasic("me", s) }, "Authorization",
		func(s string) string { return basic("me:" + s) }, []string{basic("you:one"), basic("me:onE"), basic("me:"), basic(":one"), basic("me"), "Basic one", "Bearer one"},
	},
	{
		"header", func(s ...string) (*integrations.Verifier, error) {
			return integrations.NewHeaderVerifier("x-my-token", s)
		}, "X-My-Token",
		func(s string) string { return s }, []string{"onE", "one ", "Bearer one"},
	},
}

func TestASecretInAHeader(t *testing.T) {
	now := time.Unix(1700000000, 0)
	for _, tc := range fixedCases {
		v, err := tc.verifier("one", "two")
		if err != nil {
			t.Fatal(err)
		}
		check := func(want bool, values ...string) {
			t.Helper()
			h := http.Header{tc.header: values}
			for what, err := range map[string]error{"headers alone": v.Precheck(h, now), "whole": v.Verify(h, []byte("x"), now)} {
				if (err == nil) != want {
					t.Errorf("%s, %q, %s: %v", tc.name, values, what, err)
				}
				if err != nil && strings.Contains(err.Error(), "one") {
					t.Errorf("%s tells the secret: %v", tc.name, err)
				}
			}
		}
		check(true, tc.good("one"))
		check(true, tc.good("two"))
		check(false, tc.good("three"))
		check(false, tc.good(""))
		check(false, "")
		check(false)
		check(false, tc.good("one"), tc.good("one"))
		for _, bad := range tc.bad {
			check(false, bad)
		}
		for _, secrets := range [][]string{nil, {""}, {"one", " "}} {
			if _, err := tc.verifier(secrets...); err == nil {
				t.Errorf("%s: %q starts", tc.name, secrets)
			}
		}
	}
	if v, _ := integrations.NewBearer([]string{"one"}); v.Precheck(http.Header{"Authorization": {"bearer one"}}, now) != nil {
		t.Error("the scheme's name is written in either case")
	}
}

// No header takes the place of the path.
func TestASecretInThePath(t *testing.T) {
	d, body := newDesk(t, nil), "hello"
	var err error
	if d.verifier, err = integrations.NewPathVerifier([]string{"one", "two"}); err != nil {
		t.Fatal(err)
	}
	for secret, want := range map[string]int{"one": 200, "two": 200, "three": 401, "": 401, "on": 401} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header[":secret"], r.Header["Secret"] = []string{"one"}, []string{"one"}
		r.SetPathValue(integrations.PathSecret, secret)
		w := httptest.NewRecorder()
		if d.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%q: got %d %s", secret, w.Code, w.Body)
		}
	}
}

func TestWhoLacksALoginIsAskedForIt(t *testing.T) {
	d := newDesk(t, nil)
	for want, v := range map[string]func() (*integrations.Verifier, error){
		"Bearer": func() (*integrations.Verifier, error) { return integrations.NewBearer([]string{"one"}) },
		"Basic":  func() (*integrations.Verifier, error) { return integrations.NewBasic("me", []string{"one"}) },
	} {
		d.verifier, _ = v()
		if w := d.post(strings.NewReader("x"), ""); w.Code != 401 || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), want) {
			t.Errorf("got %d %v", w.Code, w.Header())
		}
	}
}

func TestEverybodyIsLetInOnlyWhereThatIsSaid(t *testing.T) {
	if err := integrations.NewOpen().Verify(nil, nil, time.Time{}); err != nil {
		t.Error(err)
	}
	if err := new(integrations.Verifier).Verify(nil, nil, time.Time{}); err == nil {
		t.Error("a verifier of nothing lets in")
	}
}

func TestAnyOfSeveralSchemes(t *testing.T) {
	one, _ := integrations.NewVerifier(standard, []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
	two, _ := integrations.NewVerifier(standardEd25519, []string{"whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="})
	both := integrations.AnyOf(one, two)
	for _, v := range vectors {
		if !strings.HasPrefix(v.name, "standard-webhooks") {
			continue
		}
		now := time.Unix(v.now, 0)
		if err := both.Precheck(v.header(), now); err != nil {
			t.Errorf("%s: %v", v.name, err)
		}
		if err := both.Verify(v.header(), []byte(v.body), now); err != nil {
			t.Errorf("%s: %v", v.name, err)
		}
		if both.Verify(v.header(), []byte(v.body+" "), now) == nil {
			t.Errorf("%s: another body is let in", v.name)
		}
	}
}
