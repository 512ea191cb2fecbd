package images

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"io"

	"golang.org/x/image/webp"
)

// Limits of one image, which hold before anything is decoded.
const (
	MaxBytes  = 16 << 20
	MaxPixels = 16_000_000
)

// Info is what an image's header says.
type Info struct {
	// Format is png, jpeg or webp.
	Format        string
	Width, Height int
	// Crushed is a PNG in the form that Xcode makes for apps.
	Crushed bool
}

var errEmpty = errors.New("is empty")

// Inspect reads the header of an image, and of a PNG all chunks, without
// decoding it. Errors say what it is instead, or what is broken.
func Inspect(b []byte) (Info, error) {
	switch {
	case len(b) == 0:
		return Info{}, errEmpty
	case len(b) > MaxBytes:
		return Info{}, fmt.Errorf("has %d bytes; the most is %d", len(b), MaxBytes)
	}
	var info Info
	var err error
	switch {
	case bytes.HasPrefix(b, pngSignature):
		info, err = inspectPNG(b)
	case bytes.HasPrefix(b, []byte{0xff, 0xd8, 0xff}):
		info, err = header("jpeg", b, jpeg.DecodeConfig)
	case len(b) > 16 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		if string(b[12:16]) == "VP8X" && len(b) > 20 && b[20]&webpAnimated != 0 {
			return Info{}, errors.New("is an animated WebP, and Wallet shows still images; save one frame as PNG")
		}
		info, err = header("webp", b, webp.DecodeConfig)
	default:
		return Info{}, foreign(b)
	}
	if err != nil {
		return info, err
	}
	if info.Width <= 0 || info.Height <= 0 || info.Width > MaxPixels/info.Height {
		return info, fmt.Errorf("has %d by %d pixels; the most is %d in all: make it smaller",
			info.Width, info.Height, MaxPixels)
	}
	return info, nil
}

// webpAnimated is a flag of a WebP's VP8X chunk.
// https://developers.google.com/speed/webp/docs/riff_container
const webpAnimated = 0x02

func header(format string, b []byte, decode func(io.Reader) (image.Config, error)) (Info, error) {
	c, err := decode(bytes.NewReader(b))
	if err != nil {
		return Info{}, fmt.Errorf("is a broken %s: %w", format, err)
	}
	return Info{Format: format, Width: c.Width, Height: c.Height}, nil
}

// foreign says what the bytes are that are no image of ours.
func foreign(b []byte) error {
	start := bytes.ToLower(bytes.TrimLeft(b[:min(len(b), 512)], "\xef\xbb\xbf \t\r\n"))
	for _, f := range []struct {
		is   bool
		what string
	}{
		{bytes.HasPrefix(start, []byte("gif8")), "is a GIF"},
		{bytes.HasPrefix(start, []byte("%pdf")), "is a PDF"},
		{bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html")), "is a web page, not an image"},
		{bytes.Contains(start, []byte("<svg")), "is an SVG"},
		{len(b) > 12 && string(b[4:8]) == "ftyp", "is a HEIC or AVIF image"},
		{bytes.HasPrefix(b, []byte("BM")), "is a BMP"},
		{bytes.HasPrefix(b, []byte("II*\x00")) || bytes.HasPrefix(b, []byte("MM\x00*")), "is a TIFF"},
	} {
		if f.is {
			return fmt.Errorf("%s; save it as PNG", f.what)
		}
	}
	return errors.New("is no PNG, JPEG or WebP")
}

var pngSignature = []byte("\x89PNG\r\n\x1a\n")

// chunk lengths and types of PNG (RFC 2083).
const (
	chunkOverhead = 12
	headerLength  = 13
)

func inspectPNG(b []byte) (Info, error) {
	info := Info{Format: "png"}
	rest := b[len(pngSignature):]
	data, seen := false, false
	for {
		if len(rest) < chunkOverhead {
			return info, errors.New("is a PNG that was cut off")
		}
		n := binary.BigEndian.Uint32(rest)
		if uint64(n) > uint64(len(rest)-chunkOverhead) {
			return info, errors.New("is a PNG that was cut off")
		}
		kind, content := string(rest[4:8]), rest[8:8+n]
		if crc32.ChecksumIEEE(rest[4:8+n]) != binary.BigEndian.Uint32(rest[8+n:]) {
			return info, fmt.Errorf("is a broken PNG: its %s has another checksum", kind)
		}
		switch {
		case kind == "CgBI" && !seen:
			info.Crushed = true
		case !seen && kind != "IHDR" || kind == "IHDR" && (seen || n != headerLength):
			return info, errors.New("is a broken PNG: it has no header")
		case kind == "IHDR":
			seen = true
			w, h := binary.BigEndian.Uint32(content), binary.BigEndian.Uint32(content[4:])
			if w > 1<<30 || h > 1<<30 {
				return info, errors.New("is a broken PNG: its size is impossible")
			}
			info.Width, info.Height = int(w), int(h)
		case kind == "acTL":
			return info, errors.New("is an animated PNG, and Wallet shows still images; save one frame")
		case kind == "IDAT":
			data = true
		case kind == "IEND":
			if !data {
				return info, errors.New("is a broken PNG: it has no picture")
			}
			return info, nil
		}
		rest = rest[chunkOverhead+n:]
	}
}
