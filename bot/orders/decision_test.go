package orders_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/passhook/passhook/integrations"
)

// decision is an order of which a part was refunded, and the token in the
// operator's link to it.
func decision(t *testing.T) (b *bench, token string) {
	t.Helper()
	b = newBench(t)
	b.sold(t, "1001")
	b.happens(t, "partly", "1001", func(e *integrations.Completed) { e.Attention = "10.00 EUR of order 1001 were refunded" })
	must(t, b.engine.NotifyOperator(t.Context()))
	if len(b.mails.notices) != 1 {
		t.Fatalf("%d notices", len(b.mails.notices))
	}
	found := regexp.MustCompile(`https://tickets\.example\.com/console/decisions/([a-z0-9]+)`).FindStringSubmatch(b.mails.notices[0].Text)
	if found == nil {
		t.Fatalf("the notice has no link:\n%s", b.mails.notices[0].Text)
	}
	return b, found[1]
}

func TestADecisionsLinkEndsAfter90Days(t *testing.T) {
	b, token := decision(t)
	for _, step := range []struct {
		days  time.Duration
		works bool
	}{{0, true}, {89, true}, {2, false}} {
		b.later(step.days * 24 * time.Hour)
		d, ok, err := b.DecisionByLink(t.Context(), token)
		must(t, err)
		if ok != step.works || ok && len(d.Passes) != 1 {
			t.Errorf("%d days later: %v, %+v", step.days, ok, d)
		}
	}
}

func TestADecisionVoidsWhatIsTickedAndGivesBackTheRest(t *testing.T) {
	b, token := decision(t)
	for _, void := range []bool{true, true, false} {
		d, ok, err := b.DecisionByLink(t.Context(), token)
		must(t, err)
		if !ok {
			t.Fatal("the link does not work")
		}
		var ticked []string
		if void {
			ticked = append(ticked, d.Passes[0].Serial)
		}
		b.later(time.Minute)
		must(t, b.Decide(t.Context(), d, ticked))
		d, _, err = b.DecisionByLink(t.Context(), token)
		must(t, err)
		if got := slices.Contains(d.Passes[0].Void, integrations.ReasonOperator); got != void || d.Passes[0].Voided != void {
			t.Errorf("ticked: %t, void: %v", void, d.Passes[0].Void)
		}
	}
}
