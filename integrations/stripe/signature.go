package stripe

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"
)

// Tolerance is how far a signature's time may be from ours, either way.
const Tolerance = 300 * time.Second

// errSignature is all that a sender learns; saying more would help to forge.
var errSignature = errors.New("the Stripe-Signature header does not fit this body; check the endpoint's signing secret and the clock")

// verify checks a Stripe-Signature header over the raw body against each
// secret. stripe-go compares; the time is checked here, because stripe-go
// accepts signatures from the future and takes the last of several times.
func verify(body []byte, header string, secrets []string, now time.Time) error {
	t, err := signatureTime(header)
	if err != nil {
		return err
	}
	if d := now.Sub(t); d > Tolerance || d < -Tolerance {
		return errSignature
	}
	for _, s := range secrets {
		if emptySecret(s) {
			continue
		}
		if webhook.ValidatePayloadIgnoringTolerance(body, header, s) == nil {
			return nil
		}
	}
	return errSignature
}

// signatureTime reads the one t= of the header, in Unix seconds.
func signatureTime(header string) (time.Time, error) {
	var found []string
	for part := range strings.SplitSeq(header, ",") {
		if v, ok := strings.CutPrefix(part, "t="); ok {
			found = append(found, v)
		}
	}
	if len(found) != 1 {
		return time.Time{}, errSignature
	}
	sec, err := strconv.ParseUint(found[0], 10, 36)
	if err != nil {
		return time.Time{}, errSignature
	}
	return time.Unix(int64(sec), 0), nil
}
