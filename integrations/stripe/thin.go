package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/passhook/passhook/integrations"
)

// thinObject is what a thin event says it is. It names its object and does not
// carry it.
// https://docs.stripe.com/api/v2/core/events/object
const thinObject = "v2.core.event"

// typeNoEvents is the type of an event by which Stripe says that it could not
// make some others. Endpoints get it where somebody chose it, as a thin event.
// https://docs.stripe.com/webhooks/handle-irrecoverable-events
const typeNoEvents = "stripe.v2.core.health.event_generation_failure.resolved"

// thin reads a thin event. Its type is the snapshot's behind "v1."; an event of
// /v2 is about nothing that a pass is issued for.
//
// Until Complete has fetched the object, the event has all aliases that its type
// may have, and is wanted where it may have effects.
func thin(e integrations.Event, env envelope, body []byte) integrations.Event {
	name, v1 := strings.CutPrefix(env.Type, "v1.")
	related := id(env.RelatedObject)
	if created, err := time.Parse(time.RFC3339, text(env.Created)); err == nil {
		e.Time = created.UTC()
	}
	e.Live = env.Livemode != nil && *env.Livemode
	switch {
	case e.Type == typeNoEvents:
		e.Ignore = "Stripe could not make some events; what they would have told is looked for"
	case !v1 || !plainID.MatchString(name):
		e.Ignore = "passhook does not know events of type " + env.Type
	case related == "":
		e.Ignore = "the event does not say which object it is about"
	case env.Livemode == nil:
		e.Ignore = "the event does not say whether it is live or a test"
	}
	if e.Ignore != "" {
		return e
	}
	e.Type, e.Object, e.Refs, e.Data = "stripe."+name, related, []string{related}, json.RawMessage(body)
	// The snapshot of the same event may come as well; with its id, they are one.
	if twin := id(env.SnapshotEvent); twin != "" {
		e.ExternalID = twin
	}
	e.Account = account(env)
	m := meanings[name]
	e.Aliases, e.Wanted = m.aliases, m.effects
	return e
}

// account is the connected account of a thin event: the last part of its
// context, which may begin with an organization.
func account(env envelope) string {
	where := text(env.Context)
	if last := where[strings.LastIndexByte(where, '/')+1:]; strings.HasPrefix(last, "acct_") && plainID.MatchString(last) {
		return last
	}
	return env.Account
}

// objectPath is where a thin event may point: a path below /v1, so that the key
// is shown to nobody but Stripe.
var objectPath = regexp.MustCompile(`^/v1(/[A-Za-z0-9_]+)+$`)

// fetch puts the object of a thin event in its place. It is the object as it is
// now, not as it was.
func (c *Client) fetch(ctx context.Context, e *integrations.Event, thin map[string]any) error {
	path := text(at(thin, "related_object", "url"))
	if !objectPath.MatchString(path) {
		return integrations.Never(errors.New("the thin event points outside Stripe's API: related_object.url must be a path below /v1"))
	}
	var got json.RawMessage
	if err := c.get(ctx, e.Live, e.Account, path, nil, &got); err != nil {
		return fmt.Errorf("the object of the thin event, %s: %w", e.Object, err)
	}
	if idOf(got) != e.Object {
		return integrations.Never(fmt.Errorf("the thin event is about %s, but its related_object.url leads elsewhere", e.Object))
	}
	e.Data = got
	if before, ok := at(thin, "changes", "before").(map[string]any); ok { // a snapshot's previous_attributes
		b, err := json.Marshal(before)
		if err != nil {
			return err
		}
		e.Data = splice(got, "previous_attributes", b)
	}
	return nil
}
