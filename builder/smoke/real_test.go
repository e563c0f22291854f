package smoke

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// ready is what a manifest for the C and JavaScript fixtures declares.
var ready = &Declared{Name: "demo", Handlers: []string{"handle"}}

// TestReal loads what the tools of the ecosystem make and calls it once.
func TestReal(t *testing.T) {
	tests := []struct {
		name        string
		call        bool // it has the contract function
		kernelReady bool
		kernel      []string // codes of the kernel findings
		message     string   // of the trap, on stderr
	}{
		{"c.core", false, false, []string{"kernel-not-component"}, ""},
		{"c.embedded", true, false, []string{"kernel-not-component"}, "log: trap"},
		{"rust.core", true, false, []string{"kernel-not-component"}, ""},
		{"go.core", false, false, []string{"kernel-no-trigger", "kernel-not-component"}, ""},
		{"gobad.core", true, false, []string{"kernel-not-component"}, "panic: asked to trap"},
		{"c", true, true, nil, "log: trap"},
		{"rust", true, true, nil, "log: trap"},
		{"go", false, false, []string{"kernel-no-trigger", "kernel-not-ready", "kernel-wasi"}, ""},
		{"qjs", true, false, []string{"kernel-wasi"}, "asked to trap"},
		{"qjs-stub", true, true, nil, "log: trap"},
		{"starling", true, true, nil, "log: trap"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if slices.Contains([]string{"gobad.core", "qjs", "qjs-stub", "starling"}, test.name) { // large: a second of a processor, or three
				testkit.Long(t)
			}
			t.Parallel()
			_, path := load(t, test.name)
			o := Options{Declared: ready, Limits: Limits{Wall: 30 * time.Second}}
			if test.call {
				o.Calls = []Call{{Action: "hello", Payload: []byte("payload")}, {Action: "nothing"}}
			}
			r, err := LoadFile(t.Context(), path, o)
			if err != nil {
				t.Fatal(err)
			}
			if !r.Loads || r.Verdict != Loads {
				t.Fatalf("does not load: %v\n%s", r.Findings, r.Stderr)
			}
			var codes []string
			for _, f := range r.KernelFindings {
				codes = append(codes, string(f.Code))
				if f.Hint == "" {
					t.Errorf("%s has no remedy", f.Code)
				}
			}
			if diff := cmp.Diff(test.kernel, codes); diff != "" || r.KernelReady != test.kernelReady {
				t.Errorf("kernel-ready %v, findings (-want +got):\n%s%v", r.KernelReady, diff, r.KernelFindings)
			}
			if test.call {
				checkCalls(t, test.name, r)
				checkTrap(t, path, test.message)
			}
		})
	}
}

func checkCalls(t *testing.T, name string, r *Report) {
	t.Helper()
	want := "payload"
	if strings.HasPrefix(name, "rust") {
		want = "7 bytes"
	}
	if len(r.Calls) != 2 || r.Calls[0].Returned != "continue" || string(r.Calls[0].Data) != want || r.Calls[1].Error != "" {
		t.Errorf("calls %+v", r.Calls)
	}
}

// checkTrap makes the guest trap and wants its message and its stack.
func checkTrap(t *testing.T, path, message string) {
	t.Helper()
	r, err := LoadFile(t.Context(), path, Options{Calls: []Call{{Action: "trap"}, {Action: "after"}}, Limits: Limits{Wall: 30 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Loads || !hasCode(r, "smoke-call") || len(r.Calls) != 2 {
		t.Fatalf("verdict %s, findings %v, calls %v", r.Verdict, r.Findings, r.Calls)
	}
	if trap := r.Calls[0].Trap; trap == nil || len(trap.Stack) == 0 || strings.HasPrefix(trap.Stack[0], ".") {
		t.Errorf("trap %+v", trap)
	}
	if r.Calls[1].Error == "" {
		t.Error("called again after a trap")
	}
	if !strings.Contains(r.Stderr, message) {
		t.Errorf("stderr %q, want %q", r.Stderr, message)
	}
}

// TestGoReactorBreaks is the real fault: an adapter calls cabi_realloc before Go runs.
func TestGoReactorBreaks(t *testing.T) {
	_, path := load(t, "gobad")
	r, err := LoadFile(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Loads || !hasCode(r, "smoke-trap") || r.Trap == nil || len(r.Trap.Stack) == 0 {
		t.Fatalf("verdict %s, findings %v, trap %v", r.Verdict, r.Findings, r.Trap)
	}
	if !strings.Contains(r.Findings[0].Hint, "TinyGo") {
		t.Errorf("the hint does not tell the cause: %s", r.Findings[0].Hint)
	}
}

// TestCoreWithoutWorld shows what the world is for: without the sections that tell the
// size of a return area the C capsule reads what was there before.
func TestCoreWithoutWorld(t *testing.T) {
	b, _ := load(t, "c.core")
	r := loadHere(t.Context(), b, Options{Calls: []Call{{Action: "hello"}}})
	if !hasCode(r, "smoke-call") {
		t.Errorf("findings %v", r.Findings)
	}
}
