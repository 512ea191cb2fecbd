//go:build unix

package config

import (
	"os"
	"path/filepath"
	"syscall"
)

// onRootDevice reports whether a folder, or the nearest one above it that
// exists, is on the same device as /; a mounted volume is another one.
func onRootDevice(dir string) bool {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	for {
		if device, ok := deviceOf(dir); ok {
			root, _ := deviceOf("/")
			return device == root
		}
		if dir == filepath.Dir(dir) {
			return false
		}
		dir = filepath.Dir(dir)
	}
}

func deviceOf(path string) (uint64, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return uint64(stat.Dev), true //nolint:unconvert // Dev has another type on other systems.
}
