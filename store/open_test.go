package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

func TestAStoreOfAnotherVersionIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		exec(t, s, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)")
		must(t, s.Close())
		for name, open := range map[string]func() (*store.Store, error){
			"Open":       func() (*store.Store, error) { return store.Open(t.Context(), p.Config) },
			"OpenBeside": func() (*store.Store, error) { return store.OpenBeside(t.Context(), p.Config) },
		} {
			if s, err := open(); s != nil || err == nil || !strings.Contains(err.Error(), "made by a newer passhook") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestASecondServerIsRefused(t *testing.T) {
	t.Parallel()
	p := sqlite(t)
	opened(t, p)
	if _, err := store.Open(t.Context(), p.Config); err == nil || !strings.Contains(err.Error(), "another passhook works on") {
		t.Errorf("got %v", err)
	}
}

func TestOpenBesideSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := sqlite(t)
	if _, err := store.OpenBeside(t.Context(), p.Config); err == nil || !strings.Contains(err.Error(), "start passhook serve once") {
		t.Errorf("no file: %v", err)
	}
	p = postgres(t)
	p.URL = storetest.Postgres(t)
	if _, err := store.OpenBeside(t.Context(), p.Config); err == nil || !strings.Contains(err.Error(), "start passhook serve once") {
		t.Errorf("no tables: %v", err)
	}
}

func TestAFolderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	p := sqlite(t)
	p.Path = filepath.Join(file, "passhook.db")
	if _, err := store.Open(t.Context(), p.Config); err == nil || !strings.Contains(err.Error(), "data folder") {
		t.Errorf("got %v", err)
	}
}

func TestTheFileIsPrivate(t *testing.T) {
	t.Parallel()
	p := sqlite(t)
	opened(t, p)
	if info, err := os.Stat(p.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestAfterTheEndTheFileAloneHoldsEverything(t *testing.T) {
	p := sqlite(t)
	s := p.open(t)
	accept(t, s, event("1"))
	must(t, s.Close())
	if wal, err := os.Stat(p.Path + "-wal"); err == nil && wal.Size() > 0 {
		t.Errorf("%d bytes lie beside it", wal.Size())
	}
}
