package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestProgressStaysOnOneLine(t *testing.T) {
	var out bytes.Buffer
	line := progressLine{w: &out, all: 1000}
	for range 1000 {
		line.step()
	}
	line.end()
	shown := strings.Split(out.String(), "\r")
	if len(shown) != 101 || shown[1] != "10 of 1000 rows" || shown[100] != "1000 of 1000 rows\n" {
		t.Errorf("%d times, %q", len(shown)-1, out.String())
	}
}
