package certificates

import (
	"fmt"
	"time"
)

// Expiry is a warning that a certificate expires soon.
type Expiry struct {
	PassType string
	NotAfter time.Time
	// Days are the whole days that are left; 0 on the last day and after it.
	Days int
	// Threshold is the warning's step: 90, 30 or 7 days, or 0 when it is over.
	Threshold int
}

// thresholds are the days before expiry at which a warning becomes louder.
var thresholds = []int{0, 7, 30, 90}

// day is what Apple counts in: certificates end at the second they began at.
const day = 24 * time.Hour

func (e Expiry) String() string {
	text := fmt.Sprintf("the certificate for %s expires on %s, in %d days", e.PassType, e.NotAfter.Format(time.DateOnly), e.Days)
	switch {
	case e.Threshold == 0:
		text = fmt.Sprintf("the certificate for %s expired on %s", e.PassType, e.NotAfter.Format(time.DateOnly))
	case e.Days == 0:
		text = fmt.Sprintf("the certificate for %s expires on %s, in less than a day", e.PassType, e.NotAfter.Format(time.DateOnly))
	case e.Days == 1:
		text = fmt.Sprintf("the certificate for %s expires on %s, in 1 day", e.PassType, e.NotAfter.Format(time.DateOnly))
	}
	return text + "; passes cannot be issued or changed after that. Renew it in Apple's developer portal"
}

// expiry is false while more than 90 days are left.
func (c *Certificate) expiry(now time.Time) (Expiry, bool) {
	left := c.NotAfter.Sub(now)
	for _, days := range thresholds {
		if left <= time.Duration(days)*day {
			return Expiry{PassType: c.PassType, NotAfter: c.NotAfter, Days: max(0, int(left/day)), Threshold: days}, true
		}
	}
	return Expiry{}, false
}

// Expiring are the certificates that expire within 90 days, or have, sorted by
// pass type.
func (k *Keyring) Expiring(now time.Time) []Expiry {
	var out []Expiry
	for _, c := range k.All() {
		if e, ok := c.expiry(now); ok {
			out = append(out, e)
		}
	}
	return out
}
