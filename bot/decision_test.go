package bot_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
)

// The link to a decision is in the operator's mail alone, names passes, and
// works for 90 days.
func TestADecisionsLinkEnds(t *testing.T) {
	b, s := newShop(t, "", shopRules)
	b.accepted(t, false, s.event("sold", 0, nil), s.event("partly", 1, func(e *integrations.Completed) { e.Attention = "10.00 EUR of order 1001 were refunded" }))
	must(t, b.engine.TellOnce(t.Context()))
	var token string
	for _, m := range b.smtp.Messages() {
		mail, err := m.Parse()
		must(t, err)
		found := regexp.MustCompile(`https://tickets\.example\.com/console/decisions/([a-z0-9]+)`).FindStringSubmatch(mail.Text)
		if told := m.To[0] == "me@example.com"; told != (found != nil) {
			t.Fatalf("the mail to %s:\n%s", m.To[0], mail.Text)
		} else if told {
			token = found[1]
		}
	}
	for days, works := range map[int]bool{0: true, 89: true, 91: false} {
		b.engine.Now = func() time.Time { return time.Now().AddDate(0, 0, days) }
		d, ok, err := b.engine.DecisionByLink(t.Context(), token)
		must(t, err)
		if ok != works || ok && len(d.Passes) != 1 {
			t.Errorf("after %d days: %v, %+v", days, ok, d)
		}
	}
}
