package api_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/passhook/passhook/store/storetest"
)

// TestMain has the process trust the certificate of test servers.
func TestMain(m *testing.M) { os.Exit(trusting(m)) }

func trusting(m *testing.M) int {
	dir, err := os.MkdirTemp("", "passhook-roots-")
	if err != nil {
		return 1
	}
	defer os.RemoveAll(dir)
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	file := filepath.Join(dir, "roots.pem")
	if os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600) != nil || os.Setenv("SSL_CERT_FILE", file) != nil {
		return 1
	}
	return storetest.Run(m)
}
