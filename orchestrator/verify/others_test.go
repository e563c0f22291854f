package verify

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// One copy is shared by all builds: who damages another's inputs must not go unseen, whichever is built first.
func TestDamageToAnotherCapsuleIsNoGreenRun(t *testing.T) {
	testkit.Needs(t, "sh")
	for name, names := range map[string]struct{ victim, culprit string }{
		"the culprit first": {"b", "a"}, "the victim first": {"a", "b"},
	} {
		t.Run(name, func(t *testing.T) {
			root := testkit.Folder(t)
			testkit.Write(t, filepath.Join(root, "go.mod"), "module a\n")
			for _, n := range []string{names.victim, "sound"} {
				capsuleAt(t, filepath.Join(root, n), n, wasm)
				testkit.Write(t, filepath.Join(root, n, "data"), "as committed\n")
				testkit.Write(t, filepath.Join(root, n, "lost"), "as committed\n")
			}
			v := "../" + names.victim + "/"
			capsuleAt(t, filepath.Join(root, names.culprit), names.culprit, `echo other > `+v+`data; rm -f `+v+`lost; echo new > `+v+`made; touch ../sound/data; sleep 0.1; `+wasm) // longer than slack: whose build begins next did not do it
			r := verified(t, root, Config{})
			s := found(t, r, names.victim).Step(report.StepNoMutation)
			if got := strings.Join(errorsOf(s), ", "); s.Verdict != report.Failed || got != "build-changes-input data, build-changes-input lost, build-changes-input made" {
				t.Errorf("%s: %+v", s.Verdict, s.Findings)
			}
			for _, f := range s.Findings {
				if !strings.HasPrefix(f.Message, "the build of "+names.culprit+" ") {
					t.Errorf("%q names nobody", f.Message)
				}
			}
			if r.Summary.Failed != 1 || r.Summary.Passed != 2 {
				t.Errorf("%+v", r.Summary)
			}
		})
	}
}

// What was damaged and put back was not what the victim was built from.
func TestDamageThatIsPutBackIsSeen(t *testing.T) {
	testkit.Needs(t, "sh")
	root := testkit.Folder(t)
	testkit.Write(t, filepath.Join(root, "go.mod"), "module a\n")
	capsuleAt(t, filepath.Join(root, "a"), "a", `echo other > ../b/data; `+wasm)
	capsuleAt(t, filepath.Join(root, "b"), "b", wasm)
	capsuleAt(t, filepath.Join(root, "c"), "c", `echo right > ../b/data; `+wasm)
	testkit.Write(t, filepath.Join(root, "b", "data"), "right\n")
	s := found(t, verified(t, root, Config{}), "b").Step(report.StepNoMutation)
	if s.Verdict != report.Failed || len(s.Findings) != 1 || !strings.Contains(s.Findings[0].Message, "the build of a changed") {
		t.Errorf("%s: %+v", s.Verdict, s.Findings)
	}
}
