package slack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/slack-go/slack"

	"github.com/passhook/passhook/integrations"
)

// never are errors of Slack that trying again does not help, in words for the
// person who wants to send something.
// https://docs.slack.dev/reference/methods/chat.postMessage#errors
var never = map[string]string{
	"channel_not_found":                   "there is no such channel, or the app is not in it; invite it there with /invite",
	"not_in_channel":                      "the app is not in this channel; invite it there with /invite",
	"is_archived":                         "this channel is archived",
	"user_not_found":                      "there is no such person in this workspace",
	"users_not_found":                     "nobody in this workspace has this mail address",
	"user_not_visible":                    "this person cannot be seen from this workspace",
	"user_disabled":                       "this person's account is no longer active",
	"messages_tab_disabled":               "the app may not write to people; turn its Messages Tab on under App Home",
	"cannot_dm_bot":                       "this is a bot, which gets no passes",
	"restricted_action":                   "the workspace does not let the app write to this channel",
	"restricted_action_read_only_channel": "the workspace does not let the app write to this channel",
	"invalid_blocks":                      "Slack refuses the message's form; please report it",
	"invalid_blocks_format":               "Slack refuses the message's form; please report it",
	"msg_too_long":                        "the message is too long for Slack",
	"msg_blocks_too_long":                 "the message is too long for Slack",
	"no_text":                             "Slack refuses the message as empty; please report it",
	"invalid_arguments":                   "Slack refuses the request; please report it",
	"expired_url":                         "too late: Slack takes answers for half an hour",
	"used_url":                            "too many answers: Slack takes five",
	"no_such_subteam":                     "there is no such user group",
	"expired_trigger_id":                  "it took too long; type the command again",
	"trigger_expired":                     "it took too long; type the command again",
	"trigger_exchanged":                   "the form was opened already",
	"message_not_found":                   "the message is gone",
	"cant_update_message":                 "the message can no longer be changed",
	"edit_window_closed":                  "the message can no longer be changed",
}

// blocked are those that the operator has to do something about.
var blocked = map[string]string{
	"token_revoked":      "the token was revoked; install the app again and put its new token into slack.bot_token",
	"token_expired":      "the token has expired; install the app again and put its new token into slack.bot_token",
	"invalid_auth":       "Slack does not know the token; put the app's own into slack.bot_token",
	"not_authed":         "there is no token; put the app's into slack.bot_token",
	"account_inactive":   "the app was removed or its workspace deleted; install the app again and put its new token into slack.bot_token",
	"missing_scope":      "the app lacks a scope; make it anew from passhook slack manifest, or add the scope, and install it again",
	"no_permission":      "the app lacks a permission; make it anew from passhook slack manifest and install it again",
	"org_login_required": "the workspace is being moved; it is tried again by itself",
	"access_denied":      "Slack denies the app access; look at its installation",
}

// sorted says what an error of Slack's API means for who waits on it.
func sorted(err error) error {
	if err == nil {
		return nil
	}
	var limited *slack.RateLimitedError
	if errors.As(err, &limited) {
		// Slack says when; that it was asked too early is no failure of the message.
		return integrations.Turn(limited.RetryAfter, errLimited)
	}
	var refused slack.SlackErrorResponse
	if errors.As(err, &refused) {
		return refusal(refused)
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) {
		if status.Code >= 500 {
			return integrations.Unavailable(fmt.Errorf("Slack answered with status %d", status.Code)) //nolint:staticcheck // a name
		}
		return integrations.Never(fmt.Errorf("Slack answered with status %d", status.Code)) //nolint:staticcheck // a name
	}
	return network(err)
}

// refusal is an error that Slack names.
func refusal(r slack.SlackErrorResponse) error {
	if text := blocked[r.Err]; text != "" {
		if r.Needed != "" {
			text += " (it needs " + r.Needed + ")"
		}
		return integrations.Blocked(fmt.Errorf("%s (%s)", text, r.Err))
	}
	if text := never[r.Err]; text != "" {
		return integrations.Never(fmt.Errorf("%s (%s)", text, r.Err))
	}
	switch r.Err {
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return integrations.After(limitedFor, errLimited)
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org":
		return integrations.Unavailable(fmt.Errorf("Slack is out of order (%s)", r.Err)) //nolint:staticcheck // a name
	}
	return fmt.Errorf("Slack refuses it (%s)", r.Err) //nolint:staticcheck // a name
}

var errLimited = errors.New("too much was sent to Slack; it takes more later")

// limitedFor is for limits that name no time.
const limitedFor = 30 * time.Second

// network is an error of the way to Slack.
func network(err error) error {
	var op *net.OpError
	var name *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &name), errors.As(err, &op) && op.Op == "dial":
		return integrations.Unavailable(errors.New("Slack cannot be reached")) //nolint:staticcheck // a name
	}
	return errNoAnswer
}

// errNoAnswer is of a request that Slack may have taken.
var errNoAnswer = errors.New("Slack did not answer") //nolint:staticcheck // a name
