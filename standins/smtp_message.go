package standins

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
)

// maxNesting is how deep multiparts may lie in each other.
const maxNesting = 8

// Mail is a Message taken apart.
type Mail struct {
	// Header is the decoded header, in the order of the raw message.
	Header []HeaderField
	// Text and HTML are the first parts of their kind that are no attachment.
	Text, HTML  string
	Attachments []Attachment
}

// HeaderField is one line of a mail's header, unfolded and decoded.
type HeaderField struct{ Name, Value string }

// Attachment is one file of a mail.
type Attachment struct {
	Filename string
	// ContentType is the media type without parameters.
	ContentType string
	Bytes       []byte
}

// Get is the first value of a header field, or empty.
func (m Mail) Get(name string) string {
	for _, f := range m.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Parse takes the message apart. What could be read is returned beside the error.
func (m Message) Parse() (Mail, error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return Mail{}, fmt.Errorf("mail: %w", err)
	}
	out := Mail{Header: headerFields(m.Raw)}
	return out, out.read(textproto.MIMEHeader(parsed.Header), parsed.Body, 0)
}

// headerFields keeps the order, which net/mail's map loses.
func headerFields(raw []byte) []HeaderField {
	head, _, _ := strings.Cut(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n\n")
	head = strings.NewReplacer("\n ", " ", "\n\t", " ").Replace(head)
	var fields []HeaderField
	var decoder mime.WordDecoder
	for line := range strings.SplitSeq(head, "\n") {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		if decoded, err := decoder.DecodeHeader(value); err == nil {
			value = decoded
		}
		fields = append(fields, HeaderField{Name: name, Value: value})
	}
	return fields
}

// read adds one part, and the parts in it.
func (m *Mail) read(header textproto.MIMEHeader, body io.Reader, depth int) error {
	mediaType, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		mediaType = "text/plain"
	}
	if strings.HasPrefix(mediaType, "multipart/") {
		if depth == maxNesting {
			return fmt.Errorf("mail: parts lie more than %d deep", maxNesting)
		}
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return fmt.Errorf("mail: %w", err)
			}
			if err := m.read(part.Header, part, depth+1); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(header.Get("Content-Transfer-Encoding")) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("mail: %s: %w", mediaType, err)
	}
	m.add(mediaType, params["name"], header.Get("Content-Disposition"), content)
	return nil
}

func (m *Mail) add(mediaType, name, disposition string, content []byte) {
	kind, params, _ := mime.ParseMediaType(disposition)
	switch {
	case kind != "attachment" && mediaType == "text/plain" && m.Text == "":
		m.Text = string(content)
	case kind != "attachment" && mediaType == "text/html" && m.HTML == "":
		m.HTML = string(content)
	default:
		if params["filename"] != "" {
			name = params["filename"]
		}
		m.Attachments = append(m.Attachments, Attachment{Filename: name, ContentType: mediaType, Bytes: content})
	}
}
