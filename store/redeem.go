package store

import (
	"context"
	"errors"
)

// ErrRedeemed says that a pass was redeemed before, and ErrVoid that it is void.
var (
	ErrRedeemed = errors.New("the pass was redeemed already")
	ErrVoid     = errors.New("the pass is void")
)

// redeemPass is exclusive: of all who try at once, on all processes, one changes
// the row.
const redeemPass = "UPDATE passes SET redeemed = $2, redeemed_by = $3 WHERE serial = $1 AND redeemed = 0 AND void = '[]'"

// Redeem marks a pass as used, once. by says who does it, and tells one try of
// theirs from another: the same again is answered with the same pass. The error
// is ErrRedeemed with the pass as it is, ErrVoid, or ErrNotFound.
func (s *Store) Redeem(ctx context.Context, serial, by string) (p *Pass, err error) {
	err = s.engine.write(ctx, false, func(t *transaction) error {
		now, err := s.engine.now(ctx, t)
		if err != nil {
			return err
		}
		n, err := t.exec(redeemPass, serial, millis(now), clean(by))
		if err != nil {
			return err
		}
		if p, err = found(scanPass(t.row(passBySerial, serial))); err != nil || n == 0 {
			return err
		}
		return s.remember(t, "", now, []fact{{serial, ActivityRedeemed}})
	})
	switch {
	case err != nil:
		return nil, err
	case p.RedeemedBy == by:
		return p, nil
	case len(p.Void) > 0:
		return p, ErrVoid
	}
	return p, ErrRedeemed
}
