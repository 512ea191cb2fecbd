package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/passhook/passhook/store"
	"github.com/passhook/passhook/store/storetest"
)

// filled gives a world that nobody serves n passes and all that belongs to them.
func (w *world) filled(tb testing.TB, n int) {
	tb.Helper()
	file, url := w.database(tb)
	s, err := store.Open(tb.Context(), store.Config{Path: file, URL: url})
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	driver, address := "sqlite", "file:"+file
	if url != "" {
		driver, address = "pgx", url
	}
	db := openBooks(tb, driver, address)
	defer db.Close()
	storetest.Fill(tb, db.DB, n)
}

// A door list is as long as the event is large; the server beside it needs the
// memory.
func TestADoorListNeedsLittleMemory(t *testing.T) {
	t.Parallel()
	const few, many, most = 2000, 10_000, 16 << 20
	w := newWorld(t, "")
	w.filled(t, few)
	large := newWorld(t, "")
	large.filled(t, many)
	if grown := large.doorList(t, many) - w.doorList(t, few); grown > most {
		t.Errorf("%d MiB more in use", grown>>20)
	}
}

// doorList reads a door list of n passes, and returns the most memory that
// passhook used, in bytes.
func (w *world) doorList(t testing.TB, n int) (most int) {
	t.Helper()
	cmd := w.command("passes", "--csv", "--rule", "concert")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	read := 0
	for ; lines.Scan(); read++ {
		if read == n/2 { // the rest does not fit the pipe: it is at work still
			most = highWater(t, cmd.Process.Pid)
		}
	}
	if err := errors.Join(lines.Err(), cmd.Wait()); err != nil || read != n+1 {
		t.Errorf("%d lines, %v", read, err)
	}
	return most
}

// highWater is the most memory that a process has used, in bytes.
func highWater(t testing.TB, pid int) (bytes int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("only Linux tells it")
	}
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(line, &bytes); err != nil {
		t.Fatal(err)
	}
	return bytes << 10
}
