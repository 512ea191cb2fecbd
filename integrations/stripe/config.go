package stripe

// Config is the stripe section of passhook.yaml.
type Config struct {
	WebhookSecrets []string `yaml:"webhook_secrets" jsonschema:"description=Signing secrets of the webhook endpoints; any of them may have signed."`
	APIKeys        []string `yaml:"api_keys" jsonschema:"description=Restricted keys with read access. At most one live and one test key."`
	APIURL         string   `yaml:"api_url,omitempty" jsonschema:"description=Default: https://api.stripe.com"`
	Mode           string   `yaml:"mode,omitempty" jsonschema:"enum=live,enum=test,enum=both,description=Which events are worked on. Default: what the keys say."`
	TestRecipient  string   `yaml:"test_recipient,omitempty" jsonschema:"description=With mode both: the only address that test events are sent to."`
	Since          string   `yaml:"since,omitempty" jsonschema:"description=A date as 2026-11-01. Events before it are never fetched by themselves. Default: the first start."`
}
