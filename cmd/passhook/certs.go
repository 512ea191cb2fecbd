package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/joho/godotenv"

	"github.com/passhook/passhook/passes/certificates"
	"github.com/passhook/passhook/problems"
)

type certsCmd struct {
	Request certsRequestCmd `cmd:"" help:"Make a private key, and the request that Apple's developer portal asks for."`
	Import  certsImportCmd  `cmd:"" help:"Turn Apple's .cer into a .p12."`
	Show    certsShowCmd    `cmd:"" help:"Say what is installed, until when, and what is wrong."`
}

// passwordVariable is the environment variable of the password, as examples and
// init write it into passhook.yaml.
const passwordVariable = "PASS_CERTIFICATE_PASSWORD"

// certificatePassword is passwordVariable in the environment or in .env; empty
// where there is none.
func (c terminal) certificatePassword() string {
	if v, ok := c.Env(passwordVariable); ok {
		return v
	}
	dir := c.Dir
	if c.Config != "" {
		dir = filepath.Dir(c.in(c.Config))
	}
	file, err := godotenv.Read(filepath.Join(dir, ".env"))
	if err != nil {
		return ""
	}
	return file[passwordVariable]
}

// in is a path as seen from the working directory.
func (c terminal) in(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.Dir, name)
}

// portal is where Apple's developer portal keeps certificates.
const portal = "https://developer.apple.com/account/resources/certificates/list"

// readCertificates reads a file, with the password or without one. The error is
// a problems.List that names the file.
func (c terminal) readCertificates(name, password string) (certificates.Content, error) {
	b, err := os.ReadFile(c.in(name))
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return certificates.Content{}, problems.List{{File: name, Text: "there is no such file"}}
	case errors.As(err, &path):
		return certificates.Content{}, problems.List{{File: name, Text: "cannot be read: " + path.Err.Error()}}
	case err != nil:
		return certificates.Content{}, err
	}
	out, found := certificates.Read(b, "")
	if len(found) > 0 && password != "" {
		out, found = certificates.Read(b, password)
	}
	if len(found) == 0 {
		return out, nil
	}
	found[0].File = name
	if found[0].Path == "password" {
		found[0].Text += "; write the right one into " + passwordVariable + " in .env or in the environment"
	}
	return out, found
}

// keysNear are the private keys in the folders, by file. What cannot be read is
// left out.
func (c terminal) keysNear(folders []string, password string) map[string]certificates.Content {
	out := map[string]certificates.Content{}
	for _, folder := range folders {
		for _, pattern := range []string{"*.key", "*.pem"} {
			names, err := filepath.Glob(filepath.Join(c.in(folder), pattern))
			if err != nil {
				continue
			}
			for _, name := range names {
				if content, err := c.readCertificates(name, password); err == nil && content.Key != nil {
					out[name] = content
				}
			}
		}
	}
	return out
}
