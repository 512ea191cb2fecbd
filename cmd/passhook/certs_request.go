package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"strings"

	"github.com/passhook/passhook/passes/certificates"
)

type certsRequestCmd struct {
	Name    string `required:"" help:"Your organisation, or yourself." placeholder:"NAME"`
	Email   string `required:"" help:"Your address at Apple." placeholder:"ADDRESS"`
	Country string `help:"Two letters." default:"US"`
	Out     string `help:"What to write, without .key and .csr." default:"certs/pass" placeholder:"PATH"`
	Force   bool   `help:"Make a new key where there is one. Certificates for the old one are lost with it."`
}

// keyBits is what Apple asks for, neither more nor less.
const keyBits = 2048

// Run makes the key, or takes the one that is there, and the request for it.
func (r certsRequestCmd) Run(_ context.Context, c terminal) error {
	address, err := mail.ParseAddress(r.Email)
	if err != nil || address.Address != r.Email || !isASCII(r.Email) {
		return wrongUse(fmt.Sprintf("--email: %q is no mail address", r.Email))
	}
	if strings.TrimSpace(r.Name) == "" {
		return wrongUse("--name: is empty")
	}
	if len(r.Country) != 2 || strings.ToUpper(r.Country) != r.Country || !isASCII(r.Country) {
		return wrongUse(fmt.Sprintf("--country: %q is no country; write two capital letters, such as US", r.Country))
	}
	if info, err := os.Stat(c.in(r.Out)); err == nil && info.IsDir() || strings.HasSuffix(r.Out, "/") {
		r.Out = filepath.Join(r.Out, "pass")
	}
	if err := os.MkdirAll(filepath.Dir(c.in(r.Out)), 0o700); err != nil {
		return err
	}
	key, err := r.key(c)
	if err != nil {
		return err
	}
	request, err := certificates.Request(key, r.Name, r.Email, r.Country)
	if err != nil {
		return err
	}
	if err := writeWhole(c.in(r.Out+".csr"), bytes.NewReader(request)); err != nil {
		return err
	}
	fmt.Fprintln(c.Out, r.Out+".csr")
	fmt.Fprintf(c.Err, nextSteps, portal, r.Out+".csr", r.Out+".key")
	return nil
}

// nextSteps are in the words of Apple's portal.
// https://developer.apple.com/help/account/capabilities/create-wallet-identifiers-and-certificates
const nextSteps = `
Next, as Account Holder or Admin of the developer account:
 1. Open %s
    (Certificates, Identifiers & Profiles; Certificates) and click +.
 2. Under Services choose Pass Type ID Certificate, and Continue.
 3. Choose your Pass Type ID, or Create Pass Type ID: an identifier such as
    pass.com.example.tickets, in which example.com is your domain.
 4. Upload %s, Continue, and Download.
 5. passhook certs import pass.cer

Keep %s: Apple has no copy of it.
`

// key is the private key, written before it is used.
func (r certsRequestCmd) key(c terminal) (crypto.Signer, error) {
	name := r.Out + ".key"
	if exists(c.in(name)) && !r.Force {
		content, err := c.readCertificates(name, c.certificatePassword())
		if err != nil {
			return nil, err
		}
		if public, ok := publicRSA(content.Key); !ok || public.N.BitLen() != keyBits {
			return nil, fmt.Errorf("%s: holds no RSA key of %d bits, which Apple asks for; choose another --out, or --force to replace it",
				name, keyBits)
		}
		fmt.Fprintf(c.Err, "The request is for the key that is there: %s\n", name)
		return content.Key, nil
	}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, err
	}
	b, err := certificates.KeyPEM(key)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(c.Out, name)
	return key, writeWhole(c.in(name), bytes.NewReader(b))
}

func publicRSA(key crypto.Signer) (*rsa.PublicKey, bool) {
	if key == nil {
		return nil, false
	}
	public, ok := key.Public().(*rsa.PublicKey)
	return public, ok
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 126 || r < 32 }) < 0
}
