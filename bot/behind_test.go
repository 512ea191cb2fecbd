package bot_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
)

// pushes is a push service; refusal is what it answers, nil: it takes all.
type pushes struct{ refusal error }

func (p *pushes) Push(context.Context, string, string) error { return p.refusal }

// installed sells three passes, which are on a phone each.
func (b *bench) installed(t *testing.T) (serials []string) {
	t.Helper()
	_, sold, _ := b.now(t, b.sold(t, "ada"))
	for _, p := range sold {
		_, err := b.store.Register(t.Context(), "phone of "+p.Serial, "pass.com.example.test", p.Serial, "token")
		must(t, err)
		serials = append(serials, p.Serial)
	}
	return serials
}

// void has a pass be void.
func (b *bench) void(t *testing.T, c *clock, serial string) {
	t.Helper()
	e, err := bot.OwnEvent(bot.TypeVoid, serial, nil, bot.ByOperator, c.now())
	must(t, err)
	_, _, err = b.engine.Accept(t.Context(), e)
	must(t, err)
	b.work(t)
}

func TestTheOperatorIsToldOnceThatPhonesCannotBeWoken(t *testing.T) {
	c := newClock()
	b := newBench(t, options{now: c.now})
	service := &pushes{integrations.Blocked(errors.New("403 InvalidProviderToken; the certificate may not push passes of this type"))}
	b.engine.Pusher = service
	told := b.notices()
	b.void(t, c, b.installed(t)[0])
	if b.pass(t, c, 50*time.Minute, 10*time.Minute); len(*told) != 0 {
		t.Errorf("too soon: %q", *told)
	}
	b.pass(t, c, 3*time.Hour, 10*time.Minute)
	if len(*told) != 1 || !strings.Contains((*told)[0], "403 InvalidProviderToken") || !strings.Contains((*told)[0], "pass.com.example.test") {
		t.Errorf("told: %q", *told)
	}
	service.refusal = nil
	b.pass(t, c, time.Hour, 10*time.Minute)
	service.refusal = integrations.Unavailable(errors.New("503 Shutdown"))
	b.void(t, c, b.installed(t)[1])
	if b.pass(t, c, 3*time.Hour, 10*time.Minute); len(*told) != 2 || !strings.Contains((*told)[1], "503 Shutdown") {
		t.Errorf("another time: %q", *told)
	}
}

func TestTheOperatorIsToldOnceADayOfPhonesThatFetchNothing(t *testing.T) {
	c := newClock()
	b := newBench(t, options{now: c.now})
	b.engine.Pusher = &pushes{}
	told := b.notices()
	serials := b.installed(t)
	b.void(t, c, serials[0])
	b.pass(t, c, time.Hour, time.Hour)
	b.void(t, c, serials[1])
	if b.pass(t, c, 22*time.Hour, time.Hour); len(*told) != 0 {
		t.Fatalf("too soon: %q", *told)
	}
	b.pass(t, c, 2*time.Hour, time.Hour)
	if len(*told) != 1 || !strings.Contains((*told)[0], serials[0]) || !strings.Contains((*told)[0], "passhook passes --stale") {
		t.Fatalf("told: %q", *told)
	}
	b.pass(t, c, 20*time.Hour, time.Hour)
	if len(*told) != 1 {
		t.Errorf("twice within a day: %q", *told)
	}
	b.pass(t, c, 80*time.Hour, time.Hour)
	if len(*told) != 2 || !strings.Contains((*told)[1], serials[1]) || strings.Contains((*told)[1], serials[0]) {
		t.Errorf("the other, which changed an hour later: %q", *told)
	}
}
