package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
)

// ledgerName is the file in a folder of packages that says which row of the
// table became which.
const ledgerName = "issued.csv"

var ledgerHead = []string{"row", "serial_number", "file", "content"}

// ledger is what has been issued into a folder. A row that stands in it has its
// package on disk, so that an interrupted run goes on where it stopped.
type ledger struct {
	dir  string
	file *os.File
	mu   sync.Mutex
	done map[string]bool
}

// openLedger makes the folder where it is missing.
func openLedger(dir string) (*ledger, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	name := filepath.Join(dir, ledgerName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600) //nolint:gosec // the user names the folder
	if err != nil {
		return nil, err
	}
	l := &ledger{dir: dir, file: f, done: map[string]bool{}}
	if err := l.read(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w; move it away to start anew", name, err), f.Close())
	}
	return l, nil
}

// read drops a last line that a crash has cut off.
func (l *ledger) read() error {
	b, err := io.ReadAll(l.file)
	if err != nil {
		return err
	}
	whole := bytes.LastIndexByte(b, '\n') + 1
	if whole < len(b) {
		if err := l.file.Truncate(int64(whole)); err != nil {
			return err
		}
	}
	r := csv.NewReader(bytes.NewReader(b[:whole]))
	r.FieldsPerRecord = len(ledgerHead)
	records, err := r.ReadAll()
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return l.write(ledgerHead)
	}
	for _, record := range records[1:] {
		if _, err := os.Stat(filepath.Join(l.dir, filepath.Base(record[2]))); err == nil {
			l.done[record[3]] = true
		}
	}
	return nil
}

func (l *ledger) has(id string) bool { return l.done[id] }

// add notes that the row's package is written.
func (l *ledger) add(r tableRow, serial, file string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.write([]string{strconv.Itoa(r.line), serial, file, r.id})
}

func (l *ledger) write(record []string) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(record); err != nil {
		return err
	}
	w.Flush()
	_, err := l.file.Write(b.Bytes())
	return err
}

// Close closes the file.
func (l *ledger) Close() error { return l.file.Close() }

// rowID is made of what the row says, and of how many rows before it say the
// same: rows and columns may move, and two tickets for one holder are two.
func rowID(template string, with map[string]any, seen map[string]int) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q", template)
	for _, name := range slices.Sorted(maps.Keys(with)) {
		fmt.Fprintf(h, " %q %q", name, with[name])
	}
	sum := hex.EncodeToString(h.Sum(nil))[:24]
	seen[sum]++
	return sum + "-" + strconv.Itoa(seen[sum])
}
