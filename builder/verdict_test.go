package builder

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// failing builds dir and returns how that failed, and how often the command ran by now.
func failing(t *testing.T, b *Builder, dir string) (*finding.Failure, int) {
	t.Helper()
	_, err := b.Build(t.Context(), examine(t, b, dir), nil)
	var failure *finding.Failure
	if !errors.As(err, &failure) {
		t.Fatalf("got %v, want a failure", err)
	}
	ran, _ := os.ReadFile(filepath.Join(dir, "target", "ran"))
	return failure, strings.Count(string(ran), "x")
}

// counted is a build that notes each run and then does as command says.
func counted(command string) string {
	return `build = ["sh", "-c", "mkdir -p target; printf x >> target/ran; ` + command + `"]` + "\n"
}

// A failed build is repeated by another process without a compiler, until something changes.
func TestVerdictStands(t *testing.T) {
	testkit.Long(t)
	for name, command := range map[string]string{"build": "echo broken >&2; exit 3", "smoke": "printf junk > $CAPSULE_OUT", "collect": "true"} {
		t.Run(name, func(t *testing.T) {
			dir := capsuleDir(t, counted(command))
			first, ran := failing(t, New(Options{}), dir)
			if ran != 1 || !first.Stood.IsZero() {
				t.Fatalf("the first build ran %d times, %+v", ran, first)
			}
			again, ran := failing(t, New(Options{}), dir)
			if ran != 1 || again.Stood.IsZero() {
				t.Errorf("it was built again: %d times", ran)
			}
			again.Stood = time.Time{}
			if first.Findings == nil {
				again.Findings = nil
			}
			if !reflect.DeepEqual(first, again) {
				t.Errorf("first %+v, then %+v", first, again)
			}
			if _, ran = failing(t, New(Options{Retry: true}), dir); ran != 2 {
				t.Errorf("Retry: %d runs", ran)
			}
			testkit.Write(t, filepath.Join(dir, "src.bin"), "other")
			if _, ran = failing(t, New(Options{}), dir); ran != 3 {
				t.Errorf("after an edit: %d runs", ran)
			}
		})
	}
}

// What the machine or the network did to a tool is no property of the inputs.
func TestNoVerdictOfTheMachine(t *testing.T) {
	testkit.Long(t)
	for _, said := range []string{"cat: src.bin: Input/output error", "error: failed to write: No space left on device (os error 28)", "Error: EMFILE: too many open files",
		"curl: (6) Could not resolve host: registry.example.org", "Get \"https://proxy.example.org\": dial tcp: lookup proxy.example.org: no such host"} {
		dir := capsuleDir(t, counted("cat >&2 said; exit 1"))
		testkit.Write(t, filepath.Join(dir, "said"), said+"\n")
		failing(t, New(Options{}), dir)
		if again, ran := failing(t, New(Options{}), dir); ran != 2 || !again.Stood.IsZero() {
			t.Errorf("%q stands as a verdict", said)
		}
	}
}

// What may go better the next time is no verdict.
func TestNoVerdict(t *testing.T) {
	testkit.Long(t)
	for name, settings := range map[string]string{
		"too long":       counted("sleep 60") + `timeout = "200ms"`,
		"killed":         counted("kill -9 $$"),
		"tool not there": counted("no-such-tool"),
		"inputs moved":   counted("date +%N >> other.txt; exit 1"),
	} {
		t.Run(name, func(t *testing.T) {
			dir := capsuleDir(t, settings+"\n")
			failing(t, New(Options{}), dir)
			again, ran := failing(t, New(Options{}), dir)
			if begun := name != "too long"; !again.Stood.IsZero() || begun && ran != 2 { // the time may pass before the command counts
				t.Errorf("%d runs, want 2; it stands since %v", ran, again.Stood)
			}
		})
	}
}

func TestCancelledIsNoVerdict(t *testing.T) {
	dir := capsuleDir(t, counted("sleep 60"))
	b := New(Options{Grace: time.Millisecond})
	in := examine(t, b, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := b.Build(ctx, in, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if examine(t, b, dir).Verdict != nil {
		t.Error("a cancelled build left a verdict")
	}
}

// --strict judges otherwise, and so does what was published since.
func TestVerdictIsForOneStrictness(t *testing.T) {
	dir := capsuleDir(t, counted("exit 1"))
	failing(t, New(Options{Strict: true}), dir)
	if _, ran := failing(t, New(Options{}), dir); ran != 2 {
		t.Errorf("%d runs, want 2", ran)
	}
}
