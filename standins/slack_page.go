package standins

import (
	"cmp"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// slackCSP has pictures from everywhere, as in Slack, and no scripts. Forms may
// lead on to where a button links.
const slackCSP = "default-src 'none'; style-src 'unsafe-inline'; img-src http: https: data:; base-uri 'none'"

// slackPage is the workspace to look at and to play with.
type slackPage struct {
	slack  *Slack
	prefix string

	mu      sync.Mutex
	notices map[string]string // by user, shown once
}

// Page shows the workspace under prefix, which starts with a slash and ends
// without one: "/dev/slack". Whoever looks at it is one of the users: reads
// channels, types commands, presses buttons, fills in modals. It needs no
// scripts.
func (s *Slack) Page(prefix string) http.Handler {
	p := &slackPage{slack: s, prefix: strings.TrimSuffix(prefix, "/"), notices: map[string]string{}}
	mux := http.NewServeMux()
	if p.prefix != "" {
		mux.HandleFunc("GET "+p.prefix, p.show)
	}
	mux.HandleFunc("GET "+p.prefix+"/{$}", p.show)
	mux.HandleFunc("POST "+p.prefix+"/say", p.say)
	mux.HandleFunc("POST "+p.prefix+"/press", p.press)
	mux.HandleFunc("POST "+p.prefix+"/view", p.view)
	// Other sites may not press buttons here.
	return http.NewCrossOriginProtection().Handler(mux)
}

// slackLink is a line of the page's navigation.
type slackLink struct {
	ID, Label, URL string
	Current        bool
}

// slackLine is a message on the page.
type slackLine struct {
	Channel, TS, From string
	At                time.Time
	Text, Blocks      template.HTML
	Only, Edited      bool
}

// slackModal is the view in front.
type slackModal struct {
	ID, Title, Submit, Close string
	Blocks                   template.HTML
}

func (p *slackPage) show(w http.ResponseWriter, r *http.Request) {
	people := p.people()
	if len(people) == 0 {
		http.Error(w, "nobody is in this workspace", http.StatusNotFound)
		return
	}
	user := people[max(0, slices.IndexFunc(people, func(u SlackUser) bool { return u.ID == r.FormValue("user") }))]
	channels := p.channels(user.ID, r.FormValue("channel"))
	at := max(0, slices.IndexFunc(channels, func(l slackLink) bool { return l.Current }))
	if len(channels) == 0 {
		http.Error(w, "there is no channel", http.StatusNotFound)
		return
	}
	channels[at].Current = true
	render := p.renderer()
	var who []slackLink
	for _, u := range people {
		who = append(who, slackLink{Label: or(u.RealName, u.Name), URL: p.address(u.ID, channels[at].ID), Current: u.ID == user.ID})
	}
	data := map[string]any{
		"Prefix": p.prefix, "Team": p.slack.opts.Workspace.TeamName, "Channels": channels, "Channel": channels[at], "People": who,
		"User": user.ID, "Name": or(user.RealName, user.Name), "Notice": p.notice(user.ID), "Reload": p.address(user.ID, channels[at].ID),
		"Messages": p.lines(user.ID, channels[at].ID, render), "Modal": p.modal(user.ID, render),
	}
	var page strings.Builder
	if err := slackPages.ExecuteTemplate(&page, "slack_page.html", data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	guard(w, slackCSP)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(page.String())) // the client went away
}

// people are those that somebody at the page can be.
func (p *slackPage) people() []SlackUser {
	return slices.DeleteFunc(p.slack.Users(), func(u SlackUser) bool { return u.IsBot || u.Deleted })
}

func (p *slackPage) address(user, channel string) string {
	return p.prefix + "/?" + url.Values{"user": {user}, "channel": {channel}}.Encode()
}

// channels are those that a user sees, the DM with the app first. Where none
// is open yet, its address opens it.
func (p *slackPage) channels(user, current string) []slackLink {
	dm := p.slack.DM(user)
	if dm == "" && current == "dm" {
		p.slack.mu.Lock()
		c, _ := p.slack.openDM([]string{user})
		p.slack.mu.Unlock()
		dm = c.ID
	}
	if current == "dm" {
		current = dm
	}
	var out []slackLink
	for _, c := range p.slack.Channels() {
		if c.ID == dm || !slices.Contains(c.Members, user) && (c.Private || c.User != "") || c.Archived {
			continue
		}
		out = append(out, slackLink{ID: c.ID, Label: "#" + or(c.Name, c.ID), URL: p.address(user, c.ID), Current: c.ID == current})
	}
	bot := "the app"
	for _, u := range p.slack.Users() {
		if u.ID == p.slack.opts.Workspace.BotUser {
			bot = u.Name
		}
	}
	direct := slackLink{ID: or(dm, "dm"), Label: bot, URL: p.address(user, or(dm, "dm")), Current: dm != "" && dm == current}
	return append(out, direct)
}

// renderer knows the names of the workspace.
func (p *slackPage) renderer() slackRenderer {
	names := map[string]string{}
	r := slackRenderer{live: true, name: func(id string) string { return or(names[id], id) }}
	for _, u := range p.slack.Users() {
		names[u.ID] = u.Name
		if !u.Deleted && !u.IsBot {
			r.people = append(r.people, slackShownOption{Value: u.ID, Text: or(u.RealName, u.Name)})
		}
	}
	for _, c := range p.slack.Channels() {
		names[c.ID] = or(c.Name, c.ID)
		if c.User == "" && !c.Archived {
			r.channels = append(r.channels, slackShownOption{Value: c.ID, Text: "#" + c.Name})
		}
	}
	return r
}

func (p *slackPage) lines(user, channel string, render slackRenderer) []slackLine {
	var out []slackLine
	seen := append(p.slack.Messages(channel), p.slack.Ephemeral(user)...)
	slices.SortStableFunc(seen, func(a, b SlackMessage) int { return cmp.Compare(a.TS, b.TS) })
	for _, m := range seen {
		if m.Channel != channel {
			continue
		}
		line := slackLine{
			Channel: m.Channel, TS: m.TS, From: render.name(m.User), Text: render.mrkdwn(m.Text), Only: m.EphemeralTo != "", Edited: len(m.History) > 0,
		}
		seconds, _, _ := strings.Cut(m.TS, ".")
		if n, err := strconv.ParseInt(seconds, 10, 64); err == nil {
			line.At = time.Unix(n, 0).UTC()
		}
		if len(m.Blocks) > 0 {
			line.Blocks = render.render(m.Blocks)
		}
		out = append(out, line)
	}
	return out
}

func (p *slackPage) modal(user string, render slackRenderer) *slackModal {
	p.slack.mu.Lock()
	defer p.slack.mu.Unlock()
	stack := p.slack.stack(user)
	if len(stack) == 0 {
		return nil
	}
	v := stack[len(stack)-1]
	render.values, render.errors, render.suggested = v.Values, v.Errors, v.suggested
	return &slackModal{ID: v.ID, Title: v.Title, Submit: v.Submit, Close: v.Close, Blocks: render.render(v.Blocks)}
}

// notice is what went wrong last, once.
func (p *slackPage) notice(user string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.notices[user]
	delete(p.notices, user)
	return n
}

// say is a command, or a message that nobody but the page takes notice of.
func (p *slackPage) say(w http.ResponseWriter, r *http.Request) {
	text, user, channel := strings.TrimSpace(r.FormValue("text")), r.FormValue("user"), r.FormValue("channel")
	if channel == "dm" {
		p.channels(user, channel)
		channel = p.slack.DM(user)
	}
	command, rest, _ := strings.Cut(text, " ")
	if strings.HasPrefix(command, "/") {
		reply, err := p.slack.Command(r.Context(), user, channel, command, strings.TrimSpace(rest))
		p.done(w, r, user, channel, reply, err)
		return
	}
	p.done(w, r, user, channel, SlackReply{}, p.slack.Say(user, channel, text))
}

// done tells what went wrong, and goes back to the channel, or on to where a
// button leads.
func (p *slackPage) done(w http.ResponseWriter, r *http.Request, user, channel string, reply SlackReply, err error) {
	notice := ""
	switch {
	case err != nil:
		notice = err.Error()
	case reply.Failure != "":
		notice = "The app failed with the error “" + reply.Failure + "”"
		if reply.Status != 0 {
			notice += " (it answered " + strconv.Itoa(reply.Status) + " after " + reply.Took.Round(time.Millisecond).String() + ")"
		}
		notice += "."
	}
	if notice != "" {
		p.mu.Lock()
		p.notices[user] = notice
		p.mu.Unlock()
	}
	to := p.address(user, channel)
	if reply.Opened != "" && safeLink(reply.Opened) {
		to = reply.Opened
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// press is a button, or a choice, of a message.
func (p *slackPage) press(w http.ResponseWriter, r *http.Request) {
	user, channel := r.FormValue("user"), r.FormValue("channel")
	m, _ := p.slack.Message(channel, r.FormValue("ts"))
	at := r.FormValue("use")
	b, e := elementAt(m.Blocks, at)
	action, _ := e["action_id"].(string)
	block, _ := b["block_id"].(string)
	var value any
	if slackType(e) != "button" {
		value = formValue(slackType(e), r.Form["v"+at])
	}
	reply, err := p.slack.choose(r.Context(), user, &m, nil, block, action, value)
	p.done(w, r, user, channel, reply, err)
}

// view is everything that can be done with a modal.
func (p *slackPage) view(w http.ResponseWriter, r *http.Request) {
	user, channel := r.FormValue("user"), r.FormValue("channel")
	v, ok := p.slack.View(user)
	if !ok || v.ID != r.FormValue("view") {
		p.done(w, r, user, channel, SlackReply{}, nil)
		return
	}
	reply, err := p.useView(r.Context(), user, v, r)
	p.done(w, r, user, channel, reply, err)
}

func (p *slackPage) useView(ctx context.Context, user string, v SlackView, r *http.Request) (SlackReply, error) {
	if r.FormValue("do") == "close" {
		return p.slack.CloseView(ctx, user, v, false)
	}
	if err := p.slack.enterAll(v.ID, r.Form); err != nil {
		return SlackReply{}, err
	}
	at := or(r.FormValue("use"), r.FormValue("ask"))
	b, e := elementAt(v.Blocks, at)
	action, _ := e["action_id"].(string)
	block, _ := b["block_id"].(string)
	switch {
	case r.FormValue("ask") != "":
		return p.slack.Suggest(ctx, user, v, block, action, r.FormValue("q"+at))
	case at != "":
		return p.slack.Choose(ctx, user, v, block, action, formValue(slackType(e), r.Form["v"+at]))
	}
	return p.slack.Submit(ctx, user, v, nil)
}

// enterAll keeps what was entered in a view's form.
func (s *Slack) enterAll(id string, form url.Values) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.views, func(v *slackView) bool { return v.ID == id && !v.closed })
	if i < 0 {
		return nil
	}
	v := s.views[i]
	for leaf, b := range slackLeaves(v.Blocks) {
		for n, e := range slackElements(b) {
			kind := slackType(e)
			if slackStates[kind] == "" || kind == "overflow" {
				continue
			}
			block, _ := b["block_id"].(string)
			action, _ := e["action_id"].(string)
			value := formValue(kind, form["v"+strconv.Itoa(leaf)+"."+strconv.Itoa(n)])
			state, err := s.entered(slackInput{block: block, action: action, kind: kind, element: e, in: b}, v, value)
			if err != nil {
				return err
			}
			v.set(block, action, state)
		}
	}
	return nil
}

// elementAt finds what the page calls "2.0": an element of a block, counted.
func elementAt(blocks []SlackBlock, at string) (SlackBlock, map[string]any) {
	leaf, n, _ := strings.Cut(at, ".")
	i, err := strconv.Atoi(leaf)
	j, bad := strconv.Atoi(n)
	leaves := slackLeaves(blocks)
	if err != nil || bad != nil || i < 0 || i >= len(leaves) {
		return nil, nil
	}
	elements := slackElements(leaves[i])
	if j < 0 || j >= len(elements) {
		return nil, nil
	}
	return leaves[i], elements[j]
}

// formValue is what an HTML form sent, as Choose takes it.
func formValue(kind string, sent []string) any {
	if kind == "button" || kind == "workflow_button" {
		return nil
	}
	member := slackStates[kind]
	if strings.HasSuffix(member, "s") {
		return sent
	}
	text := strings.Join(sent, "")
	if at, err := time.Parse("2006-01-02T15:04", text); err == nil && kind == "datetimepicker" {
		return at.Unix()
	}
	return text
}
