package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/store"
)

func TestAStoreOfAnotherVersionIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		s := p.open(t)
		_, err := s.Database().Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)")
		must(t, err)
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

func TestTimesComeFromTheClock(t *testing.T) {
	s := opened(t, sqlite(t))
	e := claimed(t, s, event("1"))
	if want := e.Received.Add(lease); !e.Due.Equal(want) {
		t.Errorf("due %s, want %s", e.Due.Format(time.RFC3339), want.Format(time.RFC3339))
	}
}
