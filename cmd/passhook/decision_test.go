package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/standins"
)

// A refund of a part voids nothing. The operator's mail leads to a page where
// the passes are ticked that it was for.
func TestTheOperatorSaysWhichPassesARefundIsFor(t *testing.T) {
	w := newWorld(t, "")
	config, err := os.ReadFile(filepath.Join(w.dir, "passhook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, "passhook.yaml", string(config)+"operator: {email: me@example.com}\n")
	p, page := w.refundsAPart(t)
	v := visitor{t, p.url}
	code, body := v.get(page)
	serials := regexp.MustCompile(`name="void" value="([^"]+)">`).FindAllStringSubmatch(body, -1)
	if code != http.StatusOK || len(serials) != 2 || !strings.Contains(body, "49.50 EUR of 99.00 EUR were refunded") {
		t.Fatalf("%d %s", code, body)
	}
	void := func(when string, want int) {
		t.Helper()
		if out, told, _ := w.says(t, "", "passes", "--json"); strings.Count(out, `"operator"`) != want {
			t.Errorf("%s: %s%s", when, out, told)
		}
	}
	void("looked at alone", 0)
	second := serials[1][1]
	code, body = v.post(page, url.Values{"void": {second}})
	if code != http.StatusOK || !strings.Contains(body, "Saved") || !strings.Contains(body, `value="`+second+`" checked`) {
		t.Errorf("%d %s", code, body)
	}
	void("one ticked", 1)
	if code, body = v.post(page, url.Values{}); code != http.StatusOK || strings.Contains(body, " checked") {
		t.Errorf("%d %s", code, body)
	}
	void("the tick taken away", 0)
	if strings.Contains(p.log.String(), page) {
		t.Error("the log has the link")
	}
	const path = "/console/decisions/"
	for name, token := range map[string]string{
		"of another event": strings.Repeat("0", 32) + page[len(path)+32:],
		"forged":           page[len(path):len(path)+32] + strings.Repeat("a", 32),
		"cut":              page[len(path) : len(path)+32],
	} {
		if code, _ := v.post(path+token, url.Values{"void": {second}}); code != http.StatusNotFound {
			t.Errorf("%s: %d", name, code)
		}
		void(name, 0)
	}
}

// refundsAPart sells two tickets and refunds one, and returns the page to which
// the operator's mail leads.
func (w *world) refundsAPart(t *testing.T) (p *process, page string) {
	t.Helper()
	flows := map[string]standins.StripeFlow{}
	for _, f := range standins.StripeFlows(standins.VersionBasil) {
		flows[f.Name] = f
	}
	sold, refunded := flows["checkout-paid"], flows["refund-partial-then-rest"]
	w.stripe.AddFlow(sold)
	w.stripe.AddFlow(refunded)
	p = w.serve(t, 0)
	for i, body := range append(sold.Events, refunded.Events[0]) {
		if _, err := w.send(t.Context(), p.url, laterBy(t, body, i)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, 20*time.Second, "everything settles", func() bool { return w.count(t, "events", "pending")+w.count(t, "deliveries", "pending") == 0 })
	p.kill()
	p = w.serve(t, 0) // which tells the operator at once, not within a minute
	if err := w.smtp.Wait(deadline(t), 2); err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	told := w.smtp.Messages()[1]
	mail, err := told.Parse()
	if err != nil || told.To[0] != "me@example.com" {
		t.Fatal(told.To, err)
	}
	pages := linksIn(mail.Text, "console/decisions")
	if len(pages) != 1 {
		t.Fatalf("the mail has no link:\n%s", mail.Text)
	}
	return p, pages[0]
}
