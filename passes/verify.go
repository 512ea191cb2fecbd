package passes

import (
	"archive/zip"
	"bytes"
	"crypto/sha1" //nolint:gosec // PassKit's manifest is SHA-1
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"go.mozilla.org/pkcs7"
)

// maxEntry is the largest file of a package that Verify reads, in bytes.
const maxEntry = 32 << 20

// Verify checks a package that we made: every file stands in the manifest with
// its SHA-1 and no other, and the signature over the manifest ends at one of
// the roots. It is no check of packages from elsewhere.
func Verify(pkg []byte, roots *x509.CertPool, now time.Time) error {
	files, err := unzip(pkg)
	if err != nil {
		return err
	}
	var manifest map[string]string
	if err := json.Unmarshal(files["manifest.json"], &manifest); err != nil {
		return fmt.Errorf("manifest.json: %w", err)
	}
	p7, err := pkcs7.Parse(files["signature"])
	if err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	p7.Content = files["manifest.json"]
	if err := p7.VerifyWithChainAtTime(roots, now); err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	delete(files, "manifest.json")
	delete(files, "signature")
	for name, content := range files {
		sum := sha1.Sum(content) //nolint:gosec // as above
		if manifest[name] != hex.EncodeToString(sum[:]) {
			return fmt.Errorf("%s is not the file that manifest.json names", name)
		}
	}
	if len(manifest) != len(files) || files["pass.json"] == nil {
		return errors.New("manifest.json does not name the files that are there")
	}
	return nil
}

func unzip(pkg []byte) (map[string][]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(pkg), int64(len(pkg)))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		content, err := io.ReadAll(io.LimitReader(r, maxEntry))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if files[f.Name] != nil {
			return nil, fmt.Errorf("%s stands in the package twice", f.Name)
		}
		files[f.Name] = content
	}
	return files, nil
}
