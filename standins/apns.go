package standins

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
)

// APNs plays Apple's push service. Serve it with TLS, HTTP/2 and
// tls.RequestClientCert.
// https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
type APNs struct {
	mu     sync.Mutex
	pushes []Push
	// answer, where it is set, says what to answer: a status and a reason.
	answer func(p Push) (status int, reason string)
	// phones are those that are woken, by token.
	phones map[string]func()
}

// Push is a request for one phone.
type Push struct {
	Token, Topic string
	// Certificate is the pass type of the certificate that was shown.
	Certificate string
}

// NewAPNs is a push service that takes every token.
func NewAPNs() *APNs { return &APNs{phones: map[string]func(){}} }

// Answer has f say what to answer; 200 with no reason wakes the phone.
func (a *APNs) Answer(f func(p Push) (status int, reason string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = f
}

// Wake has f called for pushes to a token.
func (a *APNs) Wake(token string, f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.phones[token] = f
}

// Pushes are all that came, in their order.
func (a *APNs) Pushes() []Push {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]Push{}, a.pushes...)
}

// ServeHTTP takes a push.
func (a *APNs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.URL.Path, "/3/device/")
	p := Push{Token: token, Topic: r.Header.Get("apns-topic")}
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		for _, name := range r.TLS.PeerCertificates[0].Subject.Names {
			if name.Type.Equal(oidUserID) {
				p.Certificate, _ = name.Value.(string)
			}
		}
	}
	status, reason := http.StatusOK, ""
	switch {
	case !ok || r.Method != http.MethodPost:
		status, reason = http.StatusNotFound, "BadPath"
	case r.ProtoMajor != 2:
		status, reason = http.StatusBadRequest, "HTTP/2 is required"
	case p.Certificate == "":
		status, reason = http.StatusForbidden, "MissingProviderToken"
	case p.Certificate != p.Topic:
		status, reason = http.StatusBadRequest, "TopicDisallowed"
	}
	a.mu.Lock()
	a.pushes = append(a.pushes, p)
	if a.answer != nil && status == http.StatusOK {
		status, reason = a.answer(p)
	}
	wake := a.phones[token]
	a.mu.Unlock()
	if status == http.StatusOK {
		if wake != nil {
			go wake()
		}
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"reason": reason}) // the other side may have gone
}
