// Package hooks takes in any JSON that somebody posts: one verifier that is
// described by data, expressions that say what an event's id, type, time, mode
// and refs are, and presets, a few lines of YAML each, for senders that are
// known.
package hooks
