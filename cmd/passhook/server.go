package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"github.com/passhook/passhook/bot/orders"
	operator "github.com/passhook/passhook/console"
	"github.com/passhook/passhook/integrations/stripe"
	"github.com/passhook/passhook/wallet"
)

// drain is how long a stopping server waits for requests and work under way.
const drain = 20 * time.Second

// routes puts all handlers on one router.
func (a *app) routes() (http.Handler, error) {
	r := mux.NewRouter()
	visible := orders.New(a.engine, a.config.Locale)
	pages, err := wallet.New(visible, a.config.Location, a.log)
	if err != nil {
		return nil, err
	}
	if a.config.Stripe != nil {
		r.Handle("/webhooks/stripe", stripe.NewWebhook(*a.config.Stripe, a.engine.Accept, a.now, a.log)).Methods(http.MethodPost)
		pages.SuccessRoutes(r, stripe.SourceName)
	}
	pages.Routes(r)
	console, err := operator.New(visible, a.log)
	if err != nil {
		return nil, err
	}
	console.Routes(r)
	r.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { status(w, http.StatusOK, "status", "ok") }).Methods(http.MethodGet, http.MethodHead)
	r.HandleFunc("/readyz", a.readyz).Methods(http.MethodGet, http.MethodHead)
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost {
			status(w, http.StatusNotFound, "error", "nothing is configured at this address")
			return
		}
		pages.NotFound(w, req)
	})
	r.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		status(w, http.StatusMethodNotAllowed, "error", "this address does not take that method")
	})
	if a.extra != nil {
		a.extra(r)
	}
	return a.recovered(r), nil
}

func (a *app) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.store.Ping(ctx); err != nil {
		a.log.Error("the store does not answer", "error", err)
		status(w, http.StatusServiceUnavailable, "error", "the store does not answer")
		return
	}
	status(w, http.StatusOK, "status", "ready")
}

// recovered answers 500 where a handler panics, and tells the operator.
func (a *app) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				a.log.Error("internal error in a request; please report it", "method", r.Method, "panic", p)
				status(w, http.StatusInternalServerError, "error", "internal error")
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func status(w http.ResponseWriter, code int, key, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{key: message})
}

// serve answers requests and works on the queue until ctx ends, then lets both
// finish. ready is called when requests are answered.
func (a *app) serve(ctx context.Context, l net.Listener, ready func()) error {
	handler, err := a.routes()
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout: 60 * time.Second, MaxHeaderBytes: 32 << 10,
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, 2)
	go func() { failed <- fmt.Errorf("http: %w", server.Serve(l)) }()
	working := make(chan struct{})
	go func() {
		defer close(working)
		if err := a.store.Run(ctx, a.engine.Work); err != nil && ctx.Err() == nil {
			failed <- fmt.Errorf("queue: %w", err)
		}
	}()
	told := make(chan struct{})
	go func() { defer close(told); a.engine.Tell(ctx) }()
	reconciled := make(chan struct{})
	go func() { defer close(reconciled); a.reconcile(ctx) }()
	ready()
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	cancel()
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer done()
	err = errors.Join(err, server.Shutdown(stop))
	<-working
	<-told
	<-reconciled
	return err
}
