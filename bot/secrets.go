package bot

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/passhook/passhook/store"
)

// Secrets derive everything about a pass that must not be guessed. The first
// derives for new passes, the others for passes issued under them.
type Secrets struct {
	keys []secret
}

type secret struct {
	// id names the secret in the store without telling it.
	id  string
	key []byte
}

// NewSecrets takes the config's secret list; each has at least 32 characters.
func NewSecrets(list []string) (Secrets, error) {
	var s Secrets
	for _, text := range list {
		if len(text) < 32 {
			return Secrets{}, errors.New("secret has fewer than 32 characters; make one with: openssl rand -hex 32")
		}
		k := secret{key: []byte(text)}
		k.id = hex.EncodeToString(k.mac("id", ""))[:16]
		s.keys = append(s.keys, k)
	}
	if len(s.keys) == 0 {
		return Secrets{}, errors.New("secret is missing; make one with: openssl rand -hex 32")
	}
	return s, nil
}

// Check refuses to go on when passes in the store were issued under secrets
// that are gone: their links and tokens could never be made again.
func (s Secrets) Check(inUse []string) error {
	for _, id := range inUse {
		if _, err := s.find(id); err != nil {
			return fmt.Errorf("%w; put it back into secret, after the new one: secret: [NEW, OLD]", err)
		}
	}
	return nil
}

func (s Secrets) find(id string) (secret, error) {
	for _, k := range s.keys {
		if k.id == id {
			return k, nil
		}
	}
	return secret{}, errors.New("passes were issued under a secret that is no longer in the config")
}

// mac keeps purpose and key apart by the purpose's length.
func (k secret) mac(purpose, key string) []byte {
	h := hmac.New(sha256.New, k.key)
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(purpose)))) //nolint:gosec // a few bytes long
	h.Write([]byte(purpose))
	h.Write([]byte(key))
	return h.Sum(nil)
}

// derive makes n random-looking bytes from a purpose and a pass's key, written
// as lower-case base32 so that they stand well in addresses and command lines.
func (k secret) derive(purpose, key string, n int) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(k.mac(purpose, key)[:n]))
}

func (k secret) serial(key string) string    { return k.derive("serial", key, 16) }
func (k secret) authToken(key string) string { return k.derive("authentication token", key, 20) }
func (k secret) linkToken(key string) string { return k.derive("link", key, 20) }

// pageToken is the one in the link to a delivery's page.
func (k secret) pageToken(key string) string { return k.derive("delivery page", key, 20) }

// Owns reports whether a token is the one by which phones ask for a pass.
func (s Secrets) Owns(p store.Pass, token string) bool {
	k, err := s.find(p.SecretID)
	return err == nil && subtle.ConstantTimeCompare([]byte(k.authToken(p.Key)), []byte(token)) == 1
}

// LinkHash is what the store keeps of a link, so that a stolen database opens
// no pass.
func LinkHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Purposes of tokens that lead to an event.
const (
	// TokenDecision is the operator's: whoever has it decides.
	TokenDecision = "decision"
	// TokenStatus is the sender's: whoever has it sees what came of the event.
	TokenStatus = "status"
)

// idLength is that of an event's id in a token: a UUID without hyphens.
const idLength = 32

// EventToken leads to an event, for one purpose.
func (s Secrets) EventToken(purpose, id string) string {
	return strings.ReplaceAll(id, "-", "") + s.keys[0].eventToken(purpose, id)
}

func (k secret) eventToken(purpose, id string) string { return k.derive(purpose, id, 20) }

// EventByToken is the id of the event to which a token leads. ok is false where
// no event has it.
func (s Secrets) EventByToken(purpose, token string) (id string, ok bool) {
	if len(token) <= idLength {
		return "", false
	}
	parsed, err := uuid.Parse(token[:idLength])
	if err != nil {
		return "", false
	}
	id = parsed.String()
	return id, slices.ContainsFunc(s.keys, func(k secret) bool {
		return subtle.ConstantTimeCompare([]byte(k.eventToken(purpose, id)), []byte(token[idLength:])) == 1
	})
}
