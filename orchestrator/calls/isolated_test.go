package calls

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/trial"
)

func TestMain(m *testing.M) {
	testkit.Handle(proc.Main, guest.Main, smoke.Main, daemon.Main)
	os.Exit(m.Run())
}

// begun is a private runtime of the test's own. Without the real one the test is skipped, which CI forbids.
func begun(t *testing.T, values map[string]string) *trial.Trial {
	t.Helper()
	if _, err := daemon.Find(""); err != nil {
		testkit.Skip(t, "%v; .ci/astrid installs it, and .ci/env puts it in PATH", err)
	}
	base, err := os.MkdirTemp("", "c") // short: a socket lies below it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	t.Setenv("TMPDIR", base)
	r, err := trial.Begin("", values)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		if left, _ := os.ReadDir(base); len(left) > 0 {
			t.Errorf("left in TMPDIR: %v", left)
		}
	})
	return r
}

// The same calls of the same module, in the sandbox's world and in the real runtime: tools, results,
// failures and lines of the log are equal. Where both say that a tool died, each has its own words.
func TestTheRealRuntimeAnswersTheSame(t *testing.T) {
	testkit.Long(t)
	o := Options{Env: map[string]string{"TOKEN": "a-secret-token"}}
	r := begun(t, o.Env)
	answersTheSame(t, r, "play", o,
		`greet {"name": "Ada"}`, `greet {"name": "\"\\\u0007\n 🦀"}`, `add {"numbers": [1, 2], "factor": 1.5, "negate": true}`, `add {"numbers": [], "round": "Up"}`,
		`wrong {}`, `panic {}`, `greet {"name": "after a panic"}`, `count {}`, `count {}`, `say {"text": "x"}`,
		`note {"path": "cwd://notes/a.txt", "text": "one"}`, `note {"path": "cwd://notes/a.txt", "text": "two"}`, `note {"path": "cwd://elsewhere.txt", "text": "no"}`)
	// a run loop, of which the runtime itself lists no tools
	answersTheSame(t, r, "ticker", Options{}, `heard {"add": 2}`, `heard {}`)
}

func answersTheSame(t *testing.T, r *trial.Trial, capsule string, o Options, list ...string) {
	t.Helper()
	dir := filepath.Join("..", "..", "builder", "tools", "testdata", capsule)
	isolated, err := OpenIsolated(t.Context(), dir, r, o)
	if err != nil {
		t.Fatal(err)
	}
	sandbox, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer sandbox.Close()
	described, err := sandbox.Tools(t.Context())
	if err != nil || len(described) != len(isolated.tools) {
		t.Fatalf("%d tools here, %d there, %v", len(described), len(isolated.tools), err)
	}
	for i, tool := range described {
		if there := isolated.tools[i]; there.Name != tool.Name || there.Description != tool.Description || !sameJSON(there.InputSchema, tool.InputSchema) {
			t.Errorf("%+v here, %+v there", tool, there)
		}
	}
	for _, call := range list {
		name, text, _ := strings.Cut(call, " ")
		arguments := Arguments{JSON: json.RawMessage(text)}
		here, err := sandbox.Call(t.Context(), name, arguments)
		if err != nil {
			t.Fatalf("%s: %v", call, err)
		}
		there, err := isolated.Call(t.Context(), name, arguments)
		if err != nil {
			t.Fatalf("%s: %v", call, err)
		}
		compare(t, call, here, there)
	}
}

func compare(t *testing.T, call string, here, there *Answer) {
	t.Helper()
	if (here.Fault == "") != (there.Fault == "") || here.Failed() != there.Failed() {
		t.Errorf("%s: fault %q here, %q there", call, here.Fault, there.Fault)
	}
	if here.Result != nil && there.Result != nil && *here.Result != *there.Result {
		t.Errorf("%s: %+v here, %+v there", call, *here.Result, *there.Result)
	}
	if a, b := here.Outcome.Record.Logs, there.Outcome.Record.Logs; !slices.Equal(a, b) {
		t.Errorf("%s: logged %q here, %q there", call, a, b)
	}
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	m, _ := json.Marshal(x)
	n, _ := json.Marshal(y)
	return string(m) == string(n)
}

// What goes wrong with a call is told as call tells it.
func TestWrongCallsOfTheRealRuntime(t *testing.T) {
	testkit.Long(t)
	r := begun(t, nil)
	speaker := filepath.Join("..", "..", "builder", "daemon", "testdata", "speaker")
	c, err := OpenIsolated(t.Context(), speaker, r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wrong *usage.Error
	if _, err := c.Call(t.Context(), "great", Arguments{}); !errors.As(err, &wrong) || !strings.Contains(wrong.Hint, "did you mean greet?") {
		t.Errorf("%v", err)
	}
	if _, err := c.Call(t.Context(), "greet", Arguments{Words: []string{"nome=Ada"}}); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "do not fit greet") {
		t.Errorf("%v", err)
	}
	var no *NotLoaded
	if _, err := OpenIsolated(t.Context(), "../../builder/tools/testdata/play", r, Options{}); !errors.As(err, &no) || no.Findings[0].Code != "isolated-value" {
		t.Errorf("a value is missing: %v", err)
	}
	if _, err := OpenIsolated(t.Context(), speaker, r, Options{With: make([]string, daemon.MaxInstalls-1)}); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "8 capsules beside") {
		t.Errorf("%v", err)
	}
	// what the courier does not declare, the runtime does not let it publish
	reply, err := r.Ask(t.Context(), daemon.Question{Topic: "speaker.v1.other", Payload: json.RawMessage("{}"), Answer: "tool.v1.execute.greet.result", Wait: time.Second})
	if err != nil || !strings.Contains(reply.Refused, "Denied") {
		t.Errorf("%+v, %v", reply, err)
	}
	// nobody publishes a result for a tool of which the capsule only says that it has it
	c.tools[0].Name = "shout"
	c.wall = 50 * time.Millisecond
	a, err := c.Call(t.Context(), "shout", Arguments{Words: []string{"name=Ada"}})
	if err != nil || a.Fault != "it published no result on tool.v1.execute.shout.result in 50ms" {
		t.Errorf("%+v, %v", a, err)
	}
}

// A value for a capsule beside the one that is called is no wrong value; one that nobody asks for is.
func TestValuesOfThoseBeside(t *testing.T) {
	play := &capsule.Manifest{Env: []capsule.EnvVar{{Name: "TOKEN"}, {Name: "BOTH"}}}
	called := &capsule.Manifest{Env: []capsule.EnvVar{{Name: "BOTH"}}}
	o := Options{Env: map[string]string{"TOKEN": "a", "BOTH": "b", "NOBODY": "c"}}
	left := o.less([]*capsule.Manifest{play}, called).Env
	if len(left) != 2 || left["BOTH"] != "b" || left["NOBODY"] != "c" || len(o.Env) != 3 {
		t.Errorf("%v of %v", left, o.Env)
	}
}
