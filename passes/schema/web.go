package schema

import (
	"net"
	"net/url"
	"strings"
)

// checkWebServicePair wants webServiceURL and authenticationToken together.
func checkWebServicePair(c *checker) {
	_, address := c.pass["webServiceURL"]
	_, token := c.pass["authenticationToken"]
	switch {
	case c.Unsigned:
	case address && !token:
		c.err("authenticationToken", "is missing beside webServiceURL", refuses, "add one of at least 16 characters")
	case token && !address:
		c.warn("webServiceURL", "is missing beside authenticationToken",
			"the pass is never updated", "add it, or take authenticationToken out")
	}
}

func checkWebServiceURL(c *checker) {
	const key = "webServiceURL"
	s, ok := text(c.pass, key)
	if !ok {
		return
	}
	u, err := url.Parse(s)
	if err != nil {
		return
	}
	switch {
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		c.note(key, "is http on this machine", "phones do not reach it", "use https in production")
	case u.Scheme == "http":
		c.warn(key, "is http", "phones register with https only, so the pass is never updated", "use https")
	}
	if strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/v1") {
		c.warn(key, "ends in /v1", "Wallet appends /v1 itself and asks for /v1/v1", "take /v1 off")
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func checkAppLaunch(c *checker) {
	_, link := c.pass["appLaunchURL"]
	if _, ids := c.pass["associatedStoreIdentifiers"]; link && !ids {
		c.warn("associatedStoreIdentifiers", "is missing beside appLaunchURL",
			"the link to the app is not shown", "add the App Store id of the app")
	}
}
