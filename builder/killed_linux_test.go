package builder

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// killing kills every child of this process that calls a module, until it is told to end.
func killing(t *testing.T) (end func()) {
	var killer sync.WaitGroup
	stop := make(chan struct{})
	killer.Go(func() {
		for {
			for _, guardian := range testkit.ChildrenOf(t, os.Getpid(), "__guardian\x00") {
				for _, child := range testkit.ChildrenOf(t, guardian, "__guest\x00") {
					_ = syscall.Kill(child, syscall.SIGKILL)
				}
			}
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	})
	return func() {
		close(stop)
		killer.Wait()
	}
}

// A module whose tests, or whose word on its tools, somebody ends each time is not published: nobody knows what it does. It is
// no verdict on the inputs either.
func TestWhatWasKilledIsNotPublished(t *testing.T) {
	endless := testkit.Teller(t, "", 0x03, 0x40, 0x0c, 0, 0x0b) // called, it goes round until somebody ends it
	for name, test := range map[string]string{"tests": "[[test]]\nname = \"one\"\ntool = \"one\"\n", "tools": ""} {
		t.Run(name, func(t *testing.T) {
			dir := capsuleDir(t, copies+"smoke = { timeout = \"1m\" }\n")
			testkit.Write(t, filepath.Join(dir, "src.bin"), string(endless))
			if test != "" {
				testkit.Write(t, filepath.Join(dir, "tests", "one.toml"), test)
			}
			b := New(Options{})
			defer b.Close()
			defer killing(t)()
			f := failure(t, b, dir)
			if !slices.ContainsFunc(f.Findings, func(f finding.Finding) bool { return f.Code == finding.SmokeChild && f.Hint != "" }) {
				t.Errorf("it failed otherwise: %+v", f)
			}
			if in := examine(t, b, dir); in.Verdict != nil {
				t.Errorf("that stands as a verdict: %v", in.Verdict)
			}
		})
	}
}
