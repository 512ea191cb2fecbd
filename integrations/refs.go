package integrations

import "strings"

// Beginnings of refs that only passhook itself gives: by SerialPrefix its own events
// find one pass, by ReferencePrefix people find passes, and by KeyPrefix and
// UnitPrefix rules find the passes of a key, and of one unit of it.
const (
	SerialPrefix    = "serial:"
	ReferencePrefix = "ref:"
	KeyPrefix       = "key:"
	UnitPrefix      = "unit:"
)

// Reserved is the beginning for which no source may give a ref, or empty where
// it may.
func Reserved(ref string) string {
	for _, prefix := range []string{SerialPrefix, ReferencePrefix, KeyPrefix, UnitPrefix} {
		if strings.HasPrefix(ref, prefix) {
			return prefix
		}
	}
	return ""
}
