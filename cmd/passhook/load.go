package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/passhook/passhook/app"
	"github.com/passhook/passhook/config"
	"github.com/passhook/passhook/problems"
	"github.com/passhook/passhook/store"
)

// configFile is the config that --config names, or passhook.yaml here, or what a
// running dev has left here.
func (c terminal) configFile() string {
	if c.Config != "" {
		return c.Config
	}
	name := filepath.Join(c.Dir, config.DefaultFile)
	if left := filepath.Join(c.Dir, devDir, config.DefaultFile); !exists(name) && exists(left) {
		return left
	}
	return name
}

// load reads the config. Warnings go to standard error.
func (c terminal) load(o config.Options) (*config.Config, error) {
	return c.loadFile(c.configFile(), o)
}

// loadFile reads the config at name. Warnings go to standard error.
func (c terminal) loadFile(name string, o config.Options) (*config.Config, error) {
	o.Env, o.Warn = c.Env, func(p problems.Problem) { fmt.Fprintln(c.Err, p) }
	return config.Load(name, o)
}

// exists reports whether a file is there.
func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// printProblems prints a list in its order. The error is errSilent where an error
// is in the list.
func (c terminal) printProblems(found problems.List) error {
	for _, p := range found {
		fmt.Fprintln(c.Err, p)
	}
	if found.Err() != nil {
		return errSilent
	}
	return nil
}

// loadProject loads all of a project, as app.Load.
func (c terminal) loadProject(o config.Options) (*config.Config, *app.Project, problems.List, error) {
	o.Env = c.Env
	return app.Load(c.configFile(), o)
}

// logger writes for people and machines alike.
func (c terminal) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(c.Err, nil))
}

// openStore opens the store of a config beside a running server.
func (c terminal) openStore(ctx context.Context) (*config.Config, *store.Store, error) {
	cfg, err := c.load(config.Options{Sections: []config.Section{config.Store}})
	if err != nil {
		return nil, nil, err
	}
	s, err := store.OpenBeside(ctx, app.StoreConfig(cfg, c.logger()))
	return cfg, s, err
}

// json writes a result for programs.
func (c terminal) json(v any) error {
	e := json.NewEncoder(c.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// table writes rows with aligned columns.
func (c terminal) table(rows [][]string) error {
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

// localAddress is where a server with this listen setting is reached on its own
// machine.
func localAddress(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// formatTime prints a time for people, in the config's zone.
func formatTime(t time.Time, cfg *config.Config) string {
	if t.IsZero() {
		return ""
	}
	return t.In(cfg.Location).Format("2006-01-02 15:04:05")
}
