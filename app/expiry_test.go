package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/passes/passtest"
	"github.com/passhook/passhook/store"
)

// notices keeps the subjects of what the operator is told.
type notices []string

func (n *notices) Notice(_ context.Context, to string, notice integrations.Notice) error {
	*n = append(*n, fmt.Sprint(to, " ", notice.Subject, " ", notice.ID))
	return nil
}

func (n *notices) Check(string) error { return nil }

func (n *notices) Deliver(context.Context, integrations.Delivery) error {
	return errors.New("only notices come here")
}

func TestTheOperatorIsToldOfEachStepOfAnExpiryOnce(t *testing.T) {
	ca, issued := passtest.Apple(t)
	keyring, found := certificates.Load([]certificates.Config{{
		Certificate: string(issued.CertPEM), Key: string(issued.KeyPEM), Intermediate: string(ca.IntermediatePEM()),
	}}, passtest.Now)
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	now := passtest.Now
	s, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "passhook.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var told notices
	a := &App{Store: s, Options: Options{Now: func() time.Time { return now }}, Engine: bot.New(bot.Config{
		Channels: map[string]integrations.Channel{"notices": &told}, Operator: []integrations.Recipient{{Channel: "notices", Address: "me@example.com"}},
	})}
	for _, step := range []struct{ daysLeft, want int }{{91, 0}, {90, 1}, {89, 1}, {30, 2}, {8, 2}, {7, 3}, {1, 3}, {0, 4}, {-1, 4}} {
		now = issued.Leaf.NotAfter.AddDate(0, 0, -step.daysLeft)
		if err := a.tellExpiring(t.Context(), keyring); err != nil {
			t.Fatal(err)
		}
		if len(told) != step.want {
			t.Errorf("%d days before the end the operator was told %d times, want %d", step.daysLeft, len(told), step.want)
		}
	}
}
