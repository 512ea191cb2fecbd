package mailer

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"regexp"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/passhook/passhook/integrations"
	gomail "github.com/wneessen/go-mail"
)

// maxAttached is how many packages a mail carries, and maxAttachmentBytes the most
// of all together. Beyond them, none is attached, so that no mail shows some passes
// and hides others. Base64 makes 7 MB to 9.6 MB, below the 10 MB that every
// large provider takes.
const (
	maxAttached        = 10
	maxAttachmentBytes = 7_000_000
)

// packageType is what Mail and Safari open in Wallet.
const packageType = "application/vnd.apple.pkpass"

//go:embed mail.html mail.txt
var templateFiles embed.FS

var (
	htmlMail = htmltemplate.Must(htmltemplate.ParseFS(templateFiles, "mail.html"))
	textMail = texttemplate.Must(texttemplate.ParseFS(templateFiles, "mail.txt"))

	// identifier is what a delivery's id may be made of: it stands in Message-ID.
	identifier = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	notInFile  = regexp.MustCompile(`[^A-Za-z0-9._-]+`)
)

// content is what the templates show. Every text in it is one clean line,
// Intro apart.
type content struct {
	Subject  string
	Intro    string
	Attached bool
	// LinksOnly is true where the config wants no attachments.
	LinksOnly bool
	Passes    []pass
	// Page is the address of the page with all passes; empty where the mail
	// does not lead there.
	Page     string
	Editable bool
}

// Many is true where there are too many passes to attach: then their page is
// the first button.
func (c content) Many() bool { return len(c.Passes) > maxAttached }

// PageLabel says what the page is for.
func (c content) PageLabel() string {
	if c.Editable {
		return "Enter or change the names on your tickets"
	}
	return "All passes on one page"
}

// Paragraphs is the intro split at its line breaks.
func (c content) Paragraphs() []string { return strings.Split(c.Intro, "\n") }

// How says how to open the passes; press names what leads to a pass's page,
// "link" or "button".
func (c content) How(press string) string {
	const open = "Open this mail on your iPhone or Mac and tap "
	n := len(c.Passes)
	switch {
	case c.Attached && c.Passes[0].Link == "":
		return open + plural(n, "the attachment") + "."
	case c.Attached:
		return open + plural(n, "the attachment") + " or " + plural(n, "the "+press) + "."
	case c.LinksOnly:
		return open + "the " + plural(n, press) + "."
	case n == 1:
		return "The pass is too large to attach. " + open + "the " + press + "."
	case n > maxAttached:
		return "The passes are too many to attach, so each has its own " + press + ". " + open + "the " + press + "s."
	}
	return "The passes are too large to attach, so each has its own " + press + ". " + open + "the " + press + "s."
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

type pass struct {
	Title, Link string
	Fields      []integrations.Field
}

// envelope is a finished mail and the two addresses of its way, in angle
// brackets, as SMTP wants them.
type envelope struct {
	from, to string
	wire     [][]byte // the mail with what ends it, in pieces
	// confirm is asked before anything of the mail is sent; nil: nobody is.
	confirm func(context.Context) error
}

// compose makes the mail of a delivery. Its errors are final, since the same
// delivery never becomes a better mail, but for those of a DKIM key.
func (m *Mailer) compose(d integrations.Delivery) (envelope, error) {
	msg, err := m.newMessage(d.Recipient, d.ID, d.Created)
	if err != nil {
		return envelope{}, err
	}
	c, err := newContent(d, m.settings.attach)
	if err != nil {
		return envelope{}, err
	}
	var text, html strings.Builder
	if err := errors.Join(textMail.Execute(&text, c), htmlMail.Execute(&html, c)); err != nil {
		return envelope{}, integrations.Never(fmt.Errorf("mail: %w", err))
	}
	msg.Subject(c.Subject)
	msg.SetBodyString(gomail.TypeTextPlain, text.String())
	msg.AddAlternativeString(gomail.TypeTextHTML, html.String())
	var mail pieces
	if c.Attached {
		files := make([]*gomail.File, len(d.Packages))
		for i, p := range d.Packages {
			content, err := p.Sign()
			if err != nil {
				return envelope{}, err
			}
			files[i] = m.encodings.attachment(filename(p.Filename, i), content, &mail)
		}
		msg.SetAttachments(files)
	}
	e, err := m.finish(msg, &mail)
	e.confirm = d.Confirm
	return e, err
}

// notice makes a plain mail to the operator.
func (m *Mailer) notice(to string, n integrations.Notice) (envelope, error) {
	msg, err := m.newMessage(to, n.ID, m.opts.Now())
	if err != nil {
		return envelope{}, err
	}
	msg.Subject(line(n.Subject, maxSubject))
	msg.SetBodyString(gomail.TypeTextPlain, lines(n.Text, maxNotice)+"\n")
	return m.finish(msg, &pieces{})
}

// newMessage makes a mail without subject and body. The same id and date give
// the same header each time, so that a repeated mail can be told as one.
func (m *Mailer) newMessage(to, id string, date time.Time) (*gomail.Msg, error) {
	recipient, err := parseAddress(to)
	if err != nil {
		return nil, integrations.Never(fmt.Errorf("mail: the recipient's address %w; correct it and send again", err))
	}
	if !identifier.MatchString(id) {
		return nil, integrations.Never(fmt.Errorf("mail: the id %q cannot stand in a Message-ID; use letters, digits, - and _", id))
	}
	recipient.Name = "" // it would be somebody else's words in our header
	s := m.settings
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(recipient)
	msg.ReplyToMailAddress(cmp.Or(s.replyTo, s.from))
	msg.SetDateWithValue(date.UTC())
	msg.SetMessageIDWithValue(id + "@" + s.domain())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	msg.SetGenHeader("X-Entity-Ref-ID", id)              // keeps Gmail from putting different orders into one thread
	msg.SetGenHeader("Resend-Idempotency-Key", id)       // resend.com drops what it already had
	return msg, nil
}

// finish writes the mail, which its attachments may write to as well, and signs it.
func (m *Mailer) finish(msg *gomail.Msg, mail *pieces) (envelope, error) {
	from, err := msg.GetSender(false)
	if err != nil {
		return envelope{}, fmt.Errorf("mail: %w", err)
	}
	to, err := msg.GetRecipients()
	if err != nil {
		return envelope{}, fmt.Errorf("mail: %w", err)
	}
	if _, err := msg.WriteTo(mail); err != nil {
		return envelope{}, fmt.Errorf("mail: %w", err)
	}
	mail.flush()
	if s := m.settings; s.dkimKey != nil {
		// One for each mail: a signer is not safe for use by two goroutines.
		signer := gomail.NewDKIMSigner(s.dkim.Domain, s.dkim.Selector, s.dkimKey)
		signer.NowFunc = m.opts.Now
		if err := mail.sign(signer); err != nil {
			return envelope{}, fmt.Errorf("mail: it cannot be signed: %w; check mail.dkim.key", err)
		}
	}
	return envelope{from: from, to: to[0], wire: mail.wire()}, nil
}

func newContent(d integrations.Delivery, attach bool) (content, error) {
	n := len(d.Packages)
	if n == 0 {
		return content{}, integrations.Never(errors.New("mail: the delivery has no passes"))
	}
	c := content{
		Subject:  line(d.Subject, maxSubject),
		Intro:    unlinked(lines(d.Intro, maxIntro)),
		Attached: attach && attachable(d.Packages), LinksOnly: !attach,
	}
	if n > 1 || d.Editable {
		c.Page, c.Editable = link(d.Link), d.Editable
	}
	if c.Subject == "" {
		c.Subject = defaultSubject(n, line(d.Packages[0].Title, maxSubject))
	}
	if c.Intro == "" {
		c.Intro = "Here is your pass."
		if n > 1 {
			c.Intro = fmt.Sprintf("Here are your %d passes.", n)
		}
	}
	for _, p := range d.Packages {
		shown := pass{Title: unlinked(line(p.Title, maxValue)), Link: link(p.Link)}
		if shown.Link == "" && !c.Attached {
			return content{}, integrations.Never(fmt.Errorf("mail: pass %s can neither be attached nor has it a link", p.Serial))
		}
		for _, f := range p.Fields {
			field := integrations.Field{Label: unlinked(line(f.Label, maxValue)), Value: unlinked(line(f.Value, maxValue))}
			if field != (integrations.Field{}) {
				shown.Fields = append(shown.Fields, field)
			}
		}
		c.Passes = append(c.Passes, shown)
	}
	return c, nil
}

// link is an address as it may stand in a mail; empty where it is no address.
func link(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return u.String()
}

// attachable reports whether all packages fit into one mail.
func attachable(packages []integrations.Package) bool {
	total := int64(0)
	for _, p := range packages {
		if p.Sign == nil {
			return false
		}
		total += p.Bytes
	}
	return len(packages) <= maxAttached && total <= maxAttachmentBytes
}

func defaultSubject(n int, title string) string {
	subject := "Your pass"
	if n > 1 {
		subject = fmt.Sprintf("Your %d passes", n)
	}
	if title == "" {
		return subject
	}
	return cut(subject+": "+title, maxSubject)
}

// filename is a package's name made safe; i counts from 0.
func filename(name string, i int) string {
	name = strings.Trim(notInFile.ReplaceAllString(strings.TrimSuffix(name, ".pkpass"), "-"), "-.")
	if name == "" {
		name = fmt.Sprintf("pass-%d", i+1)
	}
	return cut(name, maxName) + ".pkpass"
}
