package inspect

import (
	"errors"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// maxDER is the most of a signature that is read, in bytes, and maxDepth how
// deep it may be nested.
const (
	maxDER   = 1 << 20
	maxDepth = 32
)

var errDER = errors.New("it is cut off or no DER")

// header is the beginning of one BER value.
type header struct {
	tag byte
	// length is -1 where the end is marked by two zero bytes.
	length, size int
}

func readHeader(b []byte) (header, error) {
	if len(b) < 2 || b[0]&0x1f == 0x1f { // no signature has tags of many bytes
		return header{}, errDER
	}
	h := header{tag: b[0], length: int(b[1]), size: 2}
	if b[1] < 0x80 {
		return h, nil
	}
	n := int(b[1] & 0x7f)
	if n == 0 {
		h.length = -1
		return h, nil
	}
	if n > 4 || len(b) < 2+n {
		return header{}, errDER
	}
	h.length, h.size = 0, 2+n
	for _, c := range b[2 : 2+n] {
		h.length = h.length<<8 | int(c)
	}
	return h, nil
}

const constructed = 0x20

// rewrite turns the first value of b from BER (X.690), as openssl -stream writes
// it, into DER, as far as lengths and texts in chunks go, and appends it to out.
// rest is what follows it.
func rewrite(out, b []byte, depth int) (der, rest []byte, err error) {
	h, err := readHeader(b)
	if err != nil || depth > maxDepth {
		return nil, nil, errDER
	}
	body := b[h.size:]
	if h.length > len(body) || h.length < 0 && h.tag&constructed == 0 {
		return nil, nil, errDER
	}
	if h.length >= 0 {
		body, rest = body[:h.length], body[h.length:]
	}
	inner := body
	if h.tag&constructed != 0 {
		if inner, body, err = members(body, h.length < 0, depth); err != nil {
			return nil, nil, err
		}
		if h.length < 0 {
			rest = body
		}
	}
	if h.tag == byte(asn1.OCTET_STRING)|constructed {
		if inner, err = joined(inner); err != nil {
			return nil, nil, err
		}
		h.tag = byte(asn1.OCTET_STRING)
	}
	return append(appendHeader(out, h.tag, len(inner)), inner...), rest, nil
}

// members rewrites what stands in a constructed value, up to its end or to the
// two zero bytes that mark it.
func members(body []byte, marked bool, depth int) (inner, rest []byte, err error) {
	for {
		switch {
		case marked && len(body) >= 2 && body[0] == 0 && body[1] == 0:
			return inner, body[2:], nil
		case !marked && len(body) == 0:
			return inner, nil, nil
		}
		if inner, body, err = rewrite(inner, body, depth+1); err != nil {
			return nil, nil, err
		}
	}
}

// joined is the content of octet strings that follow each other.
func joined(chunks []byte) ([]byte, error) {
	var out []byte
	s := cryptobyte.String(chunks)
	for !s.Empty() {
		var chunk cryptobyte.String
		if !s.ReadASN1(&chunk, asn1.OCTET_STRING) {
			return nil, errDER
		}
		out = append(out, chunk...)
	}
	return out, nil
}

func appendHeader(out []byte, tag byte, length int) []byte {
	out = append(out, tag)
	if length < 0x80 {
		return append(out, byte(length))
	}
	var digits []byte
	for n := length; n > 0; n >>= 8 {
		digits = append([]byte{byte(n)}, digits...)
	}
	return append(append(out, 0x80|byte(len(digits))), digits...)
}
