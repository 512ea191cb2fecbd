package main

import (
	"database/sql"
	"fmt"
	"io"
	"net/mail"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/config"
)

// books are what a world's database says, read beside passhook.
type books struct {
	*sql.DB
	postgres bool
}

// database is the world's: the file of a SQLite database, or else a URL.
func (w *world) database(t testing.TB) (file, url string) {
	t.Helper()
	c, err := config.Load(w.dir+"/passhook.yaml", config.Options{Sections: []config.Section{config.Store}})
	if err != nil {
		t.Fatal(err)
	}
	s := app.StoreConfig(c, nil)
	return s.Path, s.URL
}

// books opens the database; close it.
func (w *world) books(t testing.TB) books {
	t.Helper()
	file, url := w.database(t)
	if url != "" {
		return openBooks(t, "pgx", url)
	}
	return openBooks(t, "sqlite", "file:"+file+"?_pragma=busy_timeout(10000)&_pragma=query_only(1)")
}

func copyFile(to, from string) error {
	in, err := os.Open(from) //nolint:gosec // a test's own path
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to) //nolint:gosec // a test's own path
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	return err
}

func openBooks(t testing.TB, driver, address string) books {
	t.Helper()
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	return books{db, driver == "pgx"}
}

// rows are what a query finds, its columns joined by blanks.
func (b books) rows(t testing.TB, query string) (out []string) {
	t.Helper()
	found, err := b.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer found.Close()
	columns, _ := found.Columns()
	values := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for found.Next() {
		if err := found.Scan(into...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = v.String
		}
		out = append(out, strings.Join(texts, " "))
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// pending is how much work is left, which falls with every step: a worked event
// becomes a delivery.
func (w *world) pending(t testing.TB) (left int) {
	t.Helper()
	b := w.books(t)
	defer b.Close()
	count := b.rows(t, "SELECT 2 * (SELECT count(*) FROM events WHERE state = 'pending') + (SELECT count(*) FROM deliveries WHERE state = 'pending')"+
		" + (SELECT count(*) FROM walks WHERE state = 'pending')")
	_, _ = fmt.Sscan(count[0], &left)
	return left
}

// leasesEnd makes due what the dead had claimed half a minute early. Nobody else
// may work.
func (w *world) leasesEnd(t testing.TB) {
	t.Helper()
	b := w.books(t)
	defer b.Close()
	if !b.postgres { // there the next start knows that they are dead
		return
	}
	for _, table := range []string{"events", "deliveries", "walks"} {
		if _, err := b.ExecContext(t.Context(), "UPDATE "+table+" SET due = due - 30000 WHERE state = 'pending' AND claimed"); err != nil {
			t.Fatal(err)
		}
	}
}

// isWhole asks SQLite whether its file is.
func (w *world) isWhole(t testing.TB) {
	t.Helper()
	b := w.books(t)
	defer b.Close()
	if b.postgres {
		return
	}
	if got := b.rows(t, "PRAGMA integrity_check"); len(got) != 1 || got[0] != "ok" {
		t.Errorf("the database is broken: %q", got)
	}
}

// doubt is a crash, with the recipients whose mails had begun and were not
// known to be sent.
type doubt struct {
	at      time.Time
	claimed map[string]bool
}

// crashed is the doubt of a process that is dead. A SQLite file is copied first:
// whoever opens it recovers it, which the next passhook is to do.
func (w *world) crashed(t testing.TB) doubt {
	t.Helper()
	d := doubt{time.Now(), map[string]bool{}}
	driver, address := "pgx", ""
	var file string
	if file, address = w.database(t); address == "" {
		dir, err := os.MkdirTemp("", "passhook-crash-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		driver, address = "sqlite", "file:"+dir+"/db"
		for _, end := range []string{"", "-wal"} {
			if err := copyFile(dir+"/db"+end, file+end); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
	}
	b := openBooks(t, driver, address)
	defer b.Close()
	for _, to := range b.rows(t, "SELECT recipient FROM deliveries WHERE state = 'pending' AND claimed") {
		d.claimed[to] = true
	}
	return d
}

// copied is one mail that came.
type copied struct {
	id string
	at time.Time
}

// mailsByRecipient are all mails, the oldest first, by whom they went to.
func mailsByRecipient(t testing.TB, w *world) map[string][]copied {
	t.Helper()
	out := map[string][]copied{}
	for _, m := range w.smtp.Messages() {
		parsed, err := mail.ReadMessage(strings.NewReader(string(m.Raw)))
		if err != nil {
			t.Fatal(err)
		}
		out[m.To[0]] = append(out[m.To[0]], copied{parsed.Header.Get("Message-Id"), m.Received})
	}
	return out
}

// onTheWire is how much later than its sender's end a mail may be taken: a mail
// server that is short of processor reads what came before.
const onTheWire = 10 * time.Second

// checkMails wants a mail for each delivery, and for each repeat a crash of its
// own, between the copy before it and the commit that would have remembered that
// one. It returns how many were repeated and how many recipients got none. said
// tells more about one of them.
func checkMails(t testing.TB, w *world, recipients []string, doubts []doubt, said func(t testing.TB, to string) string) (repeats, lost int) {
	t.Helper()
	mails := mailsByRecipient(t, w)
	for _, to := range recipients {
		all := mails[to]
		if len(all) == 0 {
			t.Errorf("%s got no mail\n%s", to, said(t, to))
			lost++
			continue
		}
		left := slices.Clone(doubts)
		for i, again := range all[1:] {
			repeats++
			if again.id != all[0].id {
				t.Errorf("%s got two mails with different Message-IDs", to)
			}
			crash := slices.IndexFunc(left, func(d doubt) bool {
				return d.claimed[to] && d.at.After(all[i].at.Add(-onTheWire)) && d.at.Before(again.at)
			})
			if crash < 0 {
				t.Errorf("%s got a mail at %s and again at %s, and no process died in between that had sent it\n%s", to, all[i].at.Format(time.StampMicro), again.at.Format(time.StampMicro), said(t, to))
				continue
			}
			left = left[crash+1:]
		}
	}
	return repeats, lost
}
