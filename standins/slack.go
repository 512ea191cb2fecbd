package standins

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// SlackOptions say which workspace Slack plays and how strict it is. The zero
// value is SampleWorkspace with fixed tokens and Slack's own limits.
type SlackOptions struct {
	// Workspace defaults to SampleWorkspace.
	Workspace SlackWorkspace
	// App is where Slack sends what people do; it can be set later, with SetApp.
	App SlackApp
	// BotToken and AppToken default to "xoxb-stand-in" and "xapp-stand-in".
	BotToken, AppToken string
	// SigningSecret defaults to "stand-in-signing-secret".
	SigningSecret string
	// Scopes are what the bot token is granted. Default: SlackScopes.
	Scopes []string
	// Rates default to SlackRates{}, Slack's own.
	Rates SlackRates
	// Fetch, when set, is asked for every picture of a message, as Slack fetches
	// them itself: an error makes the blocks invalid. It must not call Slack.
	Fetch func(url string) error
	// Now is the clock of everything that expires or is counted. Default:
	// time.Now; only then does an app that is late also lose its connection.
	Now func() time.Time
}

// SlackApp is the app's configuration at Slack: the addresses of its four
// Request URLs, none of which is used with Socket Mode.
type SlackApp struct {
	// ID defaults to A0PASSHOOK.
	ID string
	// Commands, Interactivity, Options and Events are the Request URLs.
	Commands, Interactivity, Options, Events string
	// SocketMode switches the Request URLs off, connected or not. An app that
	// connects is served over Socket Mode without it as well.
	SocketMode bool
	// Escape is "escape channels, users, and links sent to your app": @anna in
	// a command's text becomes <@U…>.
	Escape bool
}

// SlackScopes are the scopes that a token has unless SlackOptions say otherwise.
var SlackScopes = []string{
	"commands", "chat:write", "chat:write.public", "im:write", "mpim:write", "users:read", "users:read.email",
	"usergroups:read", "channels:read", "groups:read", "im:read", "mpim:read",
}

// Slack plays one Slack workspace with one app installed: the Web API under
// /api/, response URLs and Socket Mode for the app, and the people who type
// commands and press buttons. It is an http.Handler, safe for concurrent use.
// https://docs.slack.dev/apis/web-api
type Slack struct {
	opts   SlackOptions
	client *http.Client
	now    func() time.Time
	mux    *http.ServeMux

	mu       sync.Mutex
	url      string
	server   *http.Server
	changed  chan struct{} // closed and replaced with each change
	serial   int64         // the last number given away; ids are made of these
	lastTS   int64         // microseconds of the youngest message
	revoked  bool
	users    []SlackUser
	groups   []SlackGroup
	channels []SlackChannel
	messages []*SlackMessage
	states   map[string]map[string]map[string]any // of elements in messages, by user and message
	views    []*slackView
	triggers map[string]*slackTrigger
	hooks    map[string]*slackHook
	calls    []SlackCall
	buckets  map[string]*slackBucket
	share    slackShare
	fail     func(*http.Request) *Fault
	sockets  slackSockets
}

// NewSlack is a workspace that nobody has written in. It listens nowhere yet:
// either call Listen, or serve it and say where with SetURL.
func NewSlack(opts SlackOptions) *Slack {
	opts = opts.defaults()
	s := &Slack{
		opts: opts, now: opts.Now, mux: http.NewServeMux(), changed: make(chan struct{}),
		client:   &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		users:    slices.Clone(opts.Workspace.Users),
		groups:   slices.Clone(opts.Workspace.Groups),
		channels: slices.Clone(opts.Workspace.Channels),
		states:   map[string]map[string]map[string]any{},
		triggers: map[string]*slackTrigger{}, hooks: map[string]*slackHook{}, buckets: map[string]*slackBucket{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.mux.HandleFunc("/api/{method}", s.serveMethod)
	s.mux.HandleFunc("/commands/{team}/{number}/{secret}", s.serveResponseURL)
	s.mux.HandleFunc("/actions/{team}/{number}/{secret}", s.serveResponseURL)
	s.mux.HandleFunc("GET /link/", s.serveSocket)
	return s
}

func (o SlackOptions) defaults() SlackOptions {
	if o.Workspace.TeamID == "" {
		o.Workspace = SampleWorkspace()
	}
	for field, value := range map[*string]string{
		&o.App.ID: "A0PASSHOOK", &o.BotToken: "xoxb-stand-in", &o.AppToken: "xapp-stand-in", &o.SigningSecret: "stand-in-signing-secret",
	} {
		if *field == "" {
			*field = value
		}
	}
	if o.Scopes == nil {
		o.Scopes = SlackScopes
	}
	o.Rates = o.Rates.defaults()
	return o
}

// Listen serves on HOST:PORT, by default any free port of loopback, until
// Close.
func (s *Slack) Listen(addr string) error {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("slack stand-in: %w", err)
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	s.mu.Lock()
	s.server, s.url = server, "http://"+listener.Addr().String()
	s.mu.Unlock()
	go func() { _ = server.Serve(listener) }() // ends with Close
	return nil
}

// Close ends all connections. What was posted stays readable.
func (s *Slack) Close() error {
	s.closeSockets()
	s.mu.Lock()
	server := s.server
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	return server.Close()
}

// SetURL says where the handler is reached, as http://HOST:PORT. Response URLs
// and Socket Mode addresses are built on it.
func (s *Slack) SetURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = url
}

// APIURL is what an app takes for https://slack.com/api/.
func (s *Slack) APIURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url + "/api/"
}

// SetApp says where Slack sends what people do. An empty ID stays as it was.
func (s *Slack) SetApp(app SlackApp) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if app.ID == "" {
		app.ID = s.opts.App.ID
	}
	s.opts.App = app
}

// App is the app's configuration.
func (s *Slack) App() SlackApp {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opts.App
}

// BotToken is what the app calls the Web API with.
func (s *Slack) BotToken() string { return s.opts.BotToken }

// AppToken is the token for Socket Mode.
func (s *Slack) AppToken() string { return s.opts.AppToken }

// SigningSecret is what requests to the app are signed with.
func (s *Slack) SigningSecret() string { return s.opts.SigningSecret }

// SetScopes is a reinstallation with other scopes.
func (s *Slack) SetScopes(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Scopes = slices.Clone(scopes)
}

// Revoke takes the bot's token away, as when the app is uninstalled.
func (s *Slack) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = true
}

// Fail has f asked before every call of the Web API and of a response URL; nil
// from it answers as usual. A
// Fault with Status 200 is an error of Slack's, named by its Code.
func (s *Slack) Fail(f func(*http.Request) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

// Wait blocks until done is true, or ctx ends. It is asked again after
// everything that happens in the workspace, and may call the other methods.
func (s *Slack) Wait(ctx context.Context, done func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if done() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("slack stand-in: what was waited for did not happen: %w", context.Cause(ctx))
		}
	}
}

// ServeHTTP is all that an app sees of Slack.
func (s *Slack) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// touch wakes Wait. The caller holds the lock.
func (s *Slack) touch() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// next is a number that was never used before. The caller holds the lock.
func (s *Slack) next() int64 {
	s.serial++
	return s.serial
}

// id is an id as Slack's look: a letter, then capitals and digits. The caller
// holds the lock.
func (s *Slack) id(prefix string) string { return fmt.Sprintf("%s0STANDIN%03d", prefix, s.next()) }

// stamp is the ts of a new message, which no other message has. The caller
// holds the lock.
func (s *Slack) stamp() string {
	s.lastTS = max(s.lastTS+1, s.now().UnixMicro())
	return fmt.Sprintf("%d.%06d", s.lastTS/1e6, s.lastTS%1e6)
}
