// Package phones is what phones ask of passhook and are told: which passes they
// have, what has changed, and the passes as they are now.
package phones

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/store"
)

// Phones answers phones.
type Phones struct{ engine *bot.Engine }

// New is over an engine.
func New(e *bot.Engine) *Phones { return &Phones{e} }

// Errors of what phones ask.
var (
	// ErrUnauthorized is for a pass that is not there as well: nobody learns which
	// serial numbers exist.
	ErrUnauthorized = errors.New("the pass's token is missing or wrong")
	// ErrUnknown is for a phone that has no pass of that type.
	ErrUnknown = errors.New("the phone has no such pass")
	// ErrInput is for what no phone of Apple's sends.
	ErrInput = errors.New("the request is not one that Wallet makes")
)

const (
	// maxToken is the longest push token, in bytes, and maxLibrary the longest id
	// of a phone.
	maxToken, maxLibrary = 255, 255
	// maxLines is how many lines of a log are kept of one request, and maxLine how
	// many bytes of each.
	maxLines, maxLine = 50, 1000
)

// pass is one whose token was given with a request.
func (p *Phones) pass(ctx context.Context, passType, serial, token string) (*store.Pass, *bot.Pass, error) {
	row, err := p.engine.Store.PassBySerial(ctx, serial)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, ErrUnauthorized
	}
	if err != nil {
		return nil, nil, err
	}
	if !p.engine.Secrets.Owns(*row, token) {
		return nil, nil, ErrUnauthorized
	}
	out, err := p.engine.Pass(*row)
	if err != nil {
		return nil, nil, err
	}
	certificate, err := out.Template.Certificate()
	if err == nil && certificate.PassType != passType {
		err = ErrUnauthorized
	}
	return row, out, err
}

// Register remembers that a phone has a pass and where it is woken; created is
// false where that was known.
func (p *Phones) Register(ctx context.Context, library, passType, serial, token, pushToken string) (created bool, err error) {
	if _, _, err := p.pass(ctx, passType, serial, token); err != nil {
		return false, err
	}
	if pushToken == "" || len(pushToken) > maxToken || !plain(pushToken) || len(library) > maxLibrary || !plain(library) {
		return false, ErrInput
	}
	return p.engine.Store.Register(ctx, library, passType, serial, pushToken)
}

// plain reports whether text is what tokens and ids are made of.
func plain(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Unregister forgets that a phone has a pass.
func (p *Phones) Unregister(ctx context.Context, library, passType, serial, token string) error {
	if _, _, err := p.pass(ctx, passType, serial, token); err != nil {
		return err
	}
	if len(library) > maxLibrary || !plain(library) {
		return nil
	}
	return p.engine.Store.Unregister(ctx, library, passType, serial)
}

// ChangedSince are the serial numbers of a phone's passes that changed after a
// tag, which an earlier answer gave, and the tag for the next time. A tag that is
// none of ours counts as none.
func (p *Phones) ChangedSince(ctx context.Context, library, passType, since string) (serials []string, tag string, err error) {
	if len(library) > maxLibrary || !plain(library) {
		return nil, "", ErrUnknown
	}
	version, _ := strconv.ParseInt(since, 10, 64)
	serials, last, err := p.engine.Store.ChangedSince(ctx, library, passType, max(version, 0))
	if errors.Is(err, store.ErrNotFound) {
		return nil, "", ErrUnknown
	}
	return serials, strconv.FormatInt(last, 10), err
}

// Latest is a pass as it is now; behind is true while a phone is to fetch it,
// whatever that phone has: a template may change and its files grow no newer.
func (p *Phones) Latest(ctx context.Context, passType, serial, token string) (out *bot.Pass, behind bool, err error) {
	if _, out, err = p.pass(ctx, passType, serial, token); err != nil {
		return nil, false, err
	}
	behind, err = p.engine.Store.Behind(ctx, serial)
	return out, behind, err
}

// Fetched takes notice that a phone has got a pass as it is now.
func (p *Phones) Fetched(ctx context.Context, serial string) error {
	return p.engine.Store.Fetched(ctx, serial)
}

// Log keeps what a phone says.
func (p *Phones) Log(ctx context.Context, lines []string) error {
	var out []store.PhoneLog
	for _, text := range lines[:min(len(lines), maxLines)] {
		text = strings.ToValidUTF8(text, "\uFFFD")
		for len(text) > maxLine || len(text) > 0 && !utf8.ValidString(text) {
			text = text[:min(len(text)-1, maxLine)]
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		out = append(out, store.PhoneLog{Serial: serialIn(text), Text: text})
		p.engine.Log.Warn("a phone says", "text", text)
	}
	if len(out) == 0 {
		return nil
	}
	return p.engine.Store.PutPhoneLogs(ctx, out)
}

// serialLength is that of a serial number of ours.
const serialLength = 26

// serialIn is the serial number that a line names, or empty.
func serialIn(line string) string {
	for _, word := range strings.FieldsFunc(line, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '2' || r > '7') }) {
		if len(word) == serialLength {
			return word
		}
	}
	return ""
}

// Again is how often phones that are behind are looked for, and givenUp is after
// what time they are left alone: they ask by themselves when they are used again.
const (
	Again   = 5 * time.Minute
	givenUp = 7 * 24 * time.Hour
)

// WakeAgain wakes phones once more that have not fetched what they were woken for.
func (p *Phones) WakeAgain(ctx context.Context) error {
	now := p.engine.Now()
	n, err := p.engine.Store.PushAgain(ctx, now.Add(-givenUp), now.Add(-staleAfter))
	if n > 0 {
		p.engine.Log.Info("phones that are behind are woken again", "phones", n)
	}
	return err
}

// staleAfter is how long a phone may take to fetch what it was woken for.
const staleAfter = 10 * time.Minute

// Stale are passes on phones that are behind for a while, at most so many.
func (p *Phones) Stale(ctx context.Context, most int) ([]store.Registration, error) {
	return p.engine.Store.Stale(ctx, time.Time{}, p.engine.Now().Add(-staleAfter), most)
}
