package standins

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// slackAckTime is how long an app may take.
// https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
const slackAckTime = 3 * time.Second

// What a user is told where an app did not do its part. Slack documents the
// first; the others are what people report.
const (
	SlackTimeout    = "operation_timeout"
	SlackDispatch   = "dispatch_failed"
	SlackBadCommand = "invalid_command_response"
)

// SlackRequest is a request as it was sent to the app.
type SlackRequest struct {
	URL    string
	Header http.Header
	Body   []byte
}

// SlackReply is what an app made of a request, and what its user sees of that.
type SlackReply struct {
	// Request is empty over Socket Mode.
	Request SlackRequest
	// Status and Body are the acknowledgement; over Socket Mode Status is 200
	// and Body the payload of it.
	Status int
	Body   []byte
	// JSON is true where the Content-Type says so. Slack takes any other answer
	// for text.
	JSON bool
	Took time.Duration
	// Failure is what the user is told went wrong: SlackTimeout and the like.
	Failure string
	// Message is what the acknowledgement itself shows, or nil.
	Message *SlackMessage
	// Unsent is true where the client held back what was entered.
	Unsent bool
	// Errors are what a submitted view shows at its inputs, by block_id.
	Errors map[string]string
	// TriggerID and ResponseURL are what the app was handed.
	TriggerID, ResponseURL string
	// Opened is the address that a link button opens.
	Opened string
	// Options are the suggestions for an external_select.
	Options []SlackBlock
}

// SignSlack is the signature of a body, as in X-Slack-Signature.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
func SignSlack(body []byte, secret string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%d:%s", at.Unix(), body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// signed are the headers of a request.
func (s *Slack) signed(contentType string, body []byte) http.Header {
	at := s.now()
	return http.Header{
		"Content-Type":              {contentType},
		"User-Agent":                {"Slackbot 1.0 (+https://api.slack.com/robots)"},
		"Accept":                    {"application/json,*/*"},
		"X-Slack-Request-Timestamp": {strconv.FormatInt(at.Unix(), 10)},
		"X-Slack-Signature":         {SignSlack(body, s.opts.SigningSecret, at)},
	}
}

// Repeat sends a request again, byte for byte, or with a change: another
// signature, an old timestamp, another body. What it shows is not shown to
// anybody: only the acknowledgement is reported.
func (s *Slack) Repeat(ctx context.Context, r SlackRequest, change ...func(*SlackRequest)) SlackReply {
	r.Header = r.Header.Clone()
	for _, c := range change {
		c(&r)
	}
	return s.post(ctx, r)
}

// WrongSignature is a change for Repeat: somebody who does not know the secret.
func WrongSignature(r *SlackRequest) {
	r.Header.Set("X-Slack-Signature", SignSlack(r.Body, "somebody else's secret", time.Unix(0, 0)))
}

// SignedAt is a change for Repeat: the request was signed at another time.
func (s *Slack) SignedAt(at time.Time) func(*SlackRequest) {
	return func(r *SlackRequest) {
		r.Header.Set("X-Slack-Request-Timestamp", strconv.FormatInt(at.Unix(), 10))
		r.Header.Set("X-Slack-Signature", SignSlack(r.Body, s.opts.SigningSecret, at))
	}
}

// SSLCheck is the request by which Slack looks at a Request URL now and then.
func (s *Slack) SSLCheck(ctx context.Context) SlackReply {
	s.mu.Lock()
	url := s.opts.App.Commands
	s.mu.Unlock()
	body := []byte("token=deprecated&ssl_check=1")
	return s.post(ctx, SlackRequest{URL: url, Header: s.signed("application/x-www-form-urlencoded", body), Body: body})
}

// post sends a request and measures the acknowledgement. An app that is late
// by the stand-in's clock is late; where that is the real one, Slack also
// hangs up.
func (s *Slack) post(ctx context.Context, r SlackRequest) SlackReply {
	reply := SlackReply{Request: r}
	if s.opts.Now == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, slackAckTime)
		defer cancel()
	}
	started := s.now()
	err := s.exchange(ctx, r, &reply)
	reply.Took = s.now().Sub(started)
	switch {
	case reply.Took > slackAckTime || errors.Is(err, context.DeadlineExceeded):
		reply.Failure = SlackTimeout
	case err != nil || reply.Status != http.StatusOK:
		reply.Failure = SlackDispatch
	}
	return reply
}

func (s *Slack) exchange(ctx context.Context, r SlackRequest, reply *SlackReply) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return err
	}
	req.Header = r.Header.Clone()
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	reply.Status, reply.JSON = resp.StatusCode, kind == "application/json"
	reply.Body, err = io.ReadAll(io.LimitReader(resp.Body, slackBodyLimit))
	return err
}
