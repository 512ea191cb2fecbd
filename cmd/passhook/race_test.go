//go:build race

package main

// raced: this test binary has the race detector in it.
const raced = true
