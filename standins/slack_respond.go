package standins

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// A response URL answers 5 times within 30 minutes.
// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
const (
	slackHookUses = 5
	slackHookLife = 30 * time.Minute
)

// slackHook is a response_url: what it may do depends on what it was handed out
// for.
type slackHook struct {
	user, channel string
	// source is the message that was pressed, or nil.
	source  *SlackMessage
	command string // as typed, for an answer that the channel sees
	expires time.Time
	uses    int
}

// newHook hands out a response_url. The caller holds the lock.
func (s *Slack) newHook(kind string, h slackHook) string {
	h.expires = s.now().Add(slackHookLife)
	path := fmt.Sprintf("/%s/%s/%d/%016x", kind, s.opts.Workspace.TeamID, s.next(), s.next()*0x9e3779b9)
	s.hooks[path] = &h
	return s.url + path
}

// serveResponseURL takes what an app answers later.
func (s *Slack) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	if s.fails(w, r) {
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, slackBodyLimit))
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hooks[r.URL.Path]
	status, code := http.StatusNotFound, ""
	var payload map[string]any
	switch {
	case r.Method != http.MethodPost:
		status, code = http.StatusMethodNotAllowed, "invalid_method"
	case h == nil:
		code = "invalid_url"
	case s.now().After(h.expires):
		code = "expired_url"
	case h.uses >= slackHookUses:
		code = "used_url"
	case err != nil || json.Unmarshal(body, &payload) != nil:
		status, code = http.StatusBadRequest, "invalid_payload"
	default:
		status = http.StatusBadRequest
		_, code = s.respond(h, payload)
	}
	if code != "" {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(slackError(code))
		return
	}
	h.uses++
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, "ok")
}

// respond does what an answer asks for: it posts, replaces or deletes. The
// message is nil where nothing is shown; the code says what was wrong. The
// caller holds the lock.
func (s *Slack) respond(h *slackHook, payload map[string]any) (*SlackMessage, string) {
	if payload["delete_original"] == true || payload["delete_original"] == "true" {
		if h.source != nil {
			h.source.Deleted = true
			s.touch()
		}
		return nil, ""
	}
	content, code := s.responseContent(payload)
	if code != "" {
		return nil, code
	}
	// A command has nothing to replace, and what only one person sees stays so.
	// Where a button's answer does not say, Slack's older pages have it replace
	// the message; its newer ones are silent.
	keep := payload["replace_original"]
	if h.source != nil && keep != false && keep != "false" {
		s.change(h.source, content)
		return h.source, ""
	}
	m := SlackMessage{Channel: h.channel, User: s.opts.Workspace.BotUser, EphemeralTo: h.user, SlackContent: content}
	if payload["response_type"] == "in_channel" {
		m.EphemeralTo = ""
		m.ThreadTS, _ = payload["thread_ts"].(string)
	}
	return s.add(m), ""
}

func (s *Slack) responseContent(payload map[string]any) (SlackContent, string) {
	text, _ := payload["text"].(string)
	var blocks []SlackBlock
	if raw := payload["blocks"]; raw != nil {
		blocks = slackBlocks(raw)
		if CheckBlocks(blocks, SlackMessageSurface) != nil || s.fetchFails(blocks) {
			return SlackContent{}, "invalid_blocks"
		}
	}
	if attachments, _ := payload["attachments"].([]any); text == "" && len(blocks) == 0 && len(attachments) == 0 {
		return SlackContent{}, "no_text"
	}
	s.nameBlocks(blocks)
	return SlackContent{Text: cut(text, slackTextLimit), Blocks: blocks}, ""
}
