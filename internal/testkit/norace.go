//go:build !race

package testkit

// Race is whether the race detector watches: processes are several times as large then, and slower.
const Race = false
