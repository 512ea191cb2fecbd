package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/passhook/passhook/store/storetest"
)

// While the database is away nothing is answered with 2xx; when it is back, the
// same event is taken without a restart.
func TestADatabaseThatIsAwayIsA503(t *testing.T) {
	database := storetest.Postgres(t)
	w := newWorld(t, database)
	p := w.serve(t, 0)
	body := w.checkout("ada", 1)
	gate := newGate(t, database)
	gate.close(t)
	if _, err := w.send(t.Context(), p.url, body); err == nil || !strings.Contains(err.Error(), "503") || strings.Contains(err.Error(), "postgres") {
		t.Errorf("got %v", err)
	}
	for path, want := range map[string]int{"/readyz": 503, "/healthz": 200} {
		resp, err := http.Get(p.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
	gate.open(t)
	eventually(t, 20*time.Second, "the event is taken", func() bool {
		_, err := w.send(t.Context(), p.url, body)
		return err == nil
	})
	if err := w.smtp.Wait(deadline(t), 1); err != nil {
		t.Errorf("%v\n%s", err, p.log)
	}
}

// gate lets connections into a database, or ends all and lets none in.
type gate struct {
	conn *pgx.Conn
	name string
}

func newGate(t *testing.T, database string) gate {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	conn, err := pgx.Connect(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return gate{conn, name}
}

func (g gate) close(t *testing.T) {
	g.exec(t, "ALTER DATABASE "+g.name+" WITH ALLOW_CONNECTIONS false")
	g.exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+g.name+"'")
}

func (g gate) open(t *testing.T) { g.exec(t, "ALTER DATABASE "+g.name+" WITH ALLOW_CONNECTIONS true") }

func (g gate) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := g.conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}
