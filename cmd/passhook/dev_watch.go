package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"
)

// watch loads rules and templates again when a file of the project changes. A
// project with mistakes leaves the last good one running.
func (w *workshop) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	last := w.fingerprint()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := w.fingerprint()
		if now == last {
			continue
		}
		last = now
		if err := w.load(); err != nil {
			fmt.Fprintf(w.Err, "%v\nnot loaded; still using the last working version\n", err)
			continue
		}
		w.app.Engine.SetProgram(w.project.Program)
		fmt.Fprintln(w.Err, "rules and templates reloaded")
	}
}

// fingerprint changes when a file of the project does.
func (w *workshop) fingerprint() string {
	var all string
	for _, root := range []string{w.config.File, w.config.Templates} {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil //nolint:nilerr // a file that goes away while we look is a change as well
			}
			if info, err := d.Info(); err == nil {
				all += fmt.Sprintf("%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
			}
			return nil
		})
	}
	return all
}
