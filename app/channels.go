package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/integrations"
	"github.com/passhook/passhook/mailer"
)

// Channels are the services that deliver, by the channel of their recipients.
type Channels map[string]integrations.Channel

// OpenChannels makes those that the config has sections for; nothing is asked of
// them yet.
func OpenChannels(c *config.Config) (Channels, error) {
	out := Channels{}
	if c.Mail != nil {
		m, err := mailer.New(*c.Mail, mailer.Options{Idle: bot.DeliverySlots})
		if err != nil {
			return nil, fmt.Errorf("mail: %w", err)
		}
		out[integrations.ChannelEmail] = m
	}
	return out, nil
}

// CheckServers asks each whether it lets us in. Nothing is sent.
func (c Channels) CheckServers(ctx context.Context) error {
	var errs []error
	for name, channel := range c {
		if s, ok := channel.(interface{ CheckServer(context.Context) error }); ok {
			if err := s.CheckServer(ctx); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// Close ends their connections.
func (c Channels) Close() error {
	var errs []error
	for _, channel := range c {
		if closer, ok := channel.(io.Closer); ok {
			errs = append(errs, closer.Close())
		}
	}
	return errors.Join(errs...)
}
