//go:build failpoints

package failpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Variable is the environment variable that says where to end, as NAME:N: at
// the Nth call of At with this name.
const Variable = "PASSHOOK_FAILPOINT"

var (
	name, count, _ = strings.Cut(os.Getenv(Variable), ":")
	at, _          = strconv.ParseInt(count, 10, 64)
	calls          atomic.Int64
)

// At kills the process with SIGKILL where Variable asks for it.
func At(point string) {
	if point != name || calls.Add(1) != at {
		return
	}
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {} // nothing runs on until the signal is there
}
