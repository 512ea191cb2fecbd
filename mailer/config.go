package mailer

import (
	"crypto"
	"crypto/rsa"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/passhook/passhook/problems"
	gomail "github.com/wneessen/go-mail"
)

// Config is the mail section of passhook.yaml.
type Config struct {
	From     string `yaml:"from" jsonschema:"description=Sender of every mail as Name <address>."`
	ReplyTo  string `yaml:"reply_to,omitempty" jsonschema:"description=Where answers go. Default: the sender."`
	SMTP     string `yaml:"smtp" jsonschema:"description=The mail server: smtp://HOST:587 requires STARTTLS; smtps://HOST:465 is TLS from the first byte; smtp+insecure://127.0.0.1:PORT is for loopback only."`
	Username string `yaml:"username,omitempty" jsonschema:"description=Login of the mail server. It may stand URL-encoded in the address instead."`
	Password string `yaml:"password,omitempty" jsonschema:"description=Password of the mail server. It may stand URL-encoded in the address instead."`
	DKIM     *DKIM  `yaml:"dkim,omitempty"`
	Attach   *bool  `yaml:"attach,omitempty" jsonschema:"description=false: mails carry links alone. Default: true."`
}

// DKIM signs outgoing mail (RFC 6376), for servers that do not do it themselves.
type DKIM struct {
	Domain   string `yaml:"domain" jsonschema:"description=The domain that signs; normally the sender's."`
	Selector string `yaml:"selector" jsonschema:"description=The public key is the TXT record SELECTOR._domainkey.DOMAIN."`
	Key      string `yaml:"key" jsonschema:"description=The private key as PEM; usually file:PATH."`
}

// schemes are the three ways to talk to a mail server and their default ports.
var schemes = map[string]string{"smtp": "587", "smtps": "465", "smtp+insecure": "25"}

// hostName is a DNS name in its ASCII form.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$`)

// settings is a Config that was checked.
type settings struct {
	from               *mail.Address
	replyTo            *mail.Address // nil: the sender
	scheme, host, port string
	username, password string
	dkim               DKIM
	dkimKey            crypto.Signer // nil: unsigned
	attach             bool
}

// address is the HOST:PORT of the mail server.
func (s settings) address() string { return net.JoinHostPort(s.host, s.port) }

// domain is what stands behind the @ of the sender.
func (s settings) domain() string { return domainOf(s.from.Address) }

// Check tells what is wrong with the section, at the paths of its keys. It
// dials nothing.
func (c Config) Check() problems.List {
	_, list := c.settings()
	return list
}

func (c Config) settings() (settings, problems.List) {
	s := settings{attach: c.Attach == nil || *c.Attach}
	var list problems.List
	s.from, list = sender("from", c.From)
	if c.ReplyTo != "" {
		var more problems.List
		s.replyTo, more = sender("reply_to", c.ReplyTo)
		list = append(list, more...)
	}
	list = append(list, s.server(c)...)
	if c.DKIM != nil {
		list = append(list, s.signer(*c.DKIM)...)
	}
	return s, list
}

// sender reads one of our own addresses, which may carry a name.
func sender(path, value string) (*mail.Address, problems.List) {
	if value == "" {
		return nil, problems.List{problems.At(path, "is missing; write the sender of the mails, as Hall One <tickets@example.com>")}
	}
	if many, err := mail.ParseAddressList(value); err == nil && len(many) > 1 {
		return nil, problems.List{problems.At(path, "has %d addresses; write one", len(many))}
	}
	a, err := parseAddress(value)
	if err != nil {
		return nil, problems.List{problems.At(path, "%v; write it as Hall One <tickets@example.com>", err)}
	}
	if !isASCII(a.Address) {
		return nil, problems.List{problems.At(path, "has letters beyond ASCII in the address; use an ASCII address, and the xn-- form of its domain")}
	}
	a.Name = line(a.Name, maxName)
	return a, nil
}

// server reads the address of the mail server and the login. A complaint
// never repeats the address, which may hold the password.
func (s *settings) server(c Config) problems.List {
	if c.SMTP == "" {
		return problems.List{problems.At("smtp", "is missing; write the address of the mail server, as smtp://mail.example.com:587")}
	}
	u, err := url.Parse(c.SMTP)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return problems.List{problems.At("smtp", "is not an address like smtp://HOST:587; special characters in a login must be URL-encoded there (@ is %%40, # is %%23, / is %%2F), or put the login into username and password")}
	}
	defaultPort, ok := schemes[u.Scheme]
	if !ok {
		return problems.List{problems.At("smtp", "has the unknown scheme %q; use smtp:// (STARTTLS, port 587), smtps:// (TLS, port 465) or smtp+insecure:// (loopback only)", u.Scheme)}
	}
	s.scheme, s.host, s.port = u.Scheme, u.Hostname(), u.Port()
	if s.port == "" {
		s.port = defaultPort
	}
	var list problems.List
	if _, err := netip.ParseAddr(s.host); err != nil && !hostName.MatchString(s.host) {
		list = append(list, problems.At("smtp", "names no host %q; use a DNS name or an IP address", s.host))
	}
	if n, err := strconv.ParseUint(s.port, 10, 16); err != nil || n == 0 {
		list = append(list, problems.At("smtp", "has the port %s; use 1 to 65535", s.port))
	}
	list = append(list, s.transport()...)
	return append(list, s.login(c, u.User)...)
}

// transport checks the scheme against host and port.
func (s *settings) transport() problems.List {
	switch {
	case s.scheme == "smtp+insecure" && !loopback(s.host):
		return problems.List{problems.At("smtp", "would send logins and passes in the clear; smtp+insecure:// is for 127.0.0.1, ::1 and localhost only, use smtp:// or smtps://")}
	case s.scheme == "smtp" && slices.Contains([]string{"465", "2465"}, s.port):
		return problems.List{problems.Warn("smtp", "port %s usually speaks TLS from the first byte; use smtps://", s.port)}
	case s.scheme == "smtps" && slices.Contains([]string{"25", "587", "2525", "2587"}, s.port):
		return problems.List{problems.Warn("smtp", "port %s usually begins in the clear and asks for STARTTLS; use smtp://", s.port)}
	}
	return nil
}

// login takes name and password from the address or from their own keys.
func (s *settings) login(c Config, inAddress *url.Userinfo) problems.List {
	s.username, s.password = c.Username, c.Password
	if inAddress != nil {
		if c.Username != "" || c.Password != "" {
			path := "username"
			if c.Username == "" {
				path = "password"
			}
			return problems.List{problems.At(path, "the login stands here and in the address of smtp; keep one of them")}
		}
		s.username = inAddress.Username()
		s.password, _ = inAddress.Password()
	}
	switch {
	case s.username != "" && s.password == "":
		return problems.List{problems.At("password", "is missing; a username is given")}
	case s.username == "" && s.password != "":
		return problems.List{problems.At("username", "is missing; a password is given")}
	}
	return nil
}

// signer reads the DKIM key: RSA of at least 1024 bits (RFC 8301) or Ed25519
// (RFC 8463).
func (s *settings) signer(d DKIM) problems.List {
	var list problems.List
	if !hostName.MatchString(d.Domain) {
		list = append(list, problems.At("dkim.domain", "%q is no domain; write the one that signs, as example.com", d.Domain))
	}
	if !hostName.MatchString(d.Selector) {
		list = append(list, problems.At("dkim.selector", "%q is no selector; write the part before ._domainkey of your DNS record", d.Selector))
	}
	key, err := gomail.PrivKeyFromPEM([]byte(d.Key))
	if err != nil {
		return append(list, problems.At("dkim.key", "is no private key in PEM (%v); make one with: openssl genrsa -out dkim.pem 2048", err))
	}
	if r, ok := key.(*rsa.PrivateKey); ok {
		switch bits := r.N.BitLen(); {
		case bits < 1024:
			list = append(list, problems.At("dkim.key", "has %d bits, which receivers refuse; make one of 2048", bits))
		case bits < 2048:
			list = append(list, problems.Warn("dkim.key", "has %d bits; make one of 2048", bits))
		}
	}
	if s.from != nil && !within(s.domain(), d.Domain) {
		list = append(list, problems.Warn("dkim.domain", "%s is not the sender's domain %s; receivers see the mail as signed by somebody else", d.Domain, s.domain()))
	}
	s.dkim, s.dkimKey = d, key
	return list
}

// loopback reports whether host never leaves this machine.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

// within reports whether domain is parent or lies below it.
func within(domain, parent string) bool {
	domain, parent = strings.ToLower(domain), strings.ToLower(parent)
	return domain == parent || strings.HasSuffix(domain, "."+parent)
}
