package verify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// TestRuntimeChanges compares 0.10.4 and 2026.10.1 over modules whose answers of the real runtimes are
// known (builder/smoke/testdata/kernel): only what they judge otherwise is told.
func TestRuntimeChanges(t *testing.T) {
	testkit.Long(t)
	modules := map[string]string{
		"references": "function-references.E8-funcref-call_ref", // 2026 alone loads it
		"broken":     "canonical-options.A1-no-memory-option",   // neither loads it
		"type":       "kernel-import-contents.G2-wrong-type",    // neither is ready for it, and both say why
		"sound":      "contract-names.F1-field-names",
	}
	root := testkit.Folder(t)
	var dirs []string
	for name, file := range modules {
		module, err := os.ReadFile(filepath.Join("..", "..", "builder", "smoke", "testdata", "kernel", file+".wasm"))
		testkit.Check(t, err)
		dirs = append(dirs, filepath.Join(root, name))
		capsuleAt(t, filepath.Join(root, name), name, "cat module > $CAPSULE_OUT")
		testkit.Write(t, filepath.Join(root, name, "module"), string(module))
	}
	commit(t, root)
	for _, tt := range []struct {
		old, new, code string
		verdict        report.Verdict
		more           string
	}{
		{"0.10.4", "2026.10.1", "runtime-mended", report.Passed, "no longer so with 2026.10.1: it needs the function-references proposal"},
		{"2026.10.1", "0.10.4", "runtime-regression", report.Failed, "0.10.4: it needs the function-references proposal"},
		{"2026.10.1", "2026.9.3", "", report.Passed, ""},
	} {
		releases, err := astrid.FindAll([]string{tt.old, tt.new})
		testkit.Check(t, err)
		r, err := Run(t.Context(), Config{Dirs: dirs, Jobs: 2, Runtime: releases, Changes: true})
		testkit.Check(t, err)
		for _, c := range r.Capsules {
			if c.Name == "references" && tt.code != "" {
				found := c.Step(report.StepRuntimeChange).Findings
				if c.Verdict != tt.verdict || len(found) != 2 || string(found[0].Code) != tt.code && string(found[1].Code) != tt.code || !strings.Contains(found[0].Message+found[1].Message, tt.more) {
					t.Errorf("%s to %s: %s with %v", tt.old, tt.new, c.Verdict, found)
				}
				continue
			}
			for _, s := range c.Steps {
				if len(s.Findings) > 0 {
					t.Errorf("%s to %s, %s: %s tells of what did not change: %v", tt.old, tt.new, c.Name, s.Name, s.Findings)
				}
			}
			if c.Verdict != report.Passed {
				t.Errorf("%s to %s, %s: %s", tt.old, tt.new, c.Name, c.Verdict)
			}
			if s := c.Step(report.StepSmoke); c.Name == "broken" && (s.Verdict != report.Skipped || s.Reason != "neither "+tt.old+" nor "+tt.new+" loads it") {
				t.Errorf("%s: %s, %s", c.Name, s.Verdict, s.Reason)
			}
		}
	}
}
