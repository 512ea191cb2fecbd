package phones_test

import (
	"strings"
	"testing"

	"github.com/passhook/passhook/bot/phones"
)

func TestWhatPhonesSayIsExplained(t *testing.T) {
	const task = "(for device 0123456789abcdef, pass type pass.com.example.tickets, serial number d3a3lmfeddamw4z76rbad745vu; with web service url https://tickets.example.com/wallet)"
	for line, want := range map[string]string{
		"[2026-11-24 20:00:00 +0100] Register task " + task + " encountered error: Authentication failure":                                                                                                        "the pass's token is not the one",
		"[2026-11-24 20:00:00 +0100] Unregister task " + task + " encountered error: Authentication failure":                                                                                                      "the pass's token is not the one",
		"[2026-11-24 20:00:00 +0100] Get serial numbers task (for device x, pass type y, last updated 1; with web service url z) encountered error: Unexpected response code 503":                                 "the server was overloaded or away",
		"[2026-11-24 20:00:00 +0100] Get pass task " + task + " encountered error: Unexpected response code 404":                                                                                                  "there was nothing at the address",
		"[2026-11-24 20:00:00 +0100] Get pass task " + task + " encountered error: The request timed out.":                                                                                                        "the phone did not reach the server",
		"[2026-11-24 20:00:00 +0100] Get pass task " + task + " encountered error: An SSL error has occurred and a secure connection to the server cannot be made.":                                               "the phone does not trust the certificate",
		"[2026-11-24 20:00:00 +0100] Web service error for pass.com.example.tickets (https://tickets.example.com/wallet): Update requested for unregistered serial number d3a3lmfeddamw4z76rbad745vu":             "the phone was told of a pass that it has no more",
		"[2026-11-24 20:00:00 +0100] Web service error for pass.com.example.tickets (https://tickets.example.com/wallet): Server requested update to serial number 'd3a3', but the pass was unchanged.":           "the phone was told of a pass that it had",
		"[2026-11-24 20:00:00 +0100] Web service error for x (y): Server ignored the 'if-modified-since' header (Tue, 24 Nov 2026 19:00:00 GMT) and returned the full unchanged pass data for serial number 'd'.": "the phone asked for what is newer",
		"[2026-11-24 20:00:00 +0100] Web service error for x (y): Server returned the pass data for serial number 'd' but did not provide a 'last-modified' header.":                                              "the answer had no Last-Modified",
		"[2026-11-24 20:00:00 +0100] Web service error for x (y): Response to 'What changed?' request included 2 serial numbers but the lastUpdated tag (1) remained the same.":                                   "the phone got the same list twice",
		"[2026-11-24 20:00:00 +0100] Web service error for x (y): Device received spurious push. Request for passesUpdatedSince '1' returned no serial numbers. (Device = z)":                                     "the phone was woken and found nothing new",
		"Manifest signature did not verify successfully": "the phone refuses the new package",
		"something that nobody has said before":          "",
		"":                                               "",
	} {
		e, ok := phones.Explain(line)
		if ok != (want != "") || !strings.HasPrefix(e.Cause, want) || ok && e.Fix == "" {
			t.Errorf("%s: %+v", line, e)
		}
	}
}
