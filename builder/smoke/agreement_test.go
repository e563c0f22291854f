package smoke

import (
	"os"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// TestRuntimeAgrees holds our verdict against the runtime's own, of the newest release and of the
// last one before the calendar: each module of the table was installed in a private daemon of
// that release, which answered with 0 or 1.
func TestRuntimeAgrees(t *testing.T) {
	for _, release := range []string{"2026.10.1", "0.10.4"} {
		t.Run(release, func(t *testing.T) { agreesWith(t, release) })
	}
}

func agreesWith(t *testing.T, release string) {
	// What has to be said of a module that the runtime refuses: the true cause, which the
	// runtime's own sentence seldom tells.
	causes := map[string]string{
		"A1-no-memory": "memory", "A2-no-realloc": "realloc", "A3-wrong-lift-type": "lowered", "A4-wrong-realloc": "realloc", "A5-wrong-post": "post-return",
		"I2-duplicate": "duplicate", "B2-bad-record": "not in kebab case", "B4-flags-33": "32 flags", "B5-case-clash": "conflicts", "B3-unnamed": "not valid to be used as export",
		"C1-subtype": "type mismatch", "D1-map": "component-model map", "D10-gc": "gc", "D2-fixed": "component-model fixed-length-lists", "D3-error-context": "component-model error-context",
		"D4-thread": "component-model threading", "D5-context1": "component-model", "D6-stackful": "component-model async-stackful", "D7-stream": "component-model more-async-builtins",
		"D8-async-cancel": "component-model more-async-builtins", "D9-error": "component-model error-context", "E3-multi": "type mismatch", "E7-tail": "type mismatch",
		"E1-elem": "invalid table access", "E11b": "mutable", "I3-global": "locally defined global", "G1-unknown": "kernel-import-missing", "G15-other": "file-injections", "G2-wrong": "kernel-import-type",
		"G3-func": "by itself", "G5-lifecycle": "kernel-import-missing", "G9-import": "resource", "E2-memory64": "64-bit memories", "E5-shared": "shared memory", "E6-shared": "shared",
		"run-returns": "signal-ready",
	}
	table, err := os.ReadFile("testdata/kernel/runtime-" + release + ".tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		row := strings.Split(strings.TrimRight(line, "\n"), "\t")
		t.Run(row[0], func(t *testing.T) {
			module, err := os.ReadFile("testdata/kernel/" + row[0])
			if err != nil {
				t.Fatal(err)
			}
			r := loadHere(t.Context(), module, Options{Runtime: release})
			said := strings.Builder{}
			for _, f := range append(r.Findings, r.KernelFindings...) {
				if f.Severity == finding.Error {
					said.WriteString(f.Message + " [" + string(f.Code) + "]\n")
				}
			}
			takes := r.Verdict != Fails && r.KernelReady
			if release == "0.10.4" && row[0] == "run-without-ready.run-returns.wasm" {
				// The one difference: 0.10.4 says the same of it half a second after it has taken it, and
				// leaves it in its lists, where it does nothing.
				if takes || row[1] != "0" || !strings.Contains(said.String(), "signal-ready") {
					t.Errorf("kernel-ready %v; the runtime answers %s\n%s", takes, row[1], said.String())
				}
				return
			}
			if takes != (row[1] == "0") {
				t.Fatalf("verdict %s, kernel-ready %v; the runtime answers %s %s\n%s", r.Verdict, r.KernelReady, row[1], row[2], said.String())
			}
			for name, cause := range causes {
				if strings.Contains(row[0], "."+name) && !strings.Contains(said.String(), cause) {
					t.Errorf("the cause %q is not told:\n%s", cause, said.String())
				}
			}
		})
	}
}
