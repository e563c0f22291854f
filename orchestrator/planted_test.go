package orchestrator

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

type fault struct{ what, file, was, is string }

// planted are faults, each of one line, of the kinds that such a loop has: an event that is
// dropped, guards that are swapped, a wake-up that is missed, a flag that is not taken back.
// The simulation must find each of them; one that it does not find is a promise that it
// does not hold.
var planted = []fault{
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
	{"the published key is not remembered", "outcome.go", "		c.standing.publish(j.in, published)\n", "		c.standing.modules = published\n"},
	{"no new decision after a build that was given up", "outcome.go", "		l.giveUp(c)\n		l.again(c, now)\n		return\n", "		l.giveUp(c)\n		return\n"},
	{"a finished build is published while its capsule changes", "outcome.go", "!(c.settled() && !l.awaits(c, now) || j.committed)", "false"},
	{"a group is not let go", "outcome.go", "	l.pool.Leave(j.place)\n", ""},
	{"a group is not looked at", "start.go", "l.pool.Free(c.in.Group, now)", "l.pool.Free(\"\", now)"},
	{"there is always room for a build", "start.go", "l.pool.Free(c.in.Group, now) &&", "(l.pool.Free(c.in.Group, now) || c.in.Group == \"\") &&"},
	{"a second build beside the first", "start.go", "if c.work.want && c.work.job == nil &&", "if c.work.want &&"},
	{"a held capsule's key is taken for a published one", "decide.go", "case key == c.standing.published:", "case key == c.standing.published || c.standing.how == held:"},
	{"a build that writes its sources is never held", "hold.go", "return f.same >= feedbackLimit || f.count >= 2*feedbackLimit", "return false"},
	{"an undone change has no verdict", "step.go", "		l.answer(c)\n", "		_ = c\n"},
	{"a lost module is not looked for", "product.go", "	c.product.doubt = now\n", ""},
	{"an inspection is not ended", "product.go", "	p := &c.product\n	p.working = false\n", "	p := &c.product\n"},
	{"a module is put back while a build may write it", "product.go", "return c.work.idle() && !c.exam.gone &&", "return true ||"},
	{"a finished job is not let go", "work.go", "func (w *work) deliver() { w.job, w.superseded = nil, 0 }", "func (w *work) deliver() { w.superseded = 0 }"},
	{"a command is not noticed", "circle.go", "	case h.Running:\n		c.trail.hook = ", "	case h.Running:\n		_ = "},
	{"what an examination saw before we were told is no reload", "outcome.go", "j.stood.repeats(", "c.standing.repeats("},
	{"a question is answered by an examination before it", "question.go", "c.exam.judged > q.Since.Examinations && l.concluded(c)", "l.concluded(c)"},
	{"a question is answered while a build is wanted", "question.go", "return said && c.judged() &&", "return said &&"},
	{"what is held is built", "start.go", "known && !l.leftAlone(c) &&", "known &&"},
	{"a doubt is not answered", "capsule.go", "	c.told.unanswered = true\n", ""},
	{"the same modules are a reload", "outcome.go", "	if repeats {", "	if false {"},
	{"a verdict answers what came after it", "told.go", "t.unanswered && !c.exam.current()", "false"},
	{"a verdict leaves the question open", "told.go", "t.unanswered && !c.exam.current()", "t.unanswered"},
	{"a verdict is without its key", "told.go", "b := event.Basis{Key: in.Key, Attempt: attempt}", "b := event.Basis{Attempt: attempt}"},
	{"what can be read again has no verdict", "examine.go", "l.busy, c.told.unanswered = true, true", "l.busy = true"},
	{"no release takes the place of a debug module", "step.go", "	l.releaseInQuiet(now)\n", "	_ = l\n"},
	{"no wake-up for a release", "step.go", "next = soonest(next, l.calmAt(), now)", "_ = l"},
	{"a release goes on while somebody waits", "quality.go", "			l.drop(c)\n", "			continue\n"},
	{"a release is built as a debug module", "quality.go", "in: c.asked(c.in.ForRelease()), release: true", "in: c.asked(c.in), release: true"},
	{"the inputs after a release are those of a debug build", "outcome.go", "		after = after.ForRelease()\n", "		_ = after\n"},
	{"a question waits for a release", "work.go", "return w.want || w.job != nil && !w.job.release", "return w.want || w.job != nil"},
	{"a build that began early is never told of", "decide.go", "		l.confirm(c, now)\n", "		_ = now\n"},
	{"a build that began early goes on when it was for nothing", "decide.go", "	if known || l.circles(c, now) {", "	if false && known || l.circles(c, now) {"},
	{"a build begins early beside another one", "early.go", "if !c.work.idle() || l.leftAlone(c) ||", "if l.leftAlone(c) ||"},
	{"a release of what failed", "quality.go", "c.in != nil && s.how == good && s.key == c.in.Key && ", "c.in != nil && "},
	{"a loss of events leaves what was known of files", "take.go", "		c.exam.unnamed = c.exam.unnamed || batch.Lost\n", ""},
	{"the paths of an examination that failed are not looked at", "examination.go", "	e.unnamed = true\n}\n\n// succeed", "}\n\n// succeed"},
	{"idle is said while a build is wanted", "idle.go", "if !c.work.idle() || c.told.unanswered ||", "if false ||"},
}

// unfound are faults that 8,000 plays do not find, since questions and holds are played too and
// the same module is no reload: what shows them has become too rare. Each is a promise that the
// simulation does not hold now; whoever makes its play sharper moves them up.
var unfound = []fault{
	{"an interrupted publication is not told", "events.go", "	if p == nil {\n		return\n	}\n	c.standing.recovered = nil", "	if p == nil || c.told.reloads == 0 {\n		return\n	}\n	c.standing.recovered = nil"},
	{"a command that writes sources is never held", "circle.go", "		return handLimit\n", "		return 1 << 30\n"},
	{"a suspicion outlives the hold for a circle", "circle.go", "c.hold.acquit()", "c.hold.probeAt, c.hold.probed = time.Time{}, false"},
	{"files are dated by another clock", "trail.go", "	case possible(at):", "	case true:"},
	{"what is held is examined", "examine.go", "l.examining >= examineAtOnce || l.leftAlone(c) ||", "l.examining >= examineAtOnce ||"},
	{"a hold ends in no look", "question.go", "			c.burst.end()\n			c.exam.ask()\n", "			c.burst.end()\n"},
	{"a release that was stopped counts as one that an edit superseded", "work.go", "	if !w.job.release {\n", "	if true {\n"},
	{"a build begins early of what is held", "early.go", "if !c.work.idle() || l.leftAlone(c) ||", "if !c.work.idle() ||"},
}

// TestSimulationFindsPlantedFaults compiles the loop once with all of them, and plays the
// simulation against each, until it fails; in a plain run against four, drawn anew each time: some take half a minute to be found.
func TestSimulationFindsPlantedFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("plays against one fault after the other, for a minute")
	}
	testkit.Long(t)
	binary := withFaults(t)
	for _, n := range rand.Perm(len(planted))[:testkit.Rounds(4, len(planted))] {
		fault := planted[n]
		t.Run(strings.ReplaceAll(fault.what, " ", "_"), func(t *testing.T) {
			cmd := exec.Command(binary, "-test.run=^TestSimulation$", "-test.failfast", "-simulations=8000")
			cmd.Env = append(os.Environ(), "ASTRID_DEV_PLANTED="+strconv.Itoa(n))
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Errorf("the simulation does not find it")
			} else if !strings.Contains(string(out), "FAIL") && !strings.Contains(string(out), "panic") {
				t.Errorf("the simulation did not run: %v\n%s", err, out)
			} else if _, found, ok := strings.Cut(string(out), "--- FAIL: TestSimulation/"); ok {
				t.Logf("found by seed %s", strings.Join(strings.SplitN(found, "\n", 3)[:2], " "))
			}
		})
	}
}

// withFaults compiles this package's tests with all faults; ASTRID_DEV_PLANTED is the number
// of the one that counts. The files themselves stay as they are.
func withFaults(t *testing.T) (binary string) {
	t.Helper()
	dir := t.TempDir()
	overlay := map[string]string{}
	replace := func(file, text string) {
		path, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		overlay[path] = filepath.Join(dir, file)
		if err := os.WriteFile(overlay[path], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	faulty := map[string]*faultyFile{}
	for n, fault := range slices.Concat(planted, unfound) { // their texts must fit, too
		if faulty[fault.file] == nil {
			faulty[fault.file] = readFaulty(t, fault.file)
		}
		faulty[fault.file].plant(t, n, fault.was, fault.is)
	}
	for file, f := range faulty {
		replace(file, f.text())
	}
	replace("planted_number.go", `package orchestrator

import (
	"os"
	"strconv"
)

var plantedNumber, _ = strconv.Atoi(os.Getenv("ASTRID_DEV_PLANTED"))
`)
	list, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), list, 0o600); err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(dir, "loop.test")
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", filepath.Join(dir, "overlay.json"), "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// faultyFile is a file in which each function that has a fault hands over to a copy with
// that fault, when its number is asked for.
type faultyFile struct {
	name, source string
	handOvers    map[int]string // by the place behind the brace that begins a function
	copies       []string
}

func readFaulty(t *testing.T, name string) *faultyFile {
	t.Helper()
	source, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return &faultyFile{name: name, source: string(source), handOvers: map[int]string{}}
}

// plant adds fault n.
func (f *faultyFile) plant(t *testing.T, n int, was, is string) {
	t.Helper()
	if strings.Count(f.source, was) != 1 {
		t.Fatalf("%s does not hold this exactly once, plant the fault anew: %s", f.name, was)
	}
	at := strings.Index(f.source, was)
	sound := f.functionAt(t, f.source, at)
	changed := strings.Replace(f.source, was, is, 1)
	copied := f.functionAt(t, changed, at)
	name := fmt.Sprintf("%sFault%d", copied.Name.Name, n)
	f.copies = append(f.copies, changed[copied.Pos()-1:copied.Name.Pos()-1]+name+changed[copied.Name.End()-1:copied.End()-1])
	f.handOvers[int(sound.Body.Lbrace)] += fmt.Sprintf(" if plantedNumber == %d { %s };", n, handOver(sound, name))
}

// functionAt is the function around a place in a source.
func (f *faultyFile) functionAt(t *testing.T, source string, at int) *ast.FuncDecl {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), f.name, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		if function, ok := decl.(*ast.FuncDecl); ok && int(function.Pos())-1 <= at && at < int(function.End())-1 {
			return function
		}
	}
	t.Fatalf("%s: a fault lies in no function", f.name)
	return nil
}

// handOver calls name with what function was called with, and returns.
func handOver(function *ast.FuncDecl, name string) string {
	if function.Recv != nil {
		name = function.Recv.List[0].Names[0].Name + "." + name
	}
	var args []string
	for _, field := range function.Type.Params.List {
		for _, arg := range field.Names {
			args = append(args, arg.Name)
		}
	}
	call := name + "(" + strings.Join(args, ", ") + ")"
	if function.Type.Results == nil {
		return call + "; return"
	}
	return "return " + call
}

// text is the file with all its faults.
func (f *faultyFile) text() string {
	text := f.source
	places := slices.Sorted(maps.Keys(f.handOvers))
	for _, place := range slices.Backward(places) {
		text = text[:place] + f.handOvers[place] + text[place:]
	}
	return text + "\n" + strings.Join(f.copies, "\n\n") + "\n"
}
