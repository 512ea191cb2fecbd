package standins

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// What holds for Socket Mode. The size is what clients found out: Slack takes
// no notice of a larger answer.
// https://docs.slack.dev/apis/events-api/using-socket-mode
const (
	slackConnections   = 10
	slackSocketAnswer  = 20 << 10
	slackTicketLife    = 30 * time.Second
	slackPingEvery     = 5 * time.Second
	slackWriteDeadline = 10 * time.Second
)

// slackSockets are the open connections. Slack's lock guards them.
type slackSockets struct {
	open    []*slackSocket
	tickets map[string]time.Time
	waiting map[string]chan []byte // by envelope_id
	turn    int
}

// slackSocket is one connection.
type slackSocket struct {
	conn *websocket.Conn
	gone chan struct{} // closed when it ends
	// leaving connections were told to disconnect and get nothing any more.
	leaving bool

	write sync.Mutex // a connection has one writer
}

var slackUpgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }, WriteBufferSize: 64 << 10}

// openConnection hands out the address of a connection.
// https://docs.slack.dev/reference/methods/apps.connections.open
func (s *Slack) openConnection(c *slackCall) slackAnswer {
	if s.sockets.tickets == nil {
		s.sockets.tickets, s.sockets.waiting = map[string]time.Time{}, map[string]chan []byte{}
	}
	ticket := fmt.Sprintf("%016x", s.next()*0x9e3779b9)
	s.sockets.tickets[ticket] = c.now.Add(slackTicketLife)
	address := "ws" + strings.TrimPrefix(s.url, "http")
	return slackOK(map[string]any{"url": address + "/link/?ticket=" + ticket + "&app_id=" + s.opts.App.ID})
}

// serveSocket takes each ticket once.
func (s *Slack) serveSocket(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.mu.Lock()
	until, known := s.sockets.tickets[ticket]
	delete(s.sockets.tickets, ticket)
	full := len(s.sockets.open) >= slackConnections
	s.mu.Unlock()
	if !known || s.now().After(until) || full {
		http.Error(w, "no such ticket, or too many connections", http.StatusForbidden)
		return
	}
	conn, err := slackUpgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	socket := &slackSocket{conn: conn, gone: make(chan struct{})}
	s.mu.Lock()
	s.sockets.open = append(s.sockets.open, socket)
	hello := map[string]any{
		"type": "hello", "num_connections": len(s.sockets.open), "connection_info": map[string]any{"app_id": s.opts.App.ID},
		"debug_info": map[string]any{"host": "stand-in", "build_number": 1, "approximate_connection_time": 3600},
	}
	s.mu.Unlock()
	if socket.send(hello) == nil {
		s.mu.Lock()
		s.touch()
		s.mu.Unlock()
		go socket.ping()
		s.read(socket)
	}
	s.forget(socket)
}

func (c *slackSocket) send(message any) error {
	raw, err := json.Marshal(message)
	if err != nil {
		return err
	}
	c.write.Lock()
	defer c.write.Unlock()
	if err := c.conn.SetWriteDeadline(time.Now().Add(slackWriteDeadline)); err != nil {
		return err
	}
	return c.conn.WriteMessage(websocket.TextMessage, raw)
}

// ping keeps the client believing in the connection, by the real clock.
func (c *slackSocket) ping() {
	ticker := time.NewTicker(slackPingEvery)
	defer ticker.Stop()
	for {
		if c.conn.WriteControl(websocket.PingMessage, []byte("Ping"), time.Now().Add(slackWriteDeadline)) != nil {
			return
		}
		select {
		case <-ticker.C:
		case <-c.gone:
			return
		}
	}
}

// read hands acknowledgements to those who wait for them.
func (s *Slack) read(socket *slackSocket) {
	for {
		_, raw, err := socket.conn.ReadMessage()
		if err != nil {
			return
		}
		var ack struct {
			Envelope string          `json:"envelope_id"`
			Payload  json.RawMessage `json:"payload"`
		}
		if len(raw) > slackSocketAnswer || json.Unmarshal(raw, &ack) != nil {
			continue
		}
		s.mu.Lock()
		waiting := s.sockets.waiting[ack.Envelope]
		delete(s.sockets.waiting, ack.Envelope)
		s.mu.Unlock()
		if waiting != nil {
			waiting <- ack.Payload // has room for one
		}
	}
}

// forget ends a connection.
func (s *Slack) forget(socket *slackSocket) {
	_ = socket.conn.Close() // often closed already
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.sockets.open)
	s.sockets.open = slices.DeleteFunc(s.sockets.open, func(o *slackSocket) bool { return o == socket })
	if len(s.sockets.open) < before {
		close(socket.gone)
		s.touch()
	}
}

// Connections is how many Socket Mode connections are open.
func (s *Slack) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets.open)
}

// Disconnect tells all connections to go: "warning" some seconds before,
// "refresh_requested" when it is time, "link_disabled" when Socket Mode was
// switched off. Whoever is told gets nothing any more, and has to connect anew.
// https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect
func (s *Slack) Disconnect(reason string) {
	s.mu.Lock()
	open := slices.Clone(s.sockets.open)
	for _, c := range open {
		c.leaving = reason != "warning"
	}
	s.mu.Unlock()
	for _, c := range open {
		_ = c.send(map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "stand-in"}}) // may be gone
	}
}

// Drop cuts all connections without a word.
func (s *Slack) Drop() { s.closeSockets() }

func (s *Slack) closeSockets() {
	s.mu.Lock()
	open := slices.Clone(s.sockets.open)
	s.mu.Unlock()
	for _, c := range open {
		s.forget(c)
	}
}

// connected is true where things go over Socket Mode.
func (s *Slack) connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opts.App.SocketMode || len(s.sockets.open) > 0
}

// emit sends an envelope over one of the connections and waits for its
// acknowledgement.
func (s *Slack) emit(ctx context.Context, e slackEnvelope) SlackReply {
	ack := make(chan []byte, 1)
	s.mu.Lock()
	id := fmt.Sprintf("00000000-0000-4000-8000-%012x", s.next())
	var ready []*slackSocket
	for _, c := range s.sockets.open {
		if !c.leaving {
			ready = append(ready, c)
		}
	}
	if len(ready) == 0 {
		s.mu.Unlock()
		return SlackReply{Failure: SlackDispatch}
	}
	s.sockets.turn++
	socket := ready[s.sockets.turn%len(ready)]
	s.sockets.waiting[id] = ack
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.sockets.waiting, id)
		s.mu.Unlock()
	}()
	envelope := map[string]any{"envelope_id": id, "type": e.kind, "payload": e.payload, "accepts_response_payload": e.answered}
	if e.attempt > 0 {
		envelope["retry_attempt"], envelope["retry_reason"] = e.attempt, e.reason
	}
	started := s.now()
	if s.opts.Now == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, slackAckTime)
		defer cancel()
	}
	if socket.send(envelope) != nil {
		return SlackReply{Failure: SlackDispatch}
	}
	return s.acknowledged(ctx, socket, ack, e, started)
}

func (s *Slack) acknowledged(ctx context.Context, socket *slackSocket, ack chan []byte, e slackEnvelope, started time.Time) SlackReply {
	reply := SlackReply{}
	select {
	case payload := <-ack:
		reply.Status, reply.JSON = http.StatusOK, true
		if e.answered {
			reply.Body = payload
		}
	case <-socket.gone:
		reply.Failure = SlackDispatch
	case <-ctx.Done():
		reply.Failure = SlackDispatch
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			reply.Failure = SlackTimeout
		}
	}
	reply.Took = s.now().Sub(started)
	if reply.Took > slackAckTime {
		reply.Failure = SlackTimeout
	}
	return reply
}
