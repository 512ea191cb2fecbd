package config

import (
	"net"
	"strconv"

	"github.com/passhook/passhook/problems"
)

// checkListen settles where serve listens: --port on the host of listen, else
// PORT in the environment on all addresses, as hosts of containers expect it,
// else listen.
func (l *loader) checkListen() {
	c := l.config
	c.Listen = orDefault(c.Listen, "127.0.0.1:8080")
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil || !isPort(port) {
		l.report("listen", "must be HOST:PORT, such as 127.0.0.1:8080, or :8080 for all addresses")
		host = ""
	}
	fromEnv := l.env.get("PORT")
	switch {
	case l.Port != nil:
		if !isPort(strconv.Itoa(*l.Port)) {
			l.reportOutside("--port must be a number from 0 to 65535")
		}
		c.Listen = net.JoinHostPort(host, strconv.Itoa(*l.Port))
	case fromEnv != "":
		if !isPort(fromEnv) {
			l.reportOutside("PORT in the environment must be a number from 0 to 65535")
		}
		c.Listen = ":" + fromEnv
	}
}

// reportOutside notes what is wrong with a setting of the server that does not
// stand in the file.
func (l *loader) reportOutside(text string) {
	if l.uses(Server) {
		l.found = append(l.found, problems.Problem{Text: text})
	}
}

func isPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}
