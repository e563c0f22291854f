package orchestrator

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// planted are faults, each of one line, of the kinds that such a loop has: an event that is
// dropped, guards that are swapped, a wake-up that is missed, a flag that is not taken back.
// The simulation must find each of them; one that it does not find is a promise that it
// does not hold.
var planted = []struct{ what, file, was, is string }{
	{"a batch of lost events touches nobody", "take.go", "			touched[c] = true\n		}\n		l.rediscover()", "			_ = c\n		}\n		l.rediscover()"},
	{"a new capsule's manifest is not noticed", "take.go", "if isManifest && l.capsules[dir] == nil &&", "if false && isManifest && l.capsules[dir] == nil &&"},
	{"a change does not mark the capsule dirty", "examination.go", "e.dirty, e.retryAt = true, time.Time{} }", "e.retryAt = time.Time{} }"},
	{"ready says unchanged of what is to be built", "idle.go", "c.stands() && c.in.Buildable && c.told.reloads == 0 && c.work.idle() {", "c.standing.how == good && c.in.Buildable && c.told.reloads == 0 {"},
	{"the quiet window is not waited for by who waits at its end", "step.go", "next = soonest(next, c.burst.quietAt(&l.Config), now)", "_ = c"},
	{"no wake-up for a due examination", "step.go", "next = soonest(next, c.examineAt(&l.Config), now)", "_ = c"},
	{"no wake-up for a build in quiet", "step.go", "next = soonest(next, c.hold.probeAt, now)", "_ = c"},
	{"no wake-up while git holds its lock", "step.go", "next = now.Add(lockPoll)", "_ = lockPoll"},
	{"a removed capsule is kept", "examine.go", "		l.remove(c)\n", "		_ = c\n"},
	{"an unreadable source is not looked at again", "examination.go", "e.dirty, e.retryAt, e.unreadable = true, again, err.Error()", "e.retryAt, e.unreadable = again, err.Error()"},
	{"a build of other content is not given up", "decide.go", "		l.supersede(c, false)\n", "		_ = c\n"},
	{"a cancelled build's outcome counts", "outcome.go", "	if j.cancelled {", "	if false {"},
	{"what changed during a build is not looked at", "outcome.go", "	changed := end.staged.Moved()\n", "	changed := []string(nil)\n"},
	{"a failed build's key is not remembered", "outcome.go", "		c.settle(j.in, failed)\n		l.sayFailure(c, j, now)\n		l.again(c, now)", "		c.standing.in = j.in\n		l.sayFailure(c, j, now)\n		l.again(c, now)"},
	{"the published key is not remembered", "outcome.go", "		c.standing.publish(j.in.Key, published)\n", "		c.standing.publish(c.standing.published, published)\n"},
	{"no new decision after a build that was given up", "outcome.go", "		l.giveUp(c)\n		l.again(c, now)\n		return\n", "		l.giveUp(c)\n		return\n"},
	{"a finished build is published while its capsule changes", "outcome.go", "!(c.settled() && !l.awaits(c, now) || j.committed)", "false"},
	{"a group is not let go", "outcome.go", "	l.pool.Leave(j.place)\n", ""},
	{"a group is not looked at", "start.go", "l.pool.Free(c.in.Group, now)", "l.pool.Free(\"\", now)"},
	{"there is always room for a build", "start.go", "l.pool.Free(c.in.Group, now) &&", "(l.pool.Free(c.in.Group, now) || c.in.Group == \"\") &&"},
	{"a second build beside the first", "start.go", "if c.work.want && c.work.job == nil &&", "if c.work.want &&"},
	{"a held capsule's key is taken for a published one", "decide.go", "case key == c.standing.published:", "case key == c.standing.published || c.standing.how == held:"},
	{"a build that writes its sources is never held", "hold.go", "return f.same >= feedbackLimit || f.count >= 2*feedbackLimit", "return false"},
	{"an undone change has no verdict", "step.go", "		l.answer(c)\n", "		_ = c\n"},
	{"an interrupted publication is not told", "events.go", "	if p == nil {\n		return\n	}\n	c.standing.recovered = nil", "	if p == nil || c.told.reloads == 0 {\n		return\n	}\n	c.standing.recovered = nil"},
	{"a lost module is not looked for", "product.go", "	c.product.doubt = now\n", ""},
	{"an inspection is not ended", "product.go", "	p := &c.product\n	p.working = false\n", "	p := &c.product\n"},
	{"a module is put back while a build may write it", "product.go", "return c.work.idle() && !c.exam.gone &&", "return true ||"},
	{"a finished job is not let go", "work.go", "func (w *work) deliver() { w.job, w.superseded = nil, 0 }", "func (w *work) deliver() { w.superseded = 0 }"},
	{"a command that writes sources is never held", "circle.go", "		return handLimit\n", "		return 1 << 30\n"},
	{"a command is not noticed", "circle.go", "	case h.Running:\n		c.trail.hook = ", "	case h.Running:\n		_ = "},
	{"a suspicion outlives the hold for a circle", "circle.go", "	c.hold.acquit() //", "	c.hold.probeAt, c.hold.probed = time.Time{}, false //"},
	{"files are dated by another clock", "trail.go", "	case possible(at):", "	case true:"},
	{"idle is said while a build is wanted", "idle.go", "if !c.work.idle() || c.hold.suspicion != nil ||", "if c.hold.suspicion != nil ||"},
}

// TestSimulationFindsPlantedFaults compiles the loop with each planted fault and plays the
// simulation against it, until it fails.
func TestSimulationFindsPlantedFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the package once for each fault")
	}
	for _, fault := range planted {
		t.Run(strings.ReplaceAll(fault.what, " ", "_"), func(t *testing.T) {
			binary := withFault(t, fault.file, fault.was, fault.is)
			out, err := exec.Command(binary, "-test.run=^TestSimulation$", "-test.failfast", "-simulations=2000").CombinedOutput()
			if err == nil {
				t.Errorf("the simulation does not find it")
			} else if !strings.Contains(string(out), "FAIL") && !strings.Contains(string(out), "panic") {
				t.Errorf("the simulation did not run: %v\n%s", err, out)
			}
		})
	}
}

// withFault compiles this package's tests with a fault in one file. The file itself stays as it is.
func withFault(t *testing.T, file, was, is string) (binary string) {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(source), was) != 1 {
		t.Fatalf("%s does not hold this exactly once, plant the fault anew: %s", file, was)
	}
	dir := t.TempDir()
	faulty := filepath.Join(dir, "faulty.go")
	if err := os.WriteFile(faulty, []byte(strings.Replace(string(source), was, is, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: faulty}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(dir, "loop.test")
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", filepath.Join(dir, "overlay.json"), "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}
