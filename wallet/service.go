package wallet

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot"
	"github.com/passhook/passhook/bot/orders"
	"github.com/passhook/passhook/bot/phones"
	"github.com/passhook/passhook/pages"
	"github.com/passhook/passhook/passes"
)

// Phones answers what phones ask. phones.Phones is one.
type Phones interface {
	Register(ctx context.Context, library, passType, serial, token, pushToken string) (created bool, err error)
	Unregister(ctx context.Context, library, passType, serial, token string) error
	ChangedSince(ctx context.Context, library, passType, since string) (serials []string, tag string, err error)
	Latest(ctx context.Context, passType, serial, token string) (p *bot.Pass, behind bool, err error)
	Fetched(ctx context.Context, serial string) error
	Log(ctx context.Context, lines []string) error
}

// Service is the web service that Apple Wallet asks for changed passes. Its routes
// are in app.
// https://developer.apple.com/documentation/walletpasses/adding-a-web-service-to-update-passes
type Service struct {
	phones   Phones
	packages interface {
		Package(ctx context.Context, p *bot.Pass) (*passes.Package, error)
	}
	log *slog.Logger
}

// NewService is over what answers phones, and what makes packages.
func NewService(p Phones, made *orders.Orders, log *slog.Logger) *Service {
	return &Service{phones: p, packages: made, log: log}
}

// maxPhoneBody is the largest request of a phone, in bytes.
const maxPhoneBody = 64 << 10

// phoneToken is the token in the Authorization header, or empty.
func phoneToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "ApplePass") {
		return ""
	}
	return strings.TrimSpace(token)
}

// parts are what the path of a request names.
func parts(r *http.Request) (library, passType, serial string) {
	v := mux.Vars(r)
	return v["library"], v["type"], v["serial"]
}

// Register is POST /v1/devices/{library}/registrations/{type}/{serial}.
func (s *Service) Register(w http.ResponseWriter, r *http.Request) {
	library, passType, serial := parts(r)
	var body struct {
		PushToken string `json:"pushToken"`
	}
	if !s.read(w, r, &body) {
		return
	}
	created, err := s.phones.Register(r.Context(), library, passType, serial, phoneToken(r), body.PushToken)
	switch {
	case err != nil:
		s.fail(w, err)
	case created:
		w.WriteHeader(http.StatusCreated)
	default:
		w.WriteHeader(http.StatusOK)
	}
}

// Unregister is DELETE of the same path.
func (s *Service) Unregister(w http.ResponseWriter, r *http.Request) {
	library, passType, serial := parts(r)
	if err := s.phones.Unregister(r.Context(), library, passType, serial, phoneToken(r)); err != nil {
		s.fail(w, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// Serials is GET /v1/devices/{library}/registrations/{type}: which passes changed.
func (s *Service) Serials(w http.ResponseWriter, r *http.Request) {
	library, passType, _ := parts(r)
	serials, tag, err := s.phones.ChangedSince(r.Context(), library, passType, r.URL.Query().Get("passesUpdatedSince"))
	switch {
	case err != nil && !errors.Is(err, phones.ErrUnknown):
		s.fail(w, err)
	case len(serials) == 0:
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Cache-Control", "private, no-store")
		pages.WriteJSON(w, http.StatusOK, map[string]any{"serialNumbers": serials, "lastUpdated": tag})
	}
}

// Latest is GET /v1/passes/{type}/{serial}: the pass as it is now. Only where no
// phone is behind, what a phone has may do.
func (s *Service) Latest(w http.ResponseWriter, r *http.Request) {
	_, passType, serial := parts(r)
	p, behind, err := s.phones.Latest(r.Context(), passType, serial, phoneToken(r))
	if err != nil {
		s.fail(w, err)
		return
	}
	if !behind && unchanged(w, r, p.Version, p.Modified) {
		return
	}
	content, err := s.packages.Package(r.Context(), p)
	if err != nil {
		s.fail(w, err)
		return
	}
	describe(w.Header(), passes.MIMEType, p.Version)
	r.Header.Del("If-None-Match") // that it has changed is decided
	r.Header.Del("If-Modified-Since")
	http.ServeContent(w, r, "", p.Modified, content.Reader())
	if behind && r.Method == http.MethodGet && r.Context().Err() == nil {
		if err := s.phones.Fetched(context.WithoutCancel(r.Context()), serial); err != nil {
			s.log.Warn("what a phone has fetched could not be written", "error", err)
		}
	}
}

// Log is POST /v1/log: what a phone says.
func (s *Service) Log(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Logs []string `json:"logs"`
	}
	if !s.read(w, r, &body) {
		return
	}
	if err := s.phones.Log(r.Context(), body.Logs); err != nil {
		s.fail(w, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// read reads a body; where it cannot, it answers itself.
func (s *Service) read(w http.ResponseWriter, r *http.Request, into any) bool {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPhoneBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		pages.WriteError(w, http.StatusRequestEntityTooLarge, "the body is too large")
	case err != nil || json.Unmarshal(b, into) != nil:
		pages.WriteError(w, http.StatusBadRequest, "the body is not the JSON that Wallet sends")
	default:
		return true
	}
	return false
}

// fail answers what went wrong. A phone asks again after 503.
func (s *Service) fail(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, phones.ErrUnauthorized):
		pages.WriteError(w, http.StatusUnauthorized, "the token is missing or wrong")
	case errors.Is(err, phones.ErrInput):
		pages.WriteError(w, http.StatusBadRequest, "the request is not one that Wallet makes")
	default:
		if !errors.Is(err, orders.ErrBusy) {
			s.log.Error("a phone could not be answered", "error", err)
		}
		w.Header().Set("Retry-After", "30")
		pages.WriteError(w, http.StatusServiceUnavailable, "not right now; ask again later")
	}
}
