package hooks

import (
	"github.com/passhook/passhook/bot"
)

// Config is one hook, an entry of the hooks section of passhook.yaml. Its name is
// permanent: it is part of what makes a pass unique.
type Config struct {
	Preset        string        `yaml:"preset,omitempty" jsonschema_description:"A sender that passhook knows: it brings verify, id, type, time, live, refs and samples. What stands beside it counts more."`
	Secrets       bot.OneOrMany `yaml:"secrets,omitempty" jsonschema_description:"With a preset: the sender's secret, or a list of which any counts."`
	Token         bot.OneOrMany `yaml:"token,omitempty" jsonschema_description:"With a preset whose events are fetched: the sender's API token."`
	Account       bot.OneOrMany `yaml:"account,omitempty" jsonschema_description:"With a preset: whose events are taken, by the sender's id of the account. Gumroad's seller_id."`
	Verify        *Verify       `yaml:"verify,omitempty" jsonschema_description:"How requests are known to be the sender's. none must be written out."`
	ID            bot.Text      `yaml:"id,omitempty" jsonschema_description:"The event's id. Default: the header Idempotency-Key, then webhook-id; else each request is an event of its own."`
	Type          bot.Text      `yaml:"type,omitempty" jsonschema_description:"What happened; rules are on hooks.NAME.TYPE. Default: received"`
	Time          bot.Text      `yaml:"time,omitempty" jsonschema_description:"When it happened: RFC 3339, or Unix seconds or milliseconds. Default: when it arrived."`
	Live          bot.Text      `yaml:"live,omitempty" jsonschema_description:"false for a test. Default: true"`
	Refs          []bot.Text    `yaml:"refs,omitempty" jsonschema_description:"Ids by which later events of this hook find the passes of this one. A ref names an order, not a show."`
	Rate          string        `yaml:"rate,omitempty" jsonschema_description:"How many requests are taken: 50/s, 600/m or 1000/h. Default: 50/s"`
	TestRecipient string        `yaml:"test_recipient,omitempty" jsonschema_description:"The only mail address that test events are sent to. Default: they are recorded and not worked on."`
}

// Verify is how requests are known to be the sender's: one of its ways. In the
// file, none is written verify: none.
type Verify struct {
	None   bool          `yaml:"none,omitempty" jsonschema_description:"true: whoever knows the address is let in."`
	Bearer bot.OneOrMany `yaml:"bearer,omitempty" jsonschema_description:"The token in Authorization: Bearer TOKEN, or a list of which any counts."`
	Basic  *Basic        `yaml:"basic,omitempty" jsonschema_description:"The login in Authorization: Basic."`
	Header string        `yaml:"header,omitempty" jsonschema_description:"A header that carries a secret, with equals."`
	Equals bot.OneOrMany `yaml:"equals,omitempty" jsonschema_description:"What that header is, or a list of which any counts."`
	HMAC   *HMAC         `yaml:"hmac,omitempty" jsonschema_description:"A signature over the body."`
	Path   bot.OneOrMany `yaml:"path,omitempty" jsonschema_description:"The secret at the end of the address, /hooks/NAME/SECRET, or a list of which any counts."`
}

// Basic is a login.
type Basic struct {
	Username string        `yaml:"username" jsonschema_description:"The name."`
	Password bot.OneOrMany `yaml:"password" jsonschema_description:"The password, or a list of which any counts."`
}

// HMAC is how the sender signs, as integrations.Scheme says it.
type HMAC struct {
	Header         string        `yaml:"header" jsonschema_description:"The header with the signature."`
	Secrets        bot.OneOrMany `yaml:"secrets,omitempty" jsonschema_description:"The signing secret, or a list of which any counts."`
	Algorithm      string        `yaml:"algorithm,omitempty" jsonschema:"enum=sha256,enum=sha512,enum=sha1,enum=ed25519" jsonschema_description:"Default: sha256. With ed25519 the secrets are public keys."`
	Encoding       string        `yaml:"encoding,omitempty" jsonschema:"enum=hex,enum=base64,enum=base64url" jsonschema_description:"How the signature is written. Default: hex"`
	Prefix         string        `yaml:"prefix,omitempty" jsonschema_description:"What begins the signature, as sha256= or v1="`
	Separator      string        `yaml:"separator,omitempty" jsonschema_description:"What stands between several entries of the header, as a comma."`
	TimePrefix     string        `yaml:"time_prefix,omitempty" jsonschema_description:"What begins the entry of the header that is the time, as t="`
	TimeHeader     string        `yaml:"time_header,omitempty" jsonschema_description:"Or the header that is the time."`
	TimeFormat     string        `yaml:"time_format,omitempty" jsonschema:"enum=unix,enum=millis,enum=rfc3339" jsonschema_description:"How the time is written. Default: unix"`
	Tolerance      string        `yaml:"tolerance,omitempty" jsonschema_description:"How far the time may be from ours, as 3m. Default: 5m"`
	IDHeader       string        `yaml:"id_header,omitempty" jsonschema_description:"The header with the request's id, where it is signed."`
	Signed         string        `yaml:"signed,omitempty" jsonschema_description:"What is signed, of {body}, {timestamp} and {id}. Default: {body}"`
	SecretPrefix   string        `yaml:"secret_prefix,omitempty" jsonschema_description:"What begins each secret, as whsec_"`
	SecretEncoding string        `yaml:"secret_encoding,omitempty" jsonschema:"enum=hex,enum=base64,enum=base64url" jsonschema_description:"How the key is written in the secret. Default: the secret is the key."`
}

// SourceName is the source of a hook's events.
func SourceName(name string) string { return "hooks." + name }
