package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// crm is a program that is told, of which each body was believed.
type crm struct {
	mu     sync.Mutex
	code   int
	bodies []string
}

func (c *crm) answers(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.code = code
}

// got is how many bodies hold a text.
func (c *crm) got(text string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, body := range c.bodies {
		if strings.Contains(body, text) {
			n++
		}
	}
	return n
}

// tells adds an endpoint to the world's config.
func (w *world) tells(t testing.TB, code int, events string) *crm {
	t.Helper()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	judge, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	c := &crm{code: code}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = judge.Verify(body, r.Header)
		}
		if agent := r.Header.Get("User-Agent"); err != nil || !strings.HasPrefix(agent, "passhook/") {
			t.Errorf("%v, %s", err, agent)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bodies = append(c.bodies, string(body))
		rw.WriteHeader(c.code)
	}))
	t.Cleanup(server.Close)
	w.append(t, "passhook.yaml", fmt.Sprintf("webhooks: [{name: crm, url: %q, secret: %s, events: [%s]}]\n", server.URL, secret, events))
	return c
}

func TestAnEndpointIsTriedAndEnabledAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	c := w.tells(t, http.StatusOK, "pass.voided, pass.issued")
	out, code := w.verb(t, "trigger", "webhooks.crm") // before there is a store
	if code != 0 || !strings.Contains(out, "webhook crm took a sample of pass.voided in ") || c.got(`"type":"pass.voided"`) != 1 || c.got(`"sample":true`) != 1 {
		t.Errorf("exit %d: %s", code, out)
	}
	for _, wrong := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"webhooks.crn"}, "there is no webhook crn in the config; there is crm", exitWrongUse},
		{[]string{"webhooks.crm", "--to", "ada@example.com"}, "--to", exitWrongUse},
	} {
		if out, code := w.verb(t, append([]string{"trigger"}, wrong.args...)...); code != wrong.code || !strings.Contains(out, wrong.want) {
			t.Errorf("%v: exit %d: %s", wrong.args, code, out)
		}
	}
	c.answers(http.StatusGone)
	if out, code := w.verb(t, "trigger", "webhooks.crm"); code != exitBadNews || !strings.Contains(out, "webhook crm: the endpoint answered 410 Gone, after ") {
		t.Errorf("exit %d: %s", code, out)
	}
	p := w.serve(t, 0)
	sale := func(seed string) (shown string) {
		id, err := w.send(t.Context(), p.url, w.checkout(seed, 1))
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, 20*time.Second, seed+" is sold", func() bool {
			shown, _ = w.verb(t, "events", id)
			return strings.Contains(shown, "email to "+seed+"@example.com: sent") && !strings.Contains(shown, "pass.issued: pending")
		})
		return shown
	}
	if shown := sale("ada"); !strings.Contains(shown, "crm of pass.issued: dead the endpoint answered 410 Gone") {
		t.Error(shown)
	}
	if shown := sale("bob"); strings.Contains(shown, "crm") {
		t.Errorf("one that is disabled is told:\n%s", shown)
	}
	c.answers(http.StatusOK)
	if out, code := w.verb(t, "trigger", "webhooks.crm"); code != 0 || !strings.Contains(out, "it was disabled (the endpoint answered 410 Gone) and is enabled again") {
		t.Errorf("exit %d: %s", code, out)
	}
	if shown := sale("eve"); !strings.Contains(shown, "crm of pass.issued: sent") || c.got("evt_eve") != 1 {
		t.Error(shown)
	}
}

func TestYAMLOfTheWebhooksPageWorks(t *testing.T) {
	t.Parallel()
	shown := blocks(docs(t)["../../docs/webhooks.md"], "yaml")
	if len(shown) == 0 {
		t.Fatal("the page shows none")
	}
	for _, block := range shown {
		w := newWorld(t, "")
		w.append(t, "passhook.yaml", block)
		w.append(t, ".env", "CRM_WEBHOOK_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
		if out, code := w.verb(t, "check"); code != 0 || strings.Contains(out, "webhooks") {
			t.Errorf("exit %d: %s", code, out)
		}
	}
}
