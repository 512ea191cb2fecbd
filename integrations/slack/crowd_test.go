package slack_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/passhook/passhook/standins"
)

// BenchmarkTwoHundredCommands lets 200 people get a pass within 10 s, over a Slack
// that refuses a third of all calls for a second. Every tenth pass goes by mail.
// Budget: p99 of 300 ms up to the first answer; every pass comes once; no call
// comes while Slack has asked to wait; mail waits for none of it.
func BenchmarkTwoHundredCommands(b *testing.B) {
	s := serve(b, options{})
	const commands, every, mails = 200, 10, 20
	for i := range commands {
		s.slack.AddUser(standins.SlackUser{ID: guest(i), Name: fmt.Sprintf("guest%d", i), RealName: "Ada Lovelace", Email: fmt.Sprintf("guest%d@example.com", i)})
	}
	s.slack.Refuse(1.0/3, time.Second)
	took := make([]time.Duration, commands)
	var all sync.WaitGroup
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for i := range commands {
		<-tick.C
		to := "<@" + guest(i) + ">"
		if i%every == 0 {
			to = fmt.Sprintf("guest%d@example.com", i)
		}
		r := signed(b, s.secret, s.url+"/slack/commands", formType, s.form(anna, office, "visitor holder=Ada to: "+to).Encode(), time.Now())
		all.Go(func() {
			start := time.Now()
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			defer resp.Body.Close()
			if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
				b.Errorf("%s %v", resp.Status, err)
			}
			took[i] = time.Since(start)
		})
	}
	all.Wait()
	mailed := len(s.smtp.Messages())
	must(b, s.slack.Wait(b.Context(), func() bool { return s.inDMs() == commands-mails }))
	for i := range commands {
		if n := len(s.slack.Messages(s.slack.DM(guest(i)))); i%every != 0 && n != 1 {
			b.Errorf("guest %d has %d messages", i, n)
		}
	}
	if mailed < mails-1 {
		b.Errorf("%d of %d mails were sent when the last command was answered", mailed, mails)
	}
	for range b.N { // the figures are those of one run
		continue
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[commands*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(s.slack.EarlyCalls()), "early-calls")
	b.ReportMetric(float64(len(s.slack.Calls())), "calls")
}

func guest(i int) string { return fmt.Sprintf("U0GUEST%04d", i) }

// inDMs is how many guests have got something.
func (s *server) inDMs() (n int) {
	for i := range 200 {
		if dm := s.slack.DM(guest(i)); dm != "" && len(s.slack.Messages(dm)) > 0 {
			n++
		}
	}
	return n
}
