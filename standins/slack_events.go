package standins

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// slackRetries are how often Slack sends an event again: at once, after a
// minute and after five. Here nobody waits in between.
// https://docs.slack.dev/apis/events-api#retries
const slackRetries = 3

// Event is something that happened in the workspace and that the app has
// subscribed to, sent until it is acknowledged. The replies are those of all
// tries.
func (s *Slack) Event(ctx context.Context, event map[string]any) []SlackReply {
	s.mu.Lock()
	w := s.opts.Workspace
	payload := map[string]any{
		"token": "deprecated", "team_id": w.TeamID, "api_app_id": s.opts.App.ID, "type": "event_callback", "event": event,
		"event_id": fmt.Sprintf("Ev%08d", s.next()), "event_time": s.now().Unix(), "is_ext_shared_channel": false,
		"authorizations": []any{map[string]any{"enterprise_id": nil, "team_id": w.TeamID, "user_id": w.BotUser, "is_bot": true, "is_enterprise_install": false}},
	}
	e := slackEnvelope{kind: "events_api", url: s.opts.App.Events, contentType: "application/json", payload: payload}
	s.mu.Unlock()
	var err error
	if e.body, err = json.Marshal(payload); err != nil {
		return []SlackReply{{Failure: err.Error()}}
	}
	var replies []SlackReply
	for try := range slackRetries + 1 {
		if e.attempt = try; try > 0 {
			e.reason = retryReason(replies[try-1])
		}
		reply := s.deliver(ctx, e)
		replies = append(replies, reply)
		if reply.Failure == "" || ctx.Err() != nil {
			break
		}
	}
	return replies
}

func retryReason(reply SlackReply) string {
	switch {
	case reply.Failure == SlackTimeout:
		return "http_timeout"
	case reply.Status != 0:
		return "http_error"
	}
	return "connection_failed"
}

// VerifyURL is the challenge by which Slack makes sure that the Request URL for
// events is the app's: true where it was answered.
// https://docs.slack.dev/reference/events/url_verification
func (s *Slack) VerifyURL(ctx context.Context) bool {
	s.mu.Lock()
	challenge, url := fmt.Sprintf("%032x", s.next()*0x9e3779b9), s.opts.App.Events
	s.mu.Unlock()
	body := []byte(`{"token":"deprecated","challenge":"` + challenge + `","type":"url_verification"}`)
	reply := s.post(ctx, SlackRequest{URL: url, Header: s.signed("application/json", body), Body: body})
	var answer struct {
		Challenge string `json:"challenge"`
	}
	_ = json.Unmarshal(reply.Body, &answer) // a bare challenge is an answer as well
	return reply.Status == http.StatusOK && (answer.Challenge == challenge || string(reply.Body) == challenge)
}

// retried are the headers of a repeated event.
func (e slackEnvelope) retried(h http.Header) http.Header {
	if e.attempt > 0 {
		h.Set("X-Slack-Retry-Num", strconv.Itoa(e.attempt))
		h.Set("X-Slack-Retry-Reason", e.reason)
	}
	return h
}
