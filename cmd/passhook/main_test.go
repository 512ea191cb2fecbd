package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/passhook/passhook/store/storetest"
)

// runMain makes the test binary behave as passhook itself, so that tests can
// start it as a process and kill it.
const runMain = "PASSHOOK_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := run(ctx, os.Args[1:], console{Out: os.Stdout, Err: os.Stderr, Env: os.LookupEnv, Dir: "."})
		stop()
		os.Exit(code)
	}
	storetest.Main(m)
}
