package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/problems"
	"github.com/passhook/passhook/store"
)

// load reads the config that --config names, or passhook.yaml here, or what a
// running dev has left here. Warnings go to standard error.
func (c console) load(o config.Options) (*config.Config, error) {
	name := c.Config
	if name == "" {
		name = filepath.Join(c.Dir, config.DefaultFile)
		if left := filepath.Join(c.Dir, devDir, config.DefaultFile); !exists(name) && exists(left) {
			name = left
		}
	}
	return c.loadFile(name, o)
}

// loadFile reads the config at name. Warnings go to standard error, unless o
// takes them.
func (c console) loadFile(name string, o config.Options) (*config.Config, error) {
	o.Env = c.Env
	if o.Warn == nil {
		o.Warn = func(p problems.Problem) { fmt.Fprintln(c.Err, p) }
	}
	return config.Load(name, o)
}

// tell prints a list, in its order; it is an error where an error is in it.
func (c console) tell(found problems.List) error {
	for _, p := range found {
		fmt.Fprintln(c.Err, p)
	}
	if found.Err() != nil {
		return errSilent
	}
	return nil
}

// loadProject loads all of a project and says everything that is wrong with it
// at once. The project is nil where that is so.
func (c console) loadProject(o config.Options) (*config.Config, *project, problems.List, error) {
	var found problems.List
	o.Warn = func(p problems.Problem) { found = append(found, p) }
	cfg, err := c.load(o)
	var wrong problems.List
	if err != nil && !errors.As(err, &wrong) {
		return nil, nil, nil, err
	}
	found = append(found, wrong...)
	p, more := loadProject(cfg, time.Now())
	for _, m := range more {
		// What could not be read is told once, not again as empty.
		if !slices.ContainsFunc(wrong, func(w problems.Problem) bool { return w.File == m.File && w.Line == m.Line && w.Column == m.Column }) {
			found = append(found, m)
		}
	}
	found.Sort()
	if found.Err() != nil {
		p = nil
	}
	return cfg, p, found, nil
}

// logger writes for people and machines alike.
func (c console) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(c.Err, nil))
}

// beside opens the store of a config beside a running server.
func (c console) beside(ctx context.Context) (*config.Config, *store.Store, error) {
	cfg, err := c.load(config.Options{Sections: []config.Section{config.Store}})
	if err != nil {
		return nil, nil, err
	}
	s, err := store.OpenBeside(ctx, storeConfig(cfg, time.Now, c.logger()))
	return cfg, s, err
}

// json writes a result for programs.
func (c console) json(v any) error {
	e := json.NewEncoder(c.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// table writes rows with aligned columns.
func (c console) table(rows [][]string) error {
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, cell)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// local is where a server with this listen setting is reached on its machine.
func local(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// when prints a time for people, in the config's zone.
func when(t time.Time, cfg *config.Config) string {
	if t.IsZero() {
		return ""
	}
	return t.In(cfg.Location).Format("2006-01-02 15:04:05")
}
