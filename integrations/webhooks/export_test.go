package webhooks

import "time"

// Timeout has an endpoint answer sooner.
func (s *Sender) Timeout(d time.Duration) { s.client.Timeout = d }
