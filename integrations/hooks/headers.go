package hooks

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of the headers that are kept.
const (
	maxHeaders     = 64
	maxHeaderBytes = 8 << 10
)

// noise are headers that say nothing about what happened, and secretive parts of
// names of those that carry a secret.
var (
	noise = []string{
		"accept", "connection", "content-length", "expect", "forwarded", "keep-alive", "proxy-connection", "te", "trailer",
		"transfer-encoding", "upgrade", "via", "x-real-ip", "true-client-ip", "x-request-start", "traceparent", "tracestate", "cdn-loop",
	}
	noisy     = []string{"accept-", "x-forwarded-", "cf-", "fly-", "x-envoy-", "x-amzn-trace-"}
	secretive = []string{"authorization", "cookie", "signature", "hmac", "token", "secret", "password", "api-key", "apikey"}
)

// eventHeaders are those of a request that rules may read, by lower-case name:
// without secrets, those of without among them, and without what proxies add. Of
// too many, the longest are left out.
func eventHeaders(h http.Header, without []string) map[string]string {
	type header struct{ name, value string }
	var all []header
	for name, values := range h {
		name = strings.ToLower(name)
		has := func(part string) bool { return strings.Contains(name, part) }
		begins := func(part string) bool { return strings.HasPrefix(name, part) }
		if slices.Contains(noise, name) || slices.ContainsFunc(noisy, begins) || slices.ContainsFunc(secretive, has) || slices.Contains(without, name) {
			continue
		}
		value := strings.Join(values, ", ")
		if utf8.ValidString(name+value) && strings.IndexByte(name+value, 0) < 0 {
			all = append(all, header{name, value})
		}
	}
	slices.SortFunc(all, func(a, b header) int {
		return cmp.Or(cmp.Compare(len(a.name+a.value), len(b.name+b.value)), cmp.Compare(a.name, b.name))
	})
	out, size := map[string]string{}, 0
	for _, one := range all[:min(len(all), maxHeaders)] {
		if size += len(one.name) + len(one.value); size > maxHeaderBytes {
			break
		}
		out[one.name] = one.value
	}
	return out
}
