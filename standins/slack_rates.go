package standins

import (
	"math"
	"time"
)

// SlackRates are the limits of the Web API. Slack promises figures a minute
// for its tiers, one message a second for a channel, and says of bursts only
// that they are tolerated: how long they are is this stand-in's guess.
// https://docs.slack.dev/apis/web-api/rate-limits
type SlackRates struct {
	// PostsPerSecond and PostBurst hold for chat.postMessage in one channel.
	// Default: 1 and 10.
	PostsPerSecond float64
	PostBurst      int
	// Tier1 to Tier4 are calls a minute of one method, which may come at once.
	// Default: 1, 20, 50 and 100; of Tier1 20 may come at once.
	Tier1, Tier2, Tier3, Tier4 int
	// None switches these limits off, but not Refuse.
	None bool
}

func (r SlackRates) defaults() SlackRates {
	if r.PostsPerSecond == 0 {
		r.PostsPerSecond = 1
	}
	for field, value := range map[*int]int{&r.PostBurst: 10, &r.Tier1: 1, &r.Tier2: 20, &r.Tier3: 50, &r.Tier4: 100} {
		if *field == 0 {
			*field = value
		}
	}
	return r
}

// slackTier is how often a method may be called.
type slackTier int

const (
	slackTier4 slackTier = iota
	slackTier3
	slackTier2
	slackTier1
	slackPosting
)

// per is calls a second and calls at once.
func (r SlackRates) per(t slackTier) (second float64, burst int) {
	switch t {
	case slackPosting:
		return r.PostsPerSecond, r.PostBurst
	case slackTier1:
		return float64(r.Tier1) / 60, max(r.Tier1, 20)
	case slackTier2:
		return float64(r.Tier2) / 60, r.Tier2
	case slackTier3:
		return float64(r.Tier3) / 60, r.Tier3
	}
	return float64(r.Tier4) / 60, r.Tier4
}

// slackBucket holds the calls that are left of one method, or of one channel.
type slackBucket struct {
	left  float64
	at    time.Time
	until time.Time // nothing is answered before, once a call was refused
}

// slackShare is the knob that refuses a share of calls.
type slackShare struct {
	part  float64
	after time.Duration
	sum   float64
}

// SetRates changes the limits.
func (s *Slack) SetRates(r SlackRates) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opts.Rates = r.defaults()
	clear(s.buckets)
}

// Refuse answers 429 to a share of all calls, evenly spread: 0.25 is every
// fourth. after is their Retry-After, in whole seconds.
func (s *Slack) Refuse(share float64, after time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.share = slackShare{part: share, after: after}
}

// limit is nil where a call is within the limits, else the answer 429. The
// caller holds the lock.
func (s *Slack) limit(c *slackCall) slackAnswer {
	m, ok := slackMethods[c.method]
	if !ok {
		return nil
	}
	key := c.method
	if m.rate == slackPosting {
		key += " " + s.posted(c.args["channel"])
	}
	second, burst := s.opts.Rates.per(m.rate)
	b := s.buckets[key]
	if b == nil {
		b = &slackBucket{left: float64(burst), at: c.now}
		s.buckets[key] = b
	}
	b.left = min(float64(burst), b.left+second*c.now.Sub(b.at).Seconds())
	b.at = c.now
	if c.now.Before(b.until) {
		a := rateLimited(b.until.Sub(c.now))
		a["early"] = true
		return a
	}
	if s.share.sum += s.share.part; s.share.sum >= 1 {
		s.share.sum--
		b.until = c.now.Add(s.share.after)
		return rateLimited(s.share.after)
	}
	if s.opts.Rates.None {
		return nil
	}
	if b.left < 1 {
		wait := time.Duration(math.Ceil((1-b.left)/second)) * time.Second
		b.until = c.now.Add(wait)
		return rateLimited(wait)
	}
	b.left--
	return nil
}

// posted is the channel that a post is for, however it is named.
func (s *Slack) posted(target string) string {
	if c, ok := s.channel(target); ok {
		return c.ID
	}
	for _, c := range s.channels {
		if c.User == target && !c.Group {
			return c.ID
		}
	}
	return target
}

func rateLimited(wait time.Duration) slackAnswer {
	a := slackError("ratelimited")
	a["retry_after"] = max(1, int(math.Ceil(wait.Seconds())))
	return a
}
