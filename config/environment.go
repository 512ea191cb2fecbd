package config

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/joho/godotenv"

	"github.com/passhook/passhook/problems"
)

// environment looks names up in the real environment first, then in .env.
type environment struct {
	real func(string) (string, bool)
	file map[string]string
}

func (e environment) lookup(name string) (string, bool) {
	if e.real != nil {
		if v, ok := e.real(name); ok {
			return v, true
		}
	}
	v, ok := e.file[name]
	return v, ok
}

// get is the value, or empty.
func (e environment) get(name string) string {
	v, _ := e.lookup(name)
	return v
}

// readEnvironment reads the .env file beside the config, if there is one.
// Nothing is put into the environment of the process.
func (l *loader) readEnvironment() {
	l.env.real = l.Env
	path := filepath.Join(l.config.Dir, ".env")
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		l.found = append(l.found, problems.Problem{File: path, Text: "cannot be read: " + reason(err).Error()})
		return
	}
	l.env.file, err = godotenv.UnmarshalBytes(raw)
	if err != nil {
		// The library's text quotes the rest of the file, secrets included.
		l.found = append(l.found, problems.Problem{
			File: path, Line: badLine(raw), Column: 1,
			Text: "is not a NAME=value line; put values with spaces, quotes or $ in single quotes, and # before comments",
		})
	}
}

// badLine is the line where reading .env stops: the one after the longest
// beginning of the file that can be read.
func badLine(raw []byte) int {
	lines := bytes.SplitAfter(raw, []byte("\n"))
	for n := len(lines) - 1; n > 0; n-- {
		if _, err := godotenv.UnmarshalBytes(bytes.Join(lines[:n], nil)); err == nil {
			return n + 1
		}
	}
	return 1
}
