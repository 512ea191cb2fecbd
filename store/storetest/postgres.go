// Package storetest gives tests real PostgreSQL databases, and full stores.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// URLVariable names a PostgreSQL to use instead of starting one. Its user must
// be allowed to create databases.
const URLVariable = "PASSHOOK_TEST_DATABASE_URL"

// RequireVariable names what, when set, turns missing programs from skips into failures.
const RequireVariable = "PASSHOOK_REQUIRE_ALL"

// shared is the one server of a test binary.
var shared struct {
	// run is true where Run will stop it.
	run  bool
	once sync.Once
	url  string
	err  error
	stop func()
	next atomic.Int64
	// drops are for what outlives its test.
	drops []func() error
}

// Run runs a package's tests and stops the server that they started. TestMain
// exits with what it returns.
func Run(m *testing.M) int {
	shared.run = true
	code := m.Run()
	for _, drop := range shared.drops {
		_ = drop()
	}
	if shared.stop != nil {
		shared.stop()
	}
	return code
}

// Postgres is the address of a fresh database. The test is skipped where
// PostgreSQL is not installed.
func Postgres(t testing.TB) string {
	t.Helper()
	started(t)
	address, drop, err := create("template1")
	if err != nil {
		t.Fatal(err)
	}
	dropAfter(t, drop)
	return address
}

// Copies gives out addresses of copies of a database that prepare has filled,
// which is faster than to fill each.
func Copies(prepare func(address string) error) (next func(t testing.TB) string) {
	original := sync.OnceValues(func() (string, error) {
		address, drop, err := create("template1")
		if err != nil {
			return "", err
		}
		shared.drops = append(shared.drops, drop)
		u, err := url.Parse(address)
		if err == nil {
			err = prepare(address)
		}
		return strings.TrimPrefix(u.Path, "/"), err
	})
	return func(t testing.TB) string {
		t.Helper()
		started(t)
		from, err := original()
		if err != nil {
			t.Fatal(err)
		}
		address, drop, err := create(from)
		if err != nil {
			t.Fatal(err)
		}
		dropAfter(t, drop)
		return address
	}
}

// started makes sure that there is a server.
func started(t testing.TB) {
	t.Helper()
	if !shared.run {
		t.Fatal("nobody would stop PostgreSQL: TestMain has to call storetest.Run")
	}
	shared.once.Do(func() {
		if shared.url = os.Getenv(URLVariable); shared.url == "" {
			shared.url, shared.stop, shared.err = start()
		}
	})
	if errors.Is(shared.err, exec.ErrNotFound) && os.Getenv(RequireVariable) == "" {
		t.Skipf("PostgreSQL is not installed and %s is not set", URLVariable)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
}

// create makes a database like another one.
func create(like string) (address string, drop func() error, err error) {
	u, err := url.Parse(shared.url)
	if err != nil {
		return "", nil, err
	}
	name := fmt.Sprintf("passhook_test_%d_%d", os.Getpid(), shared.next.Add(1))
	u.Path = "/" + name
	drop = func() error { return admin("DROP DATABASE " + name + " WITH (FORCE)") }
	return u.String(), drop, admin("CREATE DATABASE " + name + " TEMPLATE " + like)
}

// dropAfter drops a database after its test; nobody waits for that where the
// server ends with the tests.
func dropAfter(t testing.TB, drop func() error) {
	t.Cleanup(func() {
		if shared.stop != nil {
			go drop() //nolint:errcheck // as above
		} else if err := drop(); err != nil {
			t.Error(err)
		}
	})
}

func admin(sql string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, shared.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// start makes a cluster in a temporary folder and starts it on loopback.
func start() (address string, stop func(), err error) {
	bin, err := binaries()
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "passhook-pg-")
	if err != nil {
		return "", nil, err
	}
	attr, err := unprivileged(dir)
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	port, err := freePort()
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	data := filepath.Join(dir, "data")
	pg := func(program string, args ...string) error {
		cmd := exec.Command(filepath.Join(bin, program), args...) //nolint:gosec // fixed programs
		cmd.Dir, cmd.SysProcAttr = dir, attr
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", program, err, out)
		}
		return nil
	}
	stop = func() {
		_ = pg("pg_ctl", "-D", data, "-m", "immediate", "stop")
		_ = os.RemoveAll(dir)
	}
	if err := pg("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	options := fmt.Sprintf("-c listen_addresses=127.0.0.1 -p %d -k %s -c fsync=off -c max_connections=1000", port, dir)
	if err := pg("pg_ctl", "-D", data, "-l", filepath.Join(dir, "log"), "-o", options, "-w", "start"); err != nil {
		stop()
		return "", nil, err
	}
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port), stop, nil
}

// binaries is the folder of initdb and pg_ctl: Debian keeps it off the PATH.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err == nil && len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// unprivileged lets root start PostgreSQL, which refuses to run as root: it
// becomes the user postgres, who gets the folder.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // nothing is to be changed
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, int(uid), int(gid))
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("no TCP address")
	}
	return addr.Port, nil
}
