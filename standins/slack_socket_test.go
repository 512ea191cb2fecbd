package standins_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/passhook/passhook/standins"
)

// readAll reads a body once, for several readers.
func readAll(r *http.Request) func() io.ReadCloser {
	body, _ := io.ReadAll(r.Body) // the server's own request
	return func() io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }
}

// connect runs slack-go's client over Socket Mode until the test ends.
func connect(t *testing.T, w *workspace, handle func(*socketmode.Client, socketmode.Event)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	client := socketmode.New(w.api)
	done := make(chan struct{}, 2)
	go func() {
		_ = client.RunContext(ctx) // ends with the test
		done <- struct{}{}
	}()
	go func() {
		for {
			select {
			case e := <-client.Events:
				handle(client, e)
			case <-ctx.Done():
				done <- struct{}{}
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		w.Drop()
		<-done
		<-done
	})
	connected(t, w)
}

func connected(t *testing.T, w *workspace) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := w.Wait(ctx, func() bool { return w.Connections() == 1 }); err != nil {
		t.Fatal(err)
	}
}

func TestSlackSocketModeCommandAndModal(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	connect(t, w, func(c *socketmode.Client, e socketmode.Event) {
		switch e.Type {
		case socketmode.EventTypeSlashCommand:
			command := e.Data.(slack.SlashCommand)
			if _, err := w.api.OpenView(command.TriggerID, modal()); err != nil {
				t.Error(err)
			}
			_ = c.Ack(*e.Request, map[string]any{"text": "Fill it in, " + command.UserName + "."})
		case socketmode.EventTypeInteractive:
			callback := e.Data.(slack.InteractionCallback)
			_ = c.Ack(*e.Request, slack.NewErrorsViewSubmissionResponse(map[string]string{"holder": callback.View.State.Values["holder"]["value"].Value + "?"}))
		}
	})
	reply, err := w.Command(context.Background(), anna, general, "/pass", "visitor")
	if err != nil || reply.Failure != "" || reply.Message == nil || reply.Message.Text != "Fill it in, anna." {
		t.Fatalf("%+v %v", reply, err)
	}
	v, ok := w.View(anna)
	if !ok {
		t.Fatal("no view is open")
	}
	if reply, err = w.Submit(context.Background(), anna, v, map[string]any{"holder": "Ann"}); err != nil || reply.Errors["holder"] != "Ann?" {
		t.Errorf("%+v %v", reply, err)
	}
}

func TestSlackSocketModeAnswerTooLate(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	connect(t, w, func(c *socketmode.Client, e socketmode.Event) {
		if e.Type == socketmode.EventTypeSlashCommand {
			w.advance(3001 * time.Millisecond)
			_ = c.Ack(*e.Request)
		}
	})
	if reply, err := w.Command(context.Background(), anna, general, "/pass", ""); err != nil || reply.Failure != standins.SlackTimeout {
		t.Errorf("%+v %v", reply, err)
	}
}

func TestSlackSocketModeReconnects(t *testing.T) {
	for name, interrupt := range map[string]func(*workspace){
		"refresh_requested": func(w *workspace) { w.Disconnect("refresh_requested") }, "dropped": func(w *workspace) { w.Drop() },
	} {
		t.Run(name, func(t *testing.T) {
			w := startSlack(t, standins.SlackOptions{})
			hellos := make(chan struct{}, 8)
			connect(t, w, func(c *socketmode.Client, e socketmode.Event) {
				switch e.Type {
				case socketmode.EventTypeHello:
					hellos <- struct{}{}
				case socketmode.EventTypeSlashCommand:
					_ = c.Ack(*e.Request, map[string]any{"text": "Here."})
				}
			})
			<-hellos
			interrupt(w)
			<-hellos
			connected(t, w)
			if reply, err := w.Command(context.Background(), anna, general, "/pass", ""); err != nil || reply.Message == nil {
				t.Errorf("%+v %v", reply, err)
			}
		})
	}
}

func TestSlackSocketModeWantsTheAppToken(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	wrong := slack.New(w.BotToken(), slack.OptionAPIURL(w.APIURL()), slack.OptionAppLevelToken(w.BotToken()))
	if _, _, err := wrong.StartSocketModeContext(context.Background()); code(err) != "not_allowed_token_type" {
		t.Error(err)
	}
}

func TestSlackSocketModeWithoutAConnection(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{App: standins.SlackApp{SocketMode: true}})
	if reply, err := w.Command(context.Background(), anna, general, "/pass", ""); err != nil || reply.Failure != standins.SlackDispatch {
		t.Errorf("%+v %v", reply, err)
	}
}

func TestSlackSocketModeEvent(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	connect(t, w, func(c *socketmode.Client, e socketmode.Event) {
		if e.Type == socketmode.EventTypeEventsAPI {
			_ = c.Ack(*e.Request)
		}
	})
	if replies := w.Event(context.Background(), map[string]any{"type": "app_home_opened", "user": anna, "tab": "home"}); len(replies) != 1 || replies[0].Failure != "" {
		t.Errorf("%+v", replies)
	}
}

func TestSlackSocketModeTakesNoLargeAnswer(t *testing.T) {
	w := startSlack(t, standins.SlackOptions{})
	_, address, err := w.api.StartSocketModeContext(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	conn, resp, err := websocket.DefaultDialer.Dial(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	defer conn.Close()
	connected(t, w)
	if _, again, err := websocket.DefaultDialer.Dial(address, nil); err == nil || again.StatusCode != http.StatusForbidden {
		t.Error("an address opens twice", err)
	}
	go func() {
		for {
			var e struct {
				Type     string `json:"type"`
				Envelope string `json:"envelope_id"`
			}
			if conn.ReadJSON(&e) != nil {
				return
			}
			if e.Type == "slash_commands" {
				for _, text := range []string{strings.Repeat("x", 20<<10), "short"} {
					_ = conn.WriteJSON(map[string]any{"envelope_id": e.Envelope, "payload": map[string]any{"text": text}})
				}
			}
		}
	}()
	if reply, err := w.Command(context.Background(), anna, general, "/pass", ""); err != nil || reply.Message == nil || reply.Message.Text != "short" {
		t.Errorf("%+v %v", reply, err)
	}
}
