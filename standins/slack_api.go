package standins

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// slackBodyLimit is far above what any method takes.
const slackBodyLimit = 4 << 20

// SlackCall is one call of the Web API and what became of it.
type SlackCall struct {
	Method string
	// Args are as sent, without the token; what was sent as JSON is JSON.
	Args map[string]string
	At   time.Time
	// Error is Slack's code, or empty where the call went well.
	Error string
	// Early calls came inside the Retry-After of an earlier one.
	Early bool
}

// slackMethod is one method of the Web API.
type slackMethod struct {
	// scopes are alternatives: one of them is enough. None: any token will do.
	scopes []string
	// appToken methods take only the app-level token.
	appToken bool
	// noJSON methods read forms only; a JSON body is not looked at.
	noJSON   bool
	required []string
	rate     slackTier
	call     func(*Slack, *slackCall) slackAnswer
}

// slackMethods are those that an app like passhook needs.
// https://docs.slack.dev/reference/methods
var slackMethods map[string]slackMethod

func init() {
	write := []string{"chat:write"}
	read := []string{"channels:read", "groups:read", "im:read", "mpim:read"}
	slackMethods = map[string]slackMethod{
		"api.test":               {call: (*Slack).apiTest, rate: slackTier4},
		"auth.test":              {call: (*Slack).authTest, rate: slackTier4},
		"chat.postMessage":       {call: (*Slack).postMessage, scopes: write, required: []string{"channel"}, rate: slackPosting},
		"chat.postEphemeral":     {call: (*Slack).postEphemeral, scopes: write, required: []string{"channel", "user"}, rate: slackTier4},
		"chat.update":            {call: (*Slack).updateMessage, scopes: write, required: []string{"channel", "ts"}, rate: slackTier3},
		"chat.delete":            {call: (*Slack).deleteMessage, scopes: write, required: []string{"channel", "ts"}, rate: slackTier3},
		"conversations.open":     {call: (*Slack).openConversation, scopes: []string{"im:write", "mpim:write", "channels:manage", "groups:write"}, rate: slackTier3},
		"conversations.info":     {call: (*Slack).conversationInfo, scopes: read, noJSON: true, required: []string{"channel"}, rate: slackTier3},
		"conversations.list":     {call: (*Slack).listConversations, scopes: read, noJSON: true, rate: slackTier2},
		"users.info":             {call: (*Slack).userInfo, scopes: []string{"users:read"}, noJSON: true, required: []string{"user"}, rate: slackTier4},
		"users.lookupByEmail":    {call: (*Slack).lookupByEmail, scopes: []string{"users:read.email"}, noJSON: true, required: []string{"email"}, rate: slackTier3},
		"usergroups.users.list":  {call: (*Slack).groupMembers, scopes: []string{"usergroups:read"}, noJSON: true, required: []string{"usergroup"}, rate: slackTier2},
		"views.open":             {call: (*Slack).openView, required: []string{"trigger_id", "view"}, rate: slackTier4},
		"views.push":             {call: (*Slack).pushView, required: []string{"trigger_id", "view"}, rate: slackTier4},
		"views.update":           {call: (*Slack).updateView, required: []string{"view"}, rate: slackTier4},
		"blocks.validate":        {call: (*Slack).validateBlocks, rate: slackTier4},
		"apps.connections.open":  {call: (*Slack).openConnection, appToken: true, rate: slackTier1},
		"apps.manifest.validate": {call: (*Slack).validateManifest, required: []string{"manifest"}, rate: slackTier3},
	}
}

// slackCall is a call while it is answered.
type slackCall struct {
	method string
	args   map[string]string
	token  string
	now    time.Time
}

func (c *slackCall) bool(name string) bool {
	b, _ := strconv.ParseBool(c.args[name])
	return b
}

// slackAnswer is the body of an answer.
type slackAnswer map[string]any

// slackOK is a success with these members.
func slackOK(members map[string]any) slackAnswer {
	a := slackAnswer{"ok": true}
	maps.Copy(a, members)
	return a
}

// slackError is a failure; the messages say more, as Slack does for arguments.
func slackError(code string, messages ...string) slackAnswer {
	a := slackAnswer{"ok": false, "error": code}
	if len(messages) > 0 {
		a["response_metadata"] = map[string]any{"messages": messages}
	}
	return a
}

// code is the error's, or empty.
func (a slackAnswer) code() string {
	code, _ := a["error"].(string)
	return code
}

// serveMethod answers one call. Slack answers 200 whatever is wrong, but for
// its rate limits.
func (s *Slack) serveMethod(w http.ResponseWriter, r *http.Request) {
	if s.fails(w, r) {
		return
	}
	c, refused := readSlackCall(r)
	c.now = s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused == nil {
		refused = s.limit(c)
	}
	answer := refused
	if answer == nil {
		answer = s.answer(c)
	}
	_, early := answer["early"]
	s.calls = append(s.calls, SlackCall{Method: c.method, Args: c.args, At: c.now, Error: answer.code(), Early: early})
	s.touch()
	s.writeAnswer(w, c, answer)
}

func (s *Slack) writeAnswer(w http.ResponseWriter, c *slackCall, answer slackAnswer) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Slack-Req-Id", strconv.FormatInt(s.next(), 16))
	if m, ok := slackMethods[c.method]; ok && c.token == s.opts.BotToken {
		h.Set("X-OAuth-Scopes", strings.Join(s.opts.Scopes, ","))
		if len(m.scopes) > 0 {
			h.Set("X-Accepted-OAuth-Scopes", strings.Join(m.scopes, ","))
		}
	}
	status := http.StatusOK
	if after, ok := answer["retry_after"].(int); ok {
		h.Set("Retry-After", strconv.Itoa(after))
		status = http.StatusTooManyRequests
		answer = slackError(answer.code())
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

// fails is true where a scripted failure has answered.
func (s *Slack) fails(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	fail := s.fail
	s.mu.Unlock()
	if fail == nil {
		return false
	}
	f := fail(r)
	if f == nil {
		return false
	}
	if r.PathValue("method") != "" {
		c, _ := readSlackCall(r)
		s.mu.Lock()
		s.calls = append(s.calls, SlackCall{Method: c.method, Args: c.args, At: s.now(), Error: f.Code})
		s.touch()
		s.mu.Unlock()
	}
	if f.Status == 0 {
		f.answer(w) // hangs up
	}
	serveFault(w, f)
	return true
}

func serveFault(w http.ResponseWriter, f *Fault) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Status >= http.StatusInternalServerError {
		http.Error(w, f.Message, f.Status) // no JSON, as of Slack's own front
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(f.Status)
	_ = json.NewEncoder(w).Encode(slackError(f.Code))
}

// answer checks what all methods have in common, then calls one. The caller
// holds the lock.
func (s *Slack) answer(c *slackCall) slackAnswer {
	m, ok := slackMethods[c.method]
	if !ok {
		return slackError("unknown_method")
	}
	if c.method != "api.test" {
		if refused := s.authorize(c, m); refused != nil {
			return refused
		}
	}
	var missing []string
	for _, name := range m.required {
		if c.args[name] == "" {
			missing = append(missing, "[ERROR] missing required field: "+name)
		}
	}
	if len(missing) > 0 {
		return slackError("invalid_arguments", missing...)
	}
	return m.call(s, c)
}

// authorize is nil where the token may call the method.
func (s *Slack) authorize(c *slackCall, m slackMethod) slackAnswer {
	switch {
	case c.token == "":
		return slackError("not_authed")
	case c.token == s.opts.AppToken && !m.appToken || c.token == s.opts.BotToken && m.appToken:
		return slackError("not_allowed_token_type")
	case c.token == s.opts.AppToken:
		return nil
	case c.token != s.opts.BotToken:
		return slackError("invalid_auth")
	case s.revoked:
		return slackError("token_revoked")
	}
	if len(m.scopes) > 0 && !slices.ContainsFunc(m.scopes, s.has) {
		return s.missingScope(m.scopes...)
	}
	return nil
}

func (s *Slack) has(scope string) bool { return slices.Contains(s.opts.Scopes, scope) }

func (s *Slack) missingScope(needed ...string) slackAnswer {
	a := slackError("missing_scope")
	a["needed"], a["provided"] = strings.Join(needed, ","), strings.Join(s.opts.Scopes, ",")
	return a
}

// readSlackCall takes a request apart: a query, a form or JSON. The answer is
// what Slack says of a body that it cannot read.
// https://docs.slack.dev/apis/web-api/#post-bodies
func readSlackCall(r *http.Request) (*slackCall, slackAnswer) {
	c := &slackCall{method: r.PathValue("method"), args: map[string]string{}}
	setArgs(c.args, r.URL.Query())
	delete(c.args, "token") // not taken from an address any more
	defer func() { delete(c.args, "token") }()
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	c.token = bearer
	var refused slackAnswer
	if r.Method == http.MethodPost {
		refused = readSlackBody(r, c)
	}
	if c.token == "" {
		c.token = c.args["token"]
	}
	return c, refused
}

func readSlackBody(r *http.Request, c *slackCall) slackAnswer {
	body, err := io.ReadAll(io.LimitReader(r.Body, slackBodyLimit))
	if err != nil {
		return slackError("request_timeout")
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(body) == 0:
		return nil
	case r.Header.Get("Content-Type") == "":
		return slackError("missing_post_type")
	case err != nil:
		return slackError("invalid_post_type")
	}
	if charset := strings.ToLower(params["charset"]); charset != "" && charset != "utf-8" && charset != "iso-8859-1" {
		return slackError("invalid_charset")
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return slackError("invalid_form_data")
		}
		setArgs(c.args, form)
	case "multipart/form-data":
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if err := r.ParseMultipartForm(slackBodyLimit); err != nil {
			return slackError("invalid_form_data")
		}
		setArgs(c.args, r.MultipartForm.Value)
	case "application/json":
		if slackMethods[c.method].noJSON {
			return nil
		}
		return readSlackJSON(body, c)
	default:
		return slackError("invalid_post_type")
	}
	return nil
}

// readSlackJSON takes strings as they are and all else as JSON. A token in the
// body is not looked at.
func readSlackJSON(body []byte, c *slackCall) slackAnswer {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		var wrongType *json.UnmarshalTypeError
		if errors.As(err, &wrongType) {
			return slackError("json_not_object")
		}
		return slackError("invalid_json")
	}
	delete(members, "token")
	for name, raw := range members {
		var text string
		switch {
		case string(raw) == "null":
		case json.Unmarshal(raw, &text) == nil:
			c.args[name] = text
		default:
			c.args[name] = string(raw)
		}
	}
	return nil
}

func setArgs(args map[string]string, values map[string][]string) {
	for name, v := range values {
		if len(v) > 0 {
			args[name] = v[0]
		}
	}
}

// Calls are all calls of the Web API so far, refused ones too.
func (s *Slack) Calls() []SlackCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// EarlyCalls is how many calls came while the app had been told to wait.
func (s *Slack) EarlyCalls() int {
	n := 0
	for _, c := range s.Calls() {
		if c.Early {
			n++
		}
	}
	return n
}

func (s *Slack) apiTest(c *slackCall) slackAnswer {
	if code := c.args["error"]; code != "" {
		return slackError(code)
	}
	return slackOK(map[string]any{"args": c.args})
}

// https://docs.slack.dev/reference/methods/auth.test
func (s *Slack) authTest(*slackCall) slackAnswer {
	w := s.opts.Workspace
	bot, _ := s.user(w.BotUser)
	return slackOK(map[string]any{
		"url": "https://" + w.Domain + ".slack.com/", "team": w.TeamName, "user": bot.Name, "team_id": w.TeamID, "user_id": bot.ID,
		"bot_id": w.BotID, "is_enterprise_install": false,
	})
}
