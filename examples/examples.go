// Package examples holds example projects. passhook dev plays the concert where
// there is no project; the tests run all of them.
package examples

import "embed"

// FS has one folder an example.
//
//go:embed concert
var FS embed.FS
