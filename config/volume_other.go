//go:build !unix

package config

// onRootDevice is for Fly's machines, which run Linux.
func onRootDevice(string) bool { return false }
