//go:build pinned

// Package pinned keeps, at the version the design has chosen, modules that no
// code imports yet. It is never built.
package pinned

import (
	_ "github.com/slack-go/slack" // integrations/slack, which comes later
)
