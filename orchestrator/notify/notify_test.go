//go:build unix

package notify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

func TestMain(m *testing.M) {
	if code, handled := proc.Main(os.Args[1:]); handled { // the guardian of a command
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}

// turns plays rounds that ended with so many failures, one after the other, and returns what was
// shown, once for each that want expects.
func turns(t *testing.T, program string, failures ...int) (rang string, warnings []event.Warning, shown string) {
	t.Helper()
	dir := t.TempDir()
	script := filepath.Join(dir, "notify-send")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"+program), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("SHOWN", filepath.Join(dir, "shown"))
	bell := &testkit.Writes{}
	h := hub.New()
	n := New(h, Options{Bell: bell, Program: Desktop(), Env: os.Environ(), Warn: func(w event.Warning) { warnings = append(warnings, w) }})
	for _, failed := range failures {
		list := []event.Subject{{Capsule: "auth\x1b[2J", Dir: "/auth"}, {Dir: "/chat"}}
		n.take(t.Context(), event.Event{Body: event.Idle{Capsules: 12, Failed: failed, Failing: list[:min(failed, 2)]}})
	}
	h.Close()
	n.Close()
	out, _ := os.ReadFile(filepath.Join(dir, "shown"))
	return bell.String(), warnings, string(out)
}

func TestEachTurnIsToldOnce(t *testing.T) {
	rang, warnings, shown := turns(t, `printf '%s|' "$@" >> "$SHOWN"; echo >> "$SHOWN"`, 0, 0, 2, 2, 1, 0, 0)
	want := "--app-name=astrid-dev|--|2 of 12 capsules failed|auth\\x1b[2J, chat|\n--app-name=astrid-dev|--|12 capsules sound again|nothing is failed or held|\n"
	if shown != want || rang != "\a\a" || warnings != nil {
		t.Errorf("bell %q, %+v, shown\n%swant\n%s", rang, warnings, shown, want)
	}
}

func TestADesktopThatFailsIsToldOnce(t *testing.T) {
	rang, warnings, _ := turns(t, "echo no display >&2; exit 3", 1, 0, 1)
	if rang != "\a\a\a" || len(warnings) != 1 || !strings.Contains(warnings[0].Message, "no display") {
		t.Errorf("%q %+v", rang, warnings)
	}
}

// The events of a hub come to it.
func TestItReadsTheHub(t *testing.T) {
	bell := &testkit.Writes{}
	h := hub.New()
	n := New(h, Options{Bell: bell})
	h.Publish(event.Event{Body: event.Idle{Capsules: 1, Failed: 1}})
	testkit.Wait(t, "the bell", func() bool { return bell.String() == "\a" })
	h.Publish(event.Event{Body: event.Ready{}})
	h.Publish(event.Event{Body: event.Idle{Capsules: 1}})
	testkit.Wait(t, "the bell", func() bool { return bell.String() == "\a\a" })
	h.Close()
	n.Close()
}
