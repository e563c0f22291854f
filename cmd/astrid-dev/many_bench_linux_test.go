package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// The table in docs/performance.md: go test ./cmd/astrid-dev -run '^$' -bench Many -benchtime 3x -many 1000 -timeout 0
var manySize = flag.Int("many", 100, "how many capsules BenchmarkMany watches")

// many is capsules of 100 files in one repository, which build in a moment, all built, and the program.
type many struct {
	testing.TB
	root, program string
}

func newMany(tb testing.TB) *many {
	m := &many{TB: tb, root: testkit.Folder(tb), program: filepath.Join(tb.TempDir(), "astrid-dev")}
	if out, err := exec.Command("go", "build", "-o", m.program, ".").CombinedOutput(); err != nil {
		tb.Fatalf("%v: %s", err, out)
	}
	plant(tb, m.root, *manySize, 100)
	testkit.Write(tb, filepath.Join(m.root, ".gitignore"), "target/\nnode_modules/\nc.wasm\n")
	module := string(testkit.Core(testkit.Section(0, testkit.Sized("n"), []byte(strings.Repeat("x", 2000)))))
	for i := range *manySize {
		dir := m.dir(i)
		testkit.Write(tb, filepath.Join(dir, "source"), module)
		testkit.Write(tb, filepath.Join(dir, "build.sh"), "cat source > $CAPSULE_OUT\n")
		manifest := fmt.Sprintf("[package]\nname = \"c%d\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"c.wasm\"\n[package.metadata.astrid-dev]\nbuild = [\"sh\", \"build.sh\"]\n", i)
		testkit.Write(tb, filepath.Join(dir, "Capsule.toml"), manifest)
		for j := range 5 {
			testkit.Check(tb, os.MkdirAll(filepath.Join(dir, "node_modules", fmt.Sprint("m", j), "lib"), 0o755))
		}
	}
	testkit.Git(tb, m.root, "init", "-q", "-b", "one")
	testkit.Git(tb, m.root, "add", "-A")
	testkit.Git(tb, m.root, "commit", "-q", "-m", "m")
	testkit.Git(tb, m.root, "checkout", "-q", "-b", "two")
	for i := 0; i < *manySize; i += 2 {
		for j := range 3 {
			testkit.Write(tb, filepath.Join(m.dir(i), fmt.Sprint("src", j), fmt.Sprintf("f%d.txt", j)), "of the other branch")
		}
	}
	testkit.Git(tb, m.root, "commit", "-q", "-a", "-m", "m")
	if out, err := exec.Command(m.program, "build", m.root).CombinedOutput(); err != nil {
		tb.Fatalf("%v: %.2000s", err, out)
	}
	return m
}

func (m *many) dir(i int) string { return filepath.Join(m.root, fmt.Sprintf("capsule-%04d", i)) }

// manyWatch is a watch of them.
type manyWatch struct {
	testing.TB
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func (m *many) watch() *manyWatch {
	w := &manyWatch{TB: m.TB, cmd: exec.Command(m.program, "watch", m.root, "--format", "json", "--alone")}
	out, err := w.cmd.StdoutPipe()
	testkit.Check(m, err)
	testkit.Check(m, w.cmd.Start())
	w.lines = bufio.NewScanner(out)
	w.lines.Buffer(nil, 16<<20)
	return w
}

// until is how often each capsule had a verdict, by folder, before an event of that type came.
func (w *manyWatch) until(typ string) (verdicts map[string]int) {
	verdicts = map[string]int{}
	for w.lines.Scan() {
		var e struct{ Type, Dir string }
		testkit.Check(w, json.Unmarshal(w.lines.Bytes(), &e))
		switch e.Type {
		case typ:
			return verdicts
		case "reload", "unchanged", "build_failed", "held":
			verdicts[e.Dir]++
		}
	}
	w.Fatalf("it ended before %s", typ)
	return nil
}

func (w *manyWatch) end() {
	testkit.Check(w, w.cmd.Process.Signal(os.Interrupt))
	for w.lines.Scan() {
	}
	_ = w.cmd.Wait()
}

// used is the processor time of the watch alone, without the commands that it started.
func (w *manyWatch) used() time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.cmd.Process.Pid))
	testkit.Check(w, err)
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	const tick = 10 * time.Millisecond // of USER_HZ, which is 100 on every Linux
	user, err := strconv.Atoi(fields[11])
	testkit.Check(w, err)
	system, err := strconv.Atoi(fields[12])
	testkit.Check(w, err)
	return time.Duration(user+system) * tick
}

// peak is the most memory that was resident since the last call, in MiB.
func (w *manyWatch) peak() float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.cmd.Process.Pid))
	testkit.Check(w, err)
	testkit.Check(w, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", w.cmd.Process.Pid), []byte("5"), 0))
	_, rest, _ := strings.Cut(string(data), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	testkit.Check(w, err)
	return float64(kib) / 1024
}

// BenchmarkMany is a watch of many capsules that are built already: until it is ready, from what the last one
// kept; and a branch switch that touches every second of them, each of which must have one answer, in the
// processor's time of the watch without what it starts.
func BenchmarkMany(b *testing.B) {
	m := newMany(b)
	first := m.watch() // which keeps its look
	first.until("idle")
	first.end()
	var took, ready, switched time.Duration
	var atStart, inSwitch float64
	branch := []string{"one", "two"}
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		w := m.watch()
		w.until("ready")
		took, ready = took+time.Since(start), ready+w.used()
		w.until("idle")
		atStart = max(atStart, w.peak())
		before := w.used()
		testkit.Git(b, m.root, "checkout", "-q", branch[i%2])
		verdicts := w.until("idle")
		for dir, n := range verdicts {
			if n != 1 {
				b.Errorf("%s had %d answers", dir, n)
			}
		}
		if want := (*manySize + 1) / 2; len(verdicts) != want {
			b.Errorf("%d capsules were answered, want %d", len(verdicts), want)
		}
		switched, inSwitch = switched+w.used()-before, max(inSwitch, w.peak())
		w.end()
	}
	b.ReportMetric(took.Seconds()/float64(b.N), "s-ready")
	b.ReportMetric(ready.Seconds()/float64(b.N), "cpu-s-ready")
	b.ReportMetric(switched.Seconds()/float64(b.N), "cpu-s-switch")
	b.ReportMetric(atStart, "MiB-ready")
	b.ReportMetric(inSwitch, "MiB-switch")
}
