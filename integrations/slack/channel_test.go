package slack_test

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/standins"
	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

// rule delivers to data.to and tells the box office.
const rule = `
rules:
  - name: sale
    on: test.sold
    for_each: data.names
    template: visitor
    with: {holder: "${{ item }}"}
    deliver: [{slack: "${{ data.to }}"}]
    notify: [{slack: "#box-office"}, {email: office@example.com}]
  - name: moved
    on: test.moved
    action: update
    with: {floor: "second & third"}
operator: {slack: "#general"}
`

// happens has an event of a rule happen.
func (s *server) happens(t testing.TB, kind, id string, data map[string]any) string {
	t.Helper()
	b, err := json.Marshal(data)
	must(t, err)
	event, _, err := s.app.Engine.Accept(t.Context(), integrations.Event{
		Source: "test", Type: "test." + kind, ExternalID: kind + id, Object: id, Refs: []string{id}, Live: true, Time: time.Now(), Data: b,
	})
	must(t, err)
	return event
}

func (s *server) sold(t testing.TB, id, to string, names ...string) {
	t.Helper()
	s.happens(t, "sold", id, map[string]any{"to": to, "names": names})
}

// delivery is the one to a recipient, once it is in a state.
func (s *server) delivery(t testing.TB, to, state string) (out store.Delivery) {
	t.Helper()
	until(t, "the delivery to "+to+" is "+state, func() bool {
		all, err := s.store.FindDeliveries(t.Context(), store.Filter{Query: to})
		must(t, err)
		i := slices.IndexFunc(all, func(d store.Delivery) bool { return d.State == state })
		if i >= 0 {
			out = all[i]
		}
		return i >= 0
	})
	return out
}

func onBoth(t *testing.T, f func(t *testing.T, database string)) {
	t.Run("SQLite", func(t *testing.T) { f(t, "") })
	t.Run("PostgreSQL", func(t *testing.T) { f(t, storetest.Postgres(t)) })
}

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

func TestARuleDeliversToSlackAndTellsOthers(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := serve(t, options{yaml: rule, database: database})
		s.slack.SetScopes("chat:write", "commands", "users:read", "users:read.email") // what the manifest asks for
		s.sold(t, "1", "ben@example.com", "Ada", "Grace <!here>")
		m := s.to(t, s.dm(t, ben), 1)
		has(t, content(m), "Visit of Ada", "Visit of Grace &lt;!here&gt;", "All 2 passes", s.url+"/o/", "-<!here>")
		told := content(s.to(t, office, 1))
		has(t, told, "2 passes were issued", "Visit of Ada", "Visitor: Grace &lt;!here&gt;", "-http", "-<!here>")
		must(t, s.smtp.Wait(t.Context(), 1))
		if mails := s.smtp.Messages(); len(mails) != 1 || strings.Contains(string(mails[0].Raw), "/p/") {
			t.Errorf("%d mails: %s", len(mails), mails[0].Raw)
		}
		d := s.delivery(t, "ben@example.com", store.StateSent)
		if d.Place != m.Channel+" "+m.TS || d.Channel != "slack" {
			t.Errorf("%+v", d)
		}
		s.happens(t, "moved", "1", map[string]any{})
		s.until(t, "the message is changed", func() bool { return strings.Contains(content(s.slack.Messages(m.Channel)[0]), "second &amp; third") })
		for _, p := range s.passes(t) {
			ev, err := bot.OwnEvent(bot.TypeVoid, p.Serial, nil, bot.ByOperator, time.Now())
			must(t, err)
			must(t, s.app.Engine.Do(t.Context(), ev))
		}
		s.until(t, "the message says that both are void", func() bool {
			return strings.Count(content(s.slack.Messages(m.Channel)[0]), "no longer valid") == 2
		})
		if n := len(s.slack.Messages(m.Channel)); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestAnOrderOfManyIsOneMessage(t *testing.T) {
	s := serve(t, options{yaml: rule, address: "https://tickets.example.com"})
	var names []string
	for n := range 60 {
		names = append(names, strconv.Itoa(n)+strings.Repeat("<", 200))
	}
	s.sold(t, "1", cleo, names...)
	m := s.to(t, s.dm(t, cleo), 1)
	has(t, content(m), "All 60 passes", "https://tickets.example.com/o/")
	if len(m.Blocks) > 50 {
		t.Errorf("%d blocks", len(m.Blocks))
	}
	has(t, content(s.to(t, office, 1)), "60 passes were issued", "and 40 more")
}

func TestErrorsOfSlackAreSorted(t *testing.T) {
	for _, tc := range []struct {
		to, state, note string
	}{
		{"C0NOBODY99", store.StateDead, "there is no such channel"},
		{"#nowhere", store.StateDead, "there is no such channel"},
		{"C0OLDSHOW1", store.StateDead, "archived"},
		{"U0DORA0001", store.StateDead, "cannot be written to"},
		{"nobody@example.com", store.StateDead, "nobody in this workspace has this mail address"},
		{"G0SECRET01", store.StateDead, "invite it"},
	} {
		s := serve(t, options{yaml: rule})
		s.sold(t, "1", tc.to, "Ada")
		if d := s.delivery(t, tc.to, tc.state); !strings.Contains(d.Note, tc.note) {
			t.Errorf("%s: %s", tc.to, d.Note)
		}
	}
}

func TestWhatTheOperatorMustMendWaits(t *testing.T) {
	s := serve(t, options{yaml: rule})
	s.slack.SetScopes("commands")
	s.sold(t, "1", cleo, "Ada")
	until(t, "it was tried", func() bool {
		return s.delivery(t, cleo, store.StatePending).Attempts > 0 && s.delivery(t, cleo, store.StatePending).Note != ""
	})
	has(t, s.delivery(t, cleo, store.StatePending).Note, "lacks a scope", "chat:write")
}

func TestSlacksLimitIsKept(t *testing.T) {
	s := serve(t, options{yaml: rule, standIn: standins.SlackOptions{Rates: standins.SlackRates{PostsPerSecond: 1, PostBurst: 1}}})
	for n := range 3 {
		s.sold(t, strconv.Itoa(n), cleo, "Ada")
	}
	s.to(t, s.dm(t, cleo), 3)
	if n := s.slack.EarlyCalls(); n > 0 {
		t.Errorf("%d calls came too early", n)
	}
}

func TestAnOutageOfSlackHoldsNothingElseUp(t *testing.T) {
	s := serve(t, options{yaml: rule})
	s.slack.Fail(func(*http.Request) *standins.Fault {
		return &standins.Fault{Status: http.StatusServiceUnavailable, Message: "down"}
	})
	s.sold(t, "1", cleo, "Ada")
	must(t, s.smtp.Wait(t.Context(), 1))
	until(t, "it was tried", func() bool { return s.delivery(t, cleo, store.StatePending).Note != "" })
	s.slack.Fail(nil)
	has(t, content(s.to(t, s.dm(t, cleo), 1)), "Visit of Ada")
}

func TestTheOperatorIsToldInSlack(t *testing.T) {
	s := serve(t, options{yaml: rule})
	must(t, s.app.Engine.Notice(t.Context(), integrations.Notice{ID: "n1", Subject: "passhook: 1 dead delivery", Text: "<!channel> see " + strings.Repeat("x", 50_000)}))
	has(t, content(s.to(t, "C0GENERAL1", 1)), "*passhook: 1 dead delivery*", "&lt;!channel&gt;", "-<!channel>")
}

func TestAPassIsSentAgainToAllWhoGotIt(t *testing.T) {
	s := serve(t, options{})
	s.types(t, anna, office, "visitor holder=Ada to: @cleo to: ada@example.com")
	s.to(t, s.dm(t, cleo), 1)
	must(t, s.smtp.Wait(t.Context(), 1))
	serial := s.passes(t)[0].Serial
	has(t, content(*s.types(t, ben, office, "resend "+serial).Message), "on its way again to", "<@"+cleo+">", "ada@example.com")
	s.to(t, s.dm(t, cleo), 2)
	must(t, s.smtp.Wait(t.Context(), 2))
	events, err := s.store.FindEvents(t.Context(), store.Filter{Limit: 1})
	must(t, err)
	has(t, string(events[0].Data), `"by":"slack `+ben+`"`, serial)
	found := content(*s.types(t, ben, office, "find @cleo").Message)
	has(t, found, "Visit of Ada", serial)
	s.types(t, anna, office, "visitor holder=Eve")
	has(t, content(*s.types(t, ben, office, "resend "+s.passes(t)[0].Serial).Message), "Add to Apple Wallet")
}

func TestAReplayOfACommandChangesNothing(t *testing.T) {
	s := serve(t, options{})
	s.types(t, anna, office, "visitor holder=Ada to: @cleo")
	s.to(t, s.dm(t, cleo), 1)
	p := s.passes(t)[0]
	must(t, s.store.Replay(t.Context(), p.EventID))
	ev, err := s.store.WaitForEvent(t.Context(), p.EventID)
	must(t, err)
	if ev.State != store.StateDone || len(s.passes(t)) != 1 {
		t.Errorf("%s %s, %d passes", ev.State, ev.Note, len(s.passes(t)))
	}
}

// A database that hangs has nobody wait longer than Slack does.
func TestADatabaseThatHangsIsAnsweredInTime(t *testing.T) {
	address := storetest.Postgres(t)
	s := serve(t, options{database: address})
	db, err := sql.Open("pgx", address)
	must(t, err)
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	must(t, err)
	_, err = tx.ExecContext(t.Context(), "LOCK TABLE passes IN SHARE MODE") // may be read
	must(t, err)
	r, err := s.slack.Command(t.Context(), anna, office, "/pass", "visitor holder=Ada")
	must(t, err)
	if r.Failure != "" || r.Message == nil {
		t.Fatalf("%s after %s", r.Failure, r.Took)
	}
	has(t, content(*r.Message), "longer than Slack waits")
	must(t, tx.Rollback())
	s.types(t, anna, office, "visitor holder=Grace")
}

func TestACommandThatComesTwiceAtOnceIsDoneOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := serve(t, options{database: database})
		form := s.form(anna, office, "visitor holder=Ada to: <@"+cleo+">")
		answers := make(chan answer, 8)
		for range cap(answers) {
			go func() { answers <- s.post(t, "/slack/commands", form) }()
		}
		for range cap(answers) {
			has(t, (<-answers).text(t), "Visit of Ada", "Make void")
		}
		s.to(t, s.dm(t, cleo), 1)
		if n := len(s.passes(t)); n != 1 || len(s.slack.Messages(s.slack.DM(cleo))) != 1 {
			t.Errorf("%d passes", n)
		}
	})
}
