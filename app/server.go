package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/passhook/passhook/pages"
)

// HealthPath is asked by who starts a dead server again.
const HealthPath = "/healthz"

// ReadyPath is asked by who sends requests where they can be answered.
const ReadyPath = "/readyz"

// alive answers 200.
func alive(w http.ResponseWriter, _ *http.Request) {
	pages.WriteJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// ready answers 200 where an event could be stored now.
func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.Store.CheckWrite(ctx); err != nil {
		a.Log.Error("the store does not answer", "error", err)
		pages.WriteError(w, http.StatusServiceUnavailable, "the store does not answer")
		return
	}
	pages.WriteJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

// recovered answers 500 where a handler panics.
func (a *App) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				a.Log.Error("internal error in a request; please report it", "method", r.Method, "panic", p)
				pages.WriteError(w, http.StatusInternalServerError, "internal error")
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// drain is how long a stopping server waits for requests under way.
const drain = 4 * time.Second

// Run answers requests and does all parts' work until ctx ends, then ends and
// closes them. ready is called when requests are answered.
func (a *App) Run(ctx context.Context, l net.Listener, ready func()) error {
	server := Part{Name: "requests", Run: func(ctx context.Context) error { return a.serve(ctx, l, a.recovered(a.router)) }}
	ready()
	return a.run(ctx, append(a.parts[:len(a.parts):len(a.parts)], server))
}

// serve answers requests until ctx ends. Those under way may finish within
// drain; then their connections are closed and their contexts end. It returns
// when no handler runs any more.
func (a *App) serve(ctx context.Context, l net.Listener, h http.Handler) error {
	under, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var handlers sync.RWMutex // held for reading by each
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !handlers.TryRLock() {
				pages.WriteError(w, http.StatusServiceUnavailable, "the server stops")
				return
			}
			defer handlers.RUnlock()
			h.ServeHTTP(w, r)
		}),
		BaseContext: func(net.Listener) context.Context { return under },
		ErrorLog:    slog.NewLogLogger(a.Log.Handler(), slog.LevelWarn),

		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 60 * time.Second, MaxHeaderBytes: 32 << 10,
	}
	for _, f := range a.stopping {
		server.RegisterOnShutdown(f)
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop, done := context.WithTimeout(under, drain)
	defer done()
	err := server.Shutdown(stop)
	if errors.Is(err, context.DeadlineExceeded) {
		a.Log.Warn(fmt.Sprintf("requests that took longer than %s were cut off", drain))
		err = server.Close()
	}
	cancel()
	handlers.Lock()
	return err
}
