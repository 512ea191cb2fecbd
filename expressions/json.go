package expressions

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep JSON may be nested.
const maxDepth = 100

// DecodeJSON decodes strictly: duplicate keys, data after the value, invalid
// UTF-8, U+0000, numbers that no float64 holds and nesting over 100 are errors.
// Whole numbers become int, others float64.
func DecodeJSON(b []byte) (any, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(b))
	v, err := decode(dec)
	if err != nil {
		return nil, jsonError(err, dec)
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("there is more after the JSON value, at byte %d", dec.InputOffset())
	}
	return v, nil
}

func jsonError(err error, dec *jsontext.Decoder) error {
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		return fmt.Errorf("invalid JSON at byte %d: %w", syntactic.ByteOffset, syntactic.Err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("invalid JSON: it ends too early")
	}
	return fmt.Errorf("invalid JSON at byte %d: %w", dec.InputOffset(), err)
}

func decode(dec *jsontext.Decoder) (any, error) {
	tok, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	if dec.StackDepth() > maxDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxDepth)
	}
	switch tok.Kind() {
	case 't', 'f':
		return tok.Bool(), nil
	case '"':
		return text(tok)
	case '0':
		return jsonNumber(tok.String())
	case '[':
		return decodeList(dec)
	case '{':
		return decodeObject(dec)
	}
	return nil, nil //nolint:nilnil // JSON's null
}

func decodeList(dec *jsontext.Decoder) (any, error) {
	list := []any{}
	for dec.PeekKind() != ']' {
		v, err := decode(dec)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.ReadToken()
	return list, err
}

func decodeObject(dec *jsontext.Decoder) (any, error) {
	object := map[string]any{}
	for dec.PeekKind() != '}' {
		tok, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		key, err := text(tok)
		if err != nil {
			return nil, err
		}
		if object[key], err = decode(dec); err != nil {
			return nil, err
		}
	}
	_, err := dec.ReadToken()
	return object, err
}

func text(tok jsontext.Token) (string, error) {
	s := tok.String()
	if strings.IndexByte(s, 0) >= 0 {
		return "", errors.New("text with U+0000 is not allowed")
	}
	return s, nil
}

func jsonNumber(s string) (any, error) {
	if !strings.ContainsAny(s, ".eE") {
		if n, err := strconv.Atoi(s); err == nil {
			return n, nil
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, fmt.Errorf("the number %.20s is too large", s)
	}
	return whole(f), nil
}

// whole is an int where the number is one.
func whole(f float64) any {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int(f)
	}
	return f
}

// Normalize brings a tree that another decoder made into the form of
// DecodeJSON: int, float64, string, bool, nil, []any and map[string]any. Times
// become RFC 3339 text.
func Normalize(v any) any {
	switch v := v.(type) {
	case int64:
		return int(v)
	case uint64:
		if v <= math.MaxInt {
			return int(v)
		}
		return float64(v)
	case float64:
		return whole(v)
	case time.Time:
		return v.Format(time.RFC3339)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = Normalize(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = Normalize(e)
		}
		return out
	}
	return v
}
