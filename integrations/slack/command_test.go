package slack_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// has fails the test where a text lacks another, or has one that begins with a
// hyphen.
func has(t testing.TB, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		not, no := strings.CutPrefix(w, "-")
		if strings.Contains(text, not) == no {
			t.Errorf("%q, not wanted: %t, in\n%s", not, no, text)
		}
	}
}

func TestACommandIsAnsweredWithThePass(t *testing.T) {
	s := serve(t, options{})
	got := s.slash(t, ben, office, `visitor holder="Ada “King” Lovelace" guests=2`).text(t)
	all := s.passes(t)
	if len(all) != 1 || all[0].Source != "slack" || all[0].Account != team || !strings.Contains(string(all[0].Inputs), `"guests":2`) {
		t.Fatalf("%+v", all)
	}
	has(t, got, "Visit of Ada King Lovelace", "*Floor*\nfirst", "Add to Apple Wallet", s.url+"/p/", "-image_url", "-.png")
	ev, err := s.store.Event(t.Context(), all[0].EventID)
	must(t, err)
	has(t, string(ev.Data), `"by":"slack `+ben+`"`, "-http")
}

func TestWhatSlackSendsTwiceIsDoneOnce(t *testing.T) {
	s := serve(t, options{})
	form := s.form(anna, office, "visitor holder=Ada")
	first, second := s.post(t, "/slack/commands", form), s.post(t, "/slack/commands", form)
	if first.body != second.body || len(s.passes(t)) != 1 {
		t.Errorf("%d passes\n%s\n%s", len(s.passes(t)), first.body, second.body)
	}
}

func TestAMistakeIsAnsweredWithTheRightUsage(t *testing.T) {
	s := serve(t, options{})
	const usage = "`/pass visitor holder=\"Ada Lovelace\" [starts=2026-12-31T20:00:00+01:00]"
	for text, want := range map[string][]string{
		`visitor`:                                      {"holder is required", usage},
		`visitor holder=Ada starts=tomorrow`:           {"starts must be a time", usage},
		`visitor holder=Ada sead=A1`:                   {"sead is no input", usage},
		`visitor holder=Ada holder=Eve`:                {"holder is given twice", usage},
		`visitor Ada`:                                  {"Ada is no input; values are written as name=value", usage},
		`visitor holder="Ada`:                          {"a quote is not closed"},
		`visitor holder=Ada floor=cellar`:              {"floor must be one of first, second &amp; third"},
		`visitor holder=Ada to:nobody`:                 {"to: is followed by"},
		`visitor holder=Ada to:@cleo`:                  {"Slack does not say who @cleo is"},
		`visitor holder=Ada to:ada@`:                   {"address"},
		`visitr holder=Ada`:                            {"There is no template *visitr*", "there is visitor"},
		`visitor holder=` + strings.Repeat("x", 20000): {"holder is longer than 16384 bytes"},
		`<!channel> x`:                                 {"-<!channel>"},
		strings.Repeat("x", 100000):                    {"There is no template *xxx"},
	} {
		if got := s.slash(t, ben, office, text).text(t); len(got) > 3000 {
			t.Errorf("%.40s: %d bytes", text, len(got))
		} else {
			has(t, got, want...)
		}
	}
	if n := len(s.passes(t)); n != 0 {
		t.Errorf("%d passes", n)
	}
}

func TestWhoMayNotIssueATemplateDoesNot(t *testing.T) {
	s := serve(t, options{})
	for _, tc := range []struct {
		user, channel string
		may           bool
	}{{anna, office, true}, {ben, office, false}, {ben, "C0RANDOM01", true}, {cleo, "D0CLEO0001", false}} {
		got := s.slash(t, tc.user, tc.channel, `concert holder=Ada number=A1 starts=2026-12-31T20:00`).text(t)
		if may := strings.Contains(got, "Add to Apple Wallet"); may != tc.may {
			t.Errorf("%s in %s: %s", tc.user, tc.channel, got)
		}
		if lists := strings.Contains(s.slash(t, tc.user, tc.channel, "list").text(t), "/pass concert"); lists != tc.may {
			t.Errorf("%s in %s: listed %t", tc.user, tc.channel, lists)
		}
	}
	if got := serve(t, options{slack: "  signing_secrets: [" + secret + "]\n"}).slash(t, anna, office, "").text(t); !strings.Contains(got, "You may not issue passes here") {
		t.Error(got)
	}
}

func TestValuesCallNobodyAndLinkNowhere(t *testing.T) {
	s := serve(t, options{})
	got := s.slash(t, ben, office, `visitor holder="&lt;!channel&gt; *x* &lt;https://evil.example.com|click&gt; &amp;"`).text(t)
	has(t, got, "&lt;!channel&gt;", "&lt;https://evil.example.com|click&gt;", "-<!", "-<http")
	has(t, string(s.passes(t)[0].Inputs), `\u003c!channel`)
}

func TestPeopleFindAndVoidWhatTheyMayIssue(t *testing.T) {
	s := serve(t, options{})
	s.slash(t, anna, office, `concert holder="Grace Hopper" number=A1 starts=2026-12-31T20:00`).text(t)
	s.slash(t, ben, office, `visitor holder="Grace Jones"`).text(t)
	both := s.slash(t, anna, office, "find grace").text(t)
	has(t, both, "Grace Hopper", "Grace Jones", "2 passes")
	one := s.slash(t, ben, office, "find GRACE").text(t)
	has(t, one, "-Grace Hopper", "Grace Jones")
	for _, p := range s.passes(t) {
		got := s.slash(t, ben, office, "void "+p.Serial).text(t)
		again := s.slash(t, ben, office, "find "+p.Serial).text(t)
		if p.Template == "concert" {
			has(t, got, "There is no pass", "-is void")
			has(t, again, "There is no pass")
			continue
		}
		has(t, got, "is void")
		has(t, again, "is no longer valid", "-Make void")
	}
	for _, p := range s.passes(t) {
		if (len(p.Void) > 0) != (p.Template == "visitor") {
			t.Errorf("%s: %v", p.Template, p.Void)
		}
		found, err := s.store.Changed(t.Context(), p.EventID, p.Serial)
		if err != nil || !found {
			t.Error(found, err)
		}
	}
}

func TestHelpAndStatusAnswer(t *testing.T) {
	s := serve(t, options{})
	has(t, s.slash(t, ben, office, "help").text(t), "/pass find WHAT", "to: @someone")
	has(t, s.slash(t, ben, office, "status").text(t), "passhook is up", "1 template here", "Nothing waits")
}

func TestOnlySlackIsAnswered(t *testing.T) {
	s := serve(t, options{slack: "  signing_secrets: [another-secret, " + secret + "]\n  templates: {visitor: {allow: [everyone]}}\n"})
	body := s.form(ben, office, "help").Encode()
	at := s.url + "/slack/commands"
	now := time.Now()
	for name, tc := range map[string]struct {
		r    *http.Request
		code int
	}{
		"signed":             {signed(t, secret, at, formType, body, now), 200},
		"with the other key": {signed(t, "another-secret", at, formType, body, now), 200},
		"with a wrong key":   {signed(t, "wrong", at, formType, body, now), 401},
		"with no key":        {signed(t, "", at, formType, body, now), 401},
		"too old":            {signed(t, secret, at, formType, body, now.Add(-302*time.Second)), 401},
		"of the future":      {signed(t, secret, at, formType, body, now.Add(302*time.Second)), 401},
		"almost too old":     {signed(t, secret, at, formType, body, now.Add(-290*time.Second)), 200},
		"too large":          {signed(t, secret, at, formType, body+"&x="+strings.Repeat("x", 1<<20), now), 413},
		"no form":            {signed(t, secret, at, formType, "%zz", now), 400},
		"no command":         {signed(t, secret, at, formType, "x=1", now), 400},
		"no payload":         {signed(t, secret, s.url+"/slack/interactions", formType, "payload={", now), 400},
		"no event":           {signed(t, secret, s.url+"/slack/events", "application/json", "{", now), 400},
		"ssl_check":          {signed(t, secret, at, formType, "ssl_check=1&token=x", now), 200},
	} {
		if got := send(t, tc.r); got.code != tc.code {
			t.Errorf("%s: %d %s", name, got.code, got.body)
		}
	}
	unsigned := func(body string) int {
		r := signed(t, secret, at, formType, body, now)
		r.Header.Del("X-Slack-Signature")
		return send(t, r).code
	}
	if a, b := unsigned(body), unsigned("ssl_check=1&token=x"); a != 401 || b != 200 {
		t.Errorf("unsigned: %d, ssl_check %d", a, b)
	}
	changed := signed(t, secret, at, formType, body, now)
	changed.Header.Set("X-Slack-Signature", changed.Header.Get("X-Slack-Signature")[:60])
	if got := send(t, changed); got.code != 401 {
		t.Errorf("cut off: %d", got.code)
	}
}

func TestTheAddressOfEventsIsConfirmed(t *testing.T) {
	s := serve(t, options{})
	got := send(t, signed(t, secret, s.url+"/slack/events", "application/json", `{"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}`, time.Now()))
	if got.code != 200 || !strings.Contains(got.body, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P") {
		t.Error(got)
	}
	if got := send(t, signed(t, secret, s.url+"/slack/events", "application/json", `{"type": "event_callback", "event": {"type": "tokens_revoked"}}`, time.Now())); got.code != 200 {
		t.Error(got)
	}
}

func TestPicturesAreShownWhereSlackCanFetchThem(t *testing.T) {
	s := serve(t, options{address: "https://tickets.example.com"})
	has(t, s.slash(t, ben, office, "visitor holder=Ada").text(t), "https://tickets.example.com/p/", ".png")
}

// interact posts an interaction as Slack sends it.
func (s *server) interact(t testing.TB, path string, payload map[string]any) answer {
	t.Helper()
	payload["team"] = map[string]any{"id": team}
	b, err := json.Marshal(payload)
	must(t, err)
	return s.post(t, path, url.Values{"payload": {string(b)}})
}

func TestAButtonDoesNoMoreThanItsPersonMay(t *testing.T) {
	s := serve(t, options{})
	s.slash(t, anna, office, "concert holder=Ada").text(t)
	press := func(user, channel string) answer {
		return s.interact(t, "/slack/interactions", map[string]any{
			"type": "block_actions", "user": map[string]any{"id": user}, "channel": map[string]any{"id": channel}, "trigger_id": user + channel,
			"actions": []any{map[string]any{"action_id": "void", "value": s.passes(t)[0].Serial}},
		})
	}
	for _, tc := range []struct {
		user, channel string
		voids         bool
	}{{ben, office, false}, {cleo, office, false}, {ben, "C0RANDOM01", true}} {
		if got := press(tc.user, tc.channel); got.code != 200 || got.body != "" {
			t.Errorf("%d %s", got.code, got.body)
		}
		if voids := len(s.passes(t)[0].Void) > 0; voids != tc.voids {
			t.Errorf("%s in %s: void %t", tc.user, tc.channel, voids)
		}
	}
	forged := s.interact(t, "/slack/interactions", map[string]any{
		"type": "view_submission", "user": map[string]any{"id": ben},
		"view": map[string]any{"id": "V1", "callback_id": "pass", "private_metadata": `{"channel": "` + office + `", "template": "concert"}`},
	})
	if forged.code != 200 || !strings.Contains(forged.body, "You may not issue this template here") || len(s.passes(t)) != 1 {
		t.Errorf("%d %s", forged.code, forged.body)
	}
}

func TestAMenuOffersWhatFits(t *testing.T) {
	s := serve(t, options{})
	for user, want := range map[string]string{anna: `"concert"`, ben: `{"options":[]}`} {
		got := s.interact(t, "/slack/options", map[string]any{"type": "block_suggestion", "user": map[string]any{"id": user}, "action_id": "template", "value": "CONC"})
		if got.code != 200 || !strings.Contains(got.body, want) || strings.Contains(got.body, "visitor") {
			t.Errorf("%s: %d %s", user, got.code, got.body)
		}
	}
}

// Whatever else people do with buttons and forms is taken note of.
func TestOtherInteractionsAreAcknowledged(t *testing.T) {
	s := serve(t, options{})
	for _, kind := range []string{"block_actions", "view_closed", "view_submission", "shortcut", "message_action", "something_new"} {
		got := s.interact(t, "/slack/interactions", map[string]any{"type": kind, "user": map[string]any{"id": ben}, "actions": []any{map[string]any{"action_id": "wallet"}, map[string]any{"action_id": "x"}}})
		if got.code != 200 || got.body != "" {
			t.Errorf("%s: %d %s", kind, got.code, got.body)
		}
	}
}
