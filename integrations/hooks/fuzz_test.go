package hooks_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/passhook/passhook/expressions"
	"github.com/passhook/passhook/integrations/hooks"
)

// FuzzHookBody posts anything to hooks of every kind: it is taken whole or refused
// whole, with a reason, and nothing panics.
func FuzzHookBody(f *testing.F) {
	for _, kind := range []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/cloudevents+json", "text/plain", ""} {
		for _, body := range []string{`{"id":"1","event":"paid","order":["a",2],"at":1795514400}`, `[{"id":"1"},{"id":"2"}]`, "id=1&event=x&id=2", "--b\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n1\r\n--b--\r\n", `{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"id":1}}`, "{\"id\":\"\xff\"}", `{"id":1e999}`} {
			f.Add(kind, "key", body)
		}
	}
	var all []*hooks.Hook
	own := hooks.Config{Verify: &hooks.Verify{Bearer: []string{token}}}
	id := own
	id.ID, id.Type, id.Time, id.Live = "${{ data.id }}", "${{ data.event }}", "${{ data.at }}", "${{ !data.test }}"
	id.Refs = append(id.Refs, "${{ data.order }}")
	configs := map[string]hooks.Config{"own": own, "id": id}
	for _, name := range hooks.Presets() {
		configs[name] = hooks.Config{Preset: name, Secrets: []string{presetSecrets(name)}, Token: nil}
	}
	for name, c := range configs {
		hook, _ := hooks.Compile(name, c, expressions.Settings{}) // what is missing has no part in this
		all = append(all, hook)
	}
	f.Fuzz(func(t *testing.T, kind, key, body string) {
		header := http.Header{"Content-Type": {kind}, "Idempotency-Key": {key}, "X-Note": {key}}
		for _, hook := range all {
			events, many, err := hook.Events(header, []byte(body), time.Unix(1795514400, 0))
			if (err == nil) != (len(events) > 0) || !many && len(events) > 1 {
				t.Errorf("%s: %d events, %t, %v", hook.Name, len(events), many, err)
			}
			if code := hooks.StatusOf(err); err != nil && (code < 400 || code >= 500) {
				t.Errorf("%s: %v is a %d", hook.Name, err, code)
			}
			seen := map[string]bool{}
			for _, e := range events {
				if e.ExternalID == "" || seen[e.ExternalID] || len(e.ExternalID) > 260 || e.Object != e.ExternalID || e.Source != "hooks."+hook.Name || e.Wanted {
					t.Errorf("%s: got %+v", hook.Name, e)
				}
				seen[e.ExternalID] = true
				if kind := strings.TrimPrefix(e.Type, "hooks."+hook.Name+"."); kind == "" || len(kind) > 100 || strings.Trim(kind, "_.-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
					t.Errorf("%s: type %q", hook.Name, e.Type)
				}
				for _, ref := range e.Refs {
					if ref == "" || len(ref) > 255 || strings.HasPrefix(ref, "key:") || strings.HasPrefix(ref, "ref:") || strings.HasPrefix(ref, "serial:") || strings.IndexByte(ref, 0) >= 0 || !utf8.ValidString(ref) {
						t.Errorf("%s: ref %q", hook.Name, ref)
					}
				}
				if _, err := expressions.DecodeJSON(e.Data); err != nil {
					t.Errorf("%s: what is stored cannot be read: %v: %s", hook.Name, err, e.Data)
				}
				if y := e.Time.Year(); y < 1970 || y > 9999 {
					t.Errorf("%s: it happened %s", hook.Name, e.Time)
				}
			}
			if again, _, err2 := hook.Events(header, []byte(body), time.Unix(1795514400, 0)); err == nil && (err2 != nil || string(again[0].Data) != string(events[0].Data)) {
				t.Errorf("%s: the same is not the same: %v", hook.Name, errors.Join(err, err2))
			}
		}
	})
}
