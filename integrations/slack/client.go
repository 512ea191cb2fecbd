package slack

import (
	"net/http"
	"time"

	"github.com/slack-go/slack"
)

// timeout is how long Slack may take to answer: whoever hangs up earlier posts a
// message again that was only slow.
const timeout = 30 * time.Second

// Client speaks Slack's Web API.
type Client struct {
	api  *slack.Client
	http *http.Client
}

// NewClient makes one. It asks nothing yet.
func NewClient(c Config) *Client {
	client := &http.Client{Timeout: timeout}
	options := []slack.Option{slack.OptionAPIURL(c.apiURL()), slack.OptionHTTPClient(client)}
	if c.AppToken != "" {
		options = append(options, slack.OptionAppLevelToken(c.AppToken))
	}
	return &Client{api: slack.New(c.BotToken, options...), http: client}
}
