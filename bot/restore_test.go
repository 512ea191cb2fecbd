package bot_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/store"
)

// mailID is the Message-ID of the nth mail.
func (b *bench) mailID(n int) string { return header(b.smtp.Messages()[n].Raw, "Message-Id") }

// serials are those of the passes, in their order.
func serials(issued []store.Pass) []string {
	out := make([]string, len(issued))
	for i, p := range issued {
		out[i] = p.Serial
	}
	return out
}

func TestARestoredBackupIssuesAndMailsTheSame(t *testing.T) {
	dir := t.TempDir()
	file, backup := filepath.Join(dir, "passhook.db"), filepath.Join(dir, "backup.db")
	b := newBench(t, options{path: file})
	b.sold(t, "bob")
	must(t, b.store.Close())
	kept, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(backup, kept, 0o600))

	var want []store.Pass
	var mail string
	for _, path := range []string{file, backup} {
		b := newBench(t, options{path: path})
		id := b.sold(t, "ada")
		_, issued, d := b.now(t, id)
		_, err := b.store.Resend(t.Context(), d[0].ID, "", 0)
		must(t, err)
		b.work(t)
		if len(issued) != 3 || b.mailID(0) == b.mailID(1) {
			t.Fatalf("%d passes; a resend is %s, the first %s", len(issued), b.mailID(1), b.mailID(0))
		}
		if path == backup && (!slices.Equal(serials(issued), serials(want)) || issued[0].LinkHash != want[0].LinkHash || b.mailID(0) != mail) {
			t.Errorf("got %v %s %s, want %v %s %s", serials(issued), issued[0].LinkHash, b.mailID(0), serials(want), want[0].LinkHash, mail)
		}
		want, mail = issued, b.mailID(0)
	}
}

const backfillRules = `
- {name: sold, on: shop.sold, template: concert, with: {holder: Ada Lovelace}, deliver: [{email: ada@example.com}, {email: ADA@example.com}]}
- {name: coupon, on: shop.backfill, template: coupon, deliver: [{email: ada@example.com}]}
`

// One mail has one link, which also shows what came to the checkout later.
func TestTheFirstMailsLinkShowsTheFirstPassesAndLaterOnes(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, database string) {
		b, s := newShop(t, database, backfillRules)
		got := b.accepted(t, false, s.event("sold", 0, nil), s.event("backfill", 1, nil))
		var links []string
		var want []string
		for _, e := range got {
			_, issued, d := b.settled(t, e.ID)
			if len(issued) != 1 || len(d) != 1 {
				t.Fatalf("%d passes, deliveries %+v", len(issued), d)
			}
			link, err := b.engine.DeliveryLink(d[0])
			must(t, err)
			links, want = append(links, link), append(want, issued[0].Serial)
		}
		_, token, _ := strings.Cut(links[0], "/o/")
		page, err := b.store.DeliveriesByLink(t.Context(), bot.LinkHash(token))
		must(t, err)
		var shown []string
		for _, d := range page {
			rows, err := b.store.PassesOf(t.Context(), d.ID)
			must(t, err)
			shown = append(shown, serials(rows)...)
		}
		if links[1] != links[0] || !slices.Equal(shown, want) {
			t.Errorf("the links are %v; the first shows %v, want %v", links, shown, want)
		}
		if mails := b.smtp.Messages(); len(mails) != 2 || b.mailID(0) == b.mailID(1) {
			t.Errorf("%d mails", len(mails))
		}
	})
}

// Mailed links and the passes on phones live for years: an upgrade must derive
// the same from the same secret and key.
func TestWhatIsDerivedFromTheSecretNeverChanges(t *testing.T) {
	b, s := newShop(t, "", shopRules)
	sold := b.accepted(t, false, s.event("sold", 0, nil))[0]
	_, issued, d := b.settled(t, sold.ID)
	p, err := b.engine.Pass(issued[0])
	must(t, err)
	page, err := b.engine.DeliveryLink(d[0])
	must(t, err)
	rotated, err := bot.NewSecrets([]string{secretB, secretA})
	must(t, err)
	b.engine.Secrets = rotated
	later, err := b.engine.Pass(issued[0])
	must(t, err)
	for _, tc := range []struct{ name, got, want string }{
		{"the key", issued[0].Key, `["shop" "" "true" "1001" "" "1" "sold"]`},
		{"the serial number", p.Serial, "jg2bt2sssowr7hxsbzxs33kehm"},
		{"the authentication token", p.Source.AuthToken, "ljiyb6rk3jskhamk2tipqj33mbmdbmsz"},
		{"the pass's link", p.Link, "https://tickets.example.com/p/62yd4rgxnqqbkusyajzdtfvakyc7hogd"},
		{"the pass's link under a new secret", later.Link, p.Link},
		{"the delivery's link", page, "https://tickets.example.com/o/wpww6djv7buk2qhozm6zvk2scq4ln47w"},
		{"the Message-ID", b.mailID(0), "<cn4nsdmsbl2rhbm2o2mbh2svikfpovtm@example.com>"},
		{"the secret's id", issued[0].SecretID, "c5fd413723d54a87"},
		{"the hash of a link", issued[0].LinkHash, bot.LinkHash("62yd4rgxnqqbkusyajzdtfvakyc7hogd")},
	} {
		if tc.got != tc.want {
			t.Errorf("%s is %s, want %s", tc.name, tc.got, tc.want)
		}
	}
	status := b.engine.Secrets.EventToken(bot.TokenStatus, "018f3c1e-5d2a-7b4c-9e0f-1a2b3c4d5e6f")
	if id, ok := b.engine.Secrets.EventByToken(bot.TokenStatus, status); !ok || id != "018f3c1e-5d2a-7b4c-9e0f-1a2b3c4d5e6f" {
		t.Errorf("the status %s: %s, %t", status, id, ok)
	}
	for token, want := range map[string]bool{
		status: false, // it lets nobody decide
		"018f3c1e5d2a7b4c9e0f1a2b3c4d5e6fp3wr56mtfty657jk4ofamtz2zqyjptnp": true,
		"018f3c1e5d2a7b4c9e0f1a2b3c4d5e6ep3wr56mtfty657jk4ofamtz2zqyjptnp": false,
		"018f3c1e5d2a7b4c9e0f1a2b3c4d5e6f":                                 false,
	} {
		if id, ok := b.engine.Secrets.EventByToken(bot.TokenDecision, token); ok != want || ok && id != "018f3c1e-5d2a-7b4c-9e0f-1a2b3c4d5e6f" {
			t.Errorf("the decision %s: %s, %t", token, id, ok)
		}
	}
}

func TestAShortOrMissingSecretIsRefused(t *testing.T) {
	for _, list := range [][]string{nil, {""}, {secretA[1:]}, {secretA, secretB[1:]}} {
		if _, err := bot.NewSecrets(list); err == nil || !strings.Contains(err.Error(), "openssl rand -hex 32") {
			t.Errorf("%q: %v", list, err)
		}
	}
}
