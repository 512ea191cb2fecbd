package config

import (
	"fmt"
	"maps"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // Small images have no time zones of their own.
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/integrations/hooks"
	"github.com/passhook/passhook/integrations/slack"
	"github.com/passhook/passhook/integrations/webhooks"
)

// minSecret is how many characters a secret has at least.
const minSecret = 32

// check sets the defaults and says which values are wrong. What belongs to a
// section that the caller does not use is dropped by report and add.
func (l *loader) check() {
	c := l.config
	l.checkURL()
	l.checkListen()
	l.checkStore()
	l.checkSecret()
	l.checkLocale()
	l.checkProxies()
	l.checkTemplates()
	if c.Operator.Email != "" {
		if _, err := mail.ParseAddress(c.Operator.Email); err != nil {
			l.report("operator.email", "is not a mail address; write it as me@example.com")
		}
	}
	l.checkOperatorSlack()
	if len(c.Signing) == 0 {
		l.report("signing", "is missing; name the certificate from Apple that signs the passes, as the README says under Go live")
	}
	if c.Mail != nil {
		l.add(c.Mail.Check().Under("mail")...)
	}
	if c.Stripe != nil {
		l.add(c.Stripe.Check().Under("stripe")...)
	}
	if c.Slack != nil {
		l.add(c.Slack.Check().Under("slack")...)
	}
	if c.API != nil {
		l.add(c.API.Check().Under("api")...)
	}
	if c.Push != nil {
		l.add(c.Push.Check().Under("push")...)
	}
	l.add(webhooks.Check(c.Webhooks).Under("webhooks")...)
	l.checkHooks()
	l.checkRules()
}

// checkURL brings the public address into the form https://host[:port].
func (l *loader) checkURL() {
	c := l.config
	if c.URL == "" {
		if l.uses(Server) {
			l.report("url", "is missing; write the public address, such as https://tickets.example.com")
		}
		return
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		l.report("url", "is not an address; write it as https://tickets.example.com")
		return
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		l.report("url", "must be the address of a host and nothing more; write it as https://tickets.example.com")
		return
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		l.report("url", "must begin with https://; http:// is for loopback addresses only, such as http://127.0.0.1:8080")
		return
	}
	c.URL = u.Scheme + "://" + u.Host
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

func (l *loader) checkStore() {
	c := l.config
	switch dir := l.env.get("DATA_DIR"); {
	case dir != "":
		c.Data = c.resolve(dir)
	case c.Data != "":
		c.Data = c.resolve(c.Data)
	default:
		c.Data = c.resolve("data")
	}
	if c.Database != "" {
		u, err := url.Parse(c.Database)
		if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
			l.report("database", "is not the address of a PostgreSQL; write it as postgres://user:password@host/name, or leave it out for SQLite")
		}
		return
	}
	if l.env.get("FLY_APP_NAME") != "" && onRootDevice(c.Data) {
		l.report("data", "is not on a volume, so Fly would lose all passes with the next deploy; mount a volume in fly.toml and set DATA_DIR to a folder on it")
	}
}

func (l *loader) checkSecret() {
	secret := l.config.Secret
	if len(secret) == 0 {
		l.report("secret", "is missing; make one with: openssl rand -base64 32")
	}
	_, node, _ := l.config.doc.find("secret")
	for i, s := range secret {
		path := "secret"
		if len(target(node).Content) > 0 {
			path = item(path, i)
		}
		if utf8.RuneCountInString(strings.TrimSpace(s)) < minSecret {
			l.report(path, "must have at least %d characters; make one with: openssl rand -base64 32", minSecret)
		}
	}
}

func (l *loader) checkLocale() {
	c := l.config
	c.Timezone = orDefault(c.Timezone, "UTC")
	location, err := time.LoadLocation(c.Timezone)
	if err != nil || c.Timezone == "Local" {
		l.report("timezone", "is not the name of a time zone; write it as Europe/Berlin")
		location = time.UTC
	}
	c.Location = location
	c.Locale = orDefault(c.Locale, "en")
	c.Language, err = language.Parse(c.Locale)
	if err != nil {
		l.report("locale", "is not the name of a language; write it as de or en-GB")
	}
}

func (l *loader) checkProxies() {
	c := l.config
	for i, s := range c.TrustedProxies {
		network, err := netip.ParsePrefix(s)
		if ip, ipErr := netip.ParseAddr(s); ipErr == nil {
			network, err = netip.PrefixFrom(ip.WithZone(""), ip.BitLen()), nil
		}
		if err != nil {
			l.report(item("trusted_proxies", i), "is not an address or a network; write it as 10.0.0.1 or 10.0.0.0/8")
			continue
		}
		c.Proxies = append(c.Proxies, network.Masked())
	}
}

func (l *loader) checkTemplates() {
	c := l.config
	given := c.Templates
	c.Templates = c.resolve(orDefault(given, "templates"))
	switch info, err := os.Stat(c.Templates); {
	case err == nil && info.IsDir():
	case err == nil:
		l.report("templates", "is a file; name the folder that holds the templates")
	case given == "":
		l.report("templates", "there is no folder templates beside %s; make it, or name another with templates", c.File)
	default:
		l.report("templates", "there is no such folder; the path starts at the folder of %s", c.File)
	}
}

// checkHooks has every hook compiled, which is done again where it is used.
func (l *loader) checkHooks() {
	c := l.config
	for _, name := range slices.Sorted(maps.Keys(c.Hooks)) {
		hook := c.Hooks[name]
		_, found := hooks.Compile(name, hook, expressions.Settings{Location: c.Location, Locale: c.Locale})
		l.add(found.Under("hooks." + name)...)
		if _, err := mail.ParseAddress(hook.TestRecipient); err == nil && c.Mail == nil && l.uses(Mail) {
			l.report("hooks."+name+".test_recipient", "needs the mail section, which is missing; add mail with from and smtp")
		}
	}
}

// checkRules looks at what rules have in common with other sections; the rules
// themselves are checked when they are compiled.
func (l *loader) checkRules() {
	c := l.config
	for i := range c.Rules {
		r := &c.Rules[i]
		if r.Sample != "" {
			r.Sample = c.resolve(r.Sample)
		}
		for j, line := range r.Deliver {
			l.checkChannels(fmt.Sprintf("rules[%d].deliver[%d]", i, j), line)
		}
		for j, line := range r.Notify {
			l.checkChannels(fmt.Sprintf("rules[%d].notify[%d]", i, j), line)
		}
	}
}

// checkChannels wants the sections of the channels that a line of a rule names.
func (l *loader) checkChannels(at string, line map[string]bot.Text) {
	if _, ok := line[integrations.ChannelEmail]; ok && l.config.Mail == nil && l.uses(Mail) {
		l.report(at+".email", "needs the mail section, which is missing; add mail with from and smtp")
	}
	if _, ok := line[integrations.ChannelSlack]; ok && l.config.Slack == nil && l.uses(Slack) {
		l.report(at+".slack", "needs the slack section, which is missing; docs/slack.md says how to make the app")
	}
}

func (l *loader) checkOperatorSlack() {
	to := l.config.Operator.Slack
	if to == "" {
		return
	}
	if err := slack.CheckRecipient(to); err != nil {
		l.report("operator.slack", "%v", err)
	}
	if l.config.Slack == nil && l.uses(Slack) {
		l.report("operator.slack", "needs the slack section, which is missing; docs/slack.md says how to make the app")
	}
}

func orDefault(s, byDefault string) string {
	if s == "" {
		return byDefault
	}
	return s
}
