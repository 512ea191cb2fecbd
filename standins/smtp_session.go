package standins

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"io"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

var errLogin = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}

// session is one connection's conversation.
type session struct {
	server *SMTP
	conn   *smtp.Conn
	login  bool
	from   string
	to     []string
}

func (s *SMTP) session(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: c, login: s.opts.Username == ""}, nil
}

func (s *session) AuthMechanisms() []string {
	if s.server.opts.Username == "" {
		return nil
	}
	return []string{sasl.Plain, sasl.Login}
}

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(username, password string) error {
		o := s.server.opts
		if username != o.Username || subtle.ConstantTimeCompare([]byte(password), []byte(o.Password)) != 1 {
			return smtp.ErrAuthFailed
		}
		s.login = true
		return nil
	}
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, username, password string) error { return check(username, password) }), nil
	case sasl.Login:
		return &loginServer{check: check}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.login {
		return errLogin
	}
	s.from = from
	return s.fail("mail")
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.drop(s.server.fail("rcpt", s.from, to)); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	if err := s.fail("data"); err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if end := bytes.Index(raw, []byte("\r\n\r\n")); s.server.opts.HeadersOnly && end >= 0 {
		raw = bytes.Clone(raw[:end+4])
	}
	err = s.ask("after-data")
	if err == nil || errors.Is(err, ErrDrop) { // before the client learns of either
		s.server.keep(Message{From: s.from, To: s.to, Raw: raw, Received: s.server.opts.Now()})
	}
	return s.drop(err)
}

func (s *session) Reset() { s.from, s.to = "", nil }

func (s *session) Logout() error { return nil }

// fail asks the hook, and closes the connection when it says so.
func (s *session) fail(stage string) error { return s.drop(s.ask(stage)) }

// ask asks the hook about the conversation's first recipient.
func (s *session) ask(stage string) error {
	to := ""
	if len(s.to) > 0 {
		to = s.to[0]
	}
	return s.server.fail(stage, s.from, to)
}

// drop closes the connection when err asks for it; the answer then goes nowhere.
func (s *session) drop(err error) error {
	if errors.Is(err, ErrDrop) {
		_ = s.conn.Conn().Close()
	}
	return err
}

// loginServer is AUTH LOGIN, which go-sasl has for clients only.
type loginServer struct {
	check    func(username, password string) error
	username string
	step     int
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response == nil && l.step == 0 {
		return []byte("Username:"), false, nil
	}
	l.step++
	if l.step == 1 {
		l.username = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.username, string(response))
}
