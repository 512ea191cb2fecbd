package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/store"
)

// maxKey is the longest key of a rule, in bytes.
const maxKey = 255

// keyOf is the key of a rule for an event or a unit of it.
func (r *rule) keyOf(vars map[string]any) (string, error) {
	key, err := r.key.String(vars)
	key = strings.TrimSpace(key)
	switch {
	case err != nil:
		return "", fmt.Errorf("key: %w", err)
	case key == "":
		return "", errors.New("key: is empty for this event; it must name what the pass stands for")
	case len(key) > maxKey:
		return "", fmt.Errorf("key: is longer than %d bytes", maxKey)
	}
	return key, nil
}

// keyRef is the ref by which rules find the passes of a key. No id that a source
// gives begins so.
func keyRef(key string) string { return integrations.KeyPrefix + key }

// unitRef is the ref by which an upsert finds its one pass again.
func unitRef(passKey string) string {
	sum := sha256.Sum256([]byte(passKey))
	return integrations.UnitPrefix + hex.EncodeToString(sum[:16])
}

// upsert gives a pass the refs by which it is found again, and says what the
// event does to it where it is there: an update, which counts by its time like
// every other, so that an event that comes late changes nothing back; and an end
// of what rules made void.
func upsert(pass *store.Pass, p PlannedPass) []store.Change {
	unit := unitRef(pass.Key)
	pass.Refs = append([]string{keyRef(p.Key), unit}, pass.Refs...)
	name := "upsert " + strings.TrimPrefix(unit, integrations.UnitPrefix)
	return []store.Change{
		{Name: name, Kind: store.ChangeUpdate, Inputs: p.with, Refs: []string{unit}},
		{Name: name + " lift", Kind: store.ChangeLift, Reason: store.ReasonRule, Refs: []string{unit}},
	}
}
