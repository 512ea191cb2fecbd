package hooks

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// SamplePrefix begins the ids of samples whose object would be fetched: they
// carry it.
const SamplePrefix = "passhook_sample_"

// sampleMember is where they have it.
const sampleMember = "passhook_sample"

// sampleTime is the time in samples that are only looked at.
var sampleTime = time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)

// fill puts a number and a time into a sample.
func (s sampleText) fill(n string, now time.Time) sampleText {
	r := strings.NewReplacer("{{n}}", n, "{{time}}", now.UTC().Format(time.RFC3339), "{{unix}}", strconv.FormatInt(now.Unix(), 10), "{{sample}}", SamplePrefix)
	out := sampleText{ContentType: s.ContentType, Headers: map[string]string{}, Body: r.Replace(s.Body), Fetched: r.Replace(s.Fetched)}
	for name, value := range s.Headers {
		out.Headers[name] = r.Replace(value)
	}
	return out
}

func (s sampleText) header() http.Header {
	h := http.Header{"Content-Type": {"application/json"}}
	if s.ContentType != "" {
		h.Set("Content-Type", s.ContentType)
	}
	for name, value := range s.Headers {
		h.Set(name, value)
	}
	return h
}
