package slack

import "github.com/passhook/passhook/integrations"

// scheme is how Slack signs requests.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
var scheme = integrations.Scheme{
	Header: "X-Slack-Signature", Prefix: "v0=", TimeHeader: "X-Slack-Request-Timestamp", Signed: "v0:{timestamp}:{body}",
}
