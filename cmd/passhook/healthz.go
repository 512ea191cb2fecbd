package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/config"
)

type healthzCmd struct{}

// Run asks the server that this config starts for /healthz.
func (healthzCmd) Run(ctx context.Context, c terminal) error {
	cfg, err := c.load(config.Options{Sections: []config.Section{config.Server}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+localAddress(cfg.Listen)+app.HealthPath, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s", resp.Status)
	}
	return nil
}
