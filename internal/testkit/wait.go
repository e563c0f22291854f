package testkit

import (
	"testing"
	"time"
)

// Patience is how long a test waits for what must happen: a hang, not a slow machine, runs
// into it, nor one that fetches and compiles Astrid's SDK for the first time.
const Patience = 5 * time.Minute

// Wait waits until so is true, and fails the test, which says what it waited for, after
// Patience.
func Wait(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, Patience)
		}
	}
}
