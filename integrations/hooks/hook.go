package hooks

import (
	"cmp"
	"fmt"
	"net/mail"
	"regexp"
	"strings"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/problems"
)

// Hook is one hook, compiled and checked. It is safe for concurrent use.
type Hook struct {
	// Name is the one in the config.
	Name   string
	config Config
	// preset is empty where the hook has none.
	preset   preset
	verifier *integrations.Verifier
	sign     signer
	// inPath is true where the secret is in the path.
	inPath bool
	// idHeader is the header with the request's id, where that is signed.
	idHeader string
	// hidden are headers that rules do not read, in lower case.
	hidden []string
	rate   integrations.Rate

	id, kind, time, live, account *expressions.Text
	refs                          []*expressions.Text
	address                       *expressions.Text
	fetch                         fetch
	// data are samples, by type.
	data map[string]any
}

var hookName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// compiler is one Compile.
type compiler struct {
	*Hook
	scope expressions.Scope
	found problems.List
}

func (c *compiler) problem(path, format string, args ...any) {
	c.found = append(c.found, problems.At(path, format, args...))
}

func (c *compiler) warn(path, format string, args ...any) {
	c.found = append(c.found, problems.Warn(path, format, args...))
}

// Compile checks a hook. Paths of problems begin inside it. Where there are
// errors, the Hook knows its types, and takes nothing in.
func Compile(name string, config Config, s expressions.Settings) (*Hook, problems.List) {
	c := &compiler{Hook: &Hook{Name: name, config: config, fetch: get}}
	if !hookName.MatchString(name) {
		c.problem("", "a hook's name may have a to z, 0 to 9, - and _ only, at most 64")
	}
	c.findPreset()
	c.verify()
	c.compile(s)
	c.limits()
	if c.found.Err() != nil {
		c.verifier = nil
	}
	return c.Hook, c.found
}

// Usable is false where Compile found errors.
func (h *Hook) Usable() bool { return h.verifier != nil }

func (c *compiler) findPreset() {
	name := c.config.Preset
	if name == "" {
		return
	}
	p, ok, err := findPreset(name)
	switch {
	case err != nil:
		c.problem("preset", "%v", err)
	case ok:
		if c.data, err = p.data(); err != nil {
			c.problem("preset", "%s: %v", name, err)
		}
		c.preset = *p
	default:
		near := "."
		if n := problems.Nearest(name, Presets()); n != "" {
			near = "; did you mean " + n + "?"
		}
		c.problem("preset", "there is no preset %s%s There is %s", name, near, strings.Join(Presets(), ", "))
	}
}

// compile compiles the expressions: the config's, or the preset's where it has
// none.
func (c *compiler) compile(s expressions.Settings) {
	c.scope = expressions.NewScope(s).With("data", c.samples()...).With("headers")
	c.id = c.text("id", c.config.ID, c.preset.ID)
	c.kind = c.text("type", c.config.Type, c.preset.Type)
	c.time = c.text("time", c.config.Time, c.preset.Time)
	c.live = c.text("live", c.config.Live, c.preset.Live)
	c.account = c.text("account", "", c.preset.Account)
	c.address = c.text("preset", "", c.preset.Fetch.Address)
	for i, ref := range c.config.Refs {
		c.refs = append(c.refs, c.text(fmt.Sprintf("refs[%d]", i), ref, ""))
	}
	if c.config.Refs == nil {
		for _, ref := range c.preset.Refs {
			c.refs = append(c.refs, c.text("preset", "", ref))
		}
	}
}

// samples are what data may be, before and after something is fetched.
func (c *compiler) samples() []any {
	if c.preset.AnyMember {
		return nil
	}
	var out []any
	for _, v := range c.data {
		out = append(out, v)
	}
	for _, s := range c.preset.Samples {
		if s.Fetched == "" {
			continue
		}
		filled := s.fill("1", sampleTime)
		if objects, _, err := readBody(filled.header(), []byte(filled.Body), c.preset.Form); err == nil {
			out = append(out, objects[0].value)
		}
	}
	return out
}

// text compiles what the config says, else the preset; nil where neither does.
func (c *compiler) text(path string, own, byPreset bot.Text) *expressions.Text {
	src := string(cmp.Or(own, byPreset))
	if src == "" {
		return nil
	}
	t, err := c.scope.CompileText(src)
	if err == nil {
		return t
	}
	if own == "" {
		path = "preset"
	}
	p := problems.At(path, "%v", err)
	if e, ok := err.(*expressions.Error); ok && own != "" { //nolint:errorlint // CompileText documents this type.
		p.Line, p.Column = e.Line, e.Column
	}
	c.found = append(c.found, p)
	return nil
}

// defaultRate is the rate of a hook that has none.
const defaultRate = "50/s"

// limits checks what is left.
func (c *compiler) limits() {
	var err error
	if c.rate, err = integrations.ParseRate(cmp.Or(c.config.Rate, defaultRate)); err != nil {
		c.problem("rate", "%v", err)
	}
	if to := c.config.TestRecipient; to != "" {
		if _, err := mail.ParseAddress(to); err != nil {
			c.problem("test_recipient", "is not a mail address")
		}
	}
	switch {
	case c.preset.Accounts != "" && len(c.config.Account) == 0:
		c.problem("account", "is missing; nothing is signed, so name whose events are taken: %s", c.preset.Accounts)
	case c.account == nil && len(c.config.Account) > 0:
		c.problem("account", "belongs to presets that say whose event it is; remove it")
	}
	for i, a := range c.config.Account {
		if strings.TrimSpace(a) == "" {
			c.problem(fmt.Sprintf("account[%d]", i), "is empty")
		}
	}
	switch {
	case c.preset.Fetch.From != "" && len(c.config.Token) == 0:
		c.problem("token", "is missing; events are fetched with it: %s", c.preset.Fetch.Token)
	case c.preset.Fetch.From == "" && len(c.config.Token) > 0:
		c.problem("token", "belongs to presets whose events are fetched; remove it, or write verify: {bearer: …}")
	}
	for i, t := range c.config.Token {
		c.secret(fmt.Sprintf("token[%d]", i), t, 1)
	}
	unknown := c.config.Preset != "" && c.preset.Site == ""
	if c.id == nil && c.config.ID == "" && !unknown && !c.signsID() {
		c.warn("", "has no id, so a request that is sent again is another event and issues another pass, unless the sender sends Idempotency-Key or webhook-id; add id, as id: ${{ data.id }}")
	}
}

// signsID reports whether the sender gives each request an id that it signs.
func (c *compiler) signsID() bool {
	own := c.config.Verify
	if own != nil {
		return own.HMAC != nil && own.HMAC.IDHeader != ""
	}
	for _, s := range c.preset.Verify.HMAC {
		if s.IDHeader != "" {
			return true
		}
	}
	return false
}
