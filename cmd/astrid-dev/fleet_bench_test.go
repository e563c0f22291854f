package main

import (
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/shared/remote/servers"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	reports "github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// The table in docs/performance.md: go test ./cmd/astrid-dev -run '^$' -bench Fleet -benchtime 1x -fleet 100,1000,10000 -timeout 0
var (
	fleetSizes = flag.String("fleet", "100", "how many capsules BenchmarkFleet verifies, with commas between")
	fleetOwn   = flag.Bool("fleet-own-server", false, "BenchmarkFleet shares through a server in memory instead of BuildGrid")
)

// workers is how many processes verify a fleet beside each other, each a shard.
const workers = 8

// fleet is capsules that build in a moment, and the program.
type fleet struct {
	testing.TB
	root, program, server, key, out string
	size                            int
}

func newFleet(tb testing.TB, size int) *fleet {
	tb.Helper()
	f := &fleet{TB: tb, root: testkit.Folder(tb), program: filepath.Join(tb.TempDir(), "astrid-dev"), key: filepath.Join(tb.TempDir(), "key"), out: tb.TempDir(), size: size}
	if out, err := exec.Command("go", "build", "-o", f.program, ".").CombinedOutput(); err != nil {
		tb.Fatalf("%v: %s", err, out)
	}
	if *fleetOwn {
		f.server = servers.Start(tb).Address
	} else {
		f.server = servers.BuildGrid(tb)
	}
	if out, err := exec.Command(f.program, "key", f.key).CombinedOutput(); err != nil {
		tb.Fatalf("%v: %s", err, out)
	}
	for i := range size {
		name := fmt.Sprintf("c%05d", i)
		dir := filepath.Join(f.root, "capsules", fmt.Sprintf("%02d", i%100), name)
		testkit.Write(tb, filepath.Join(dir, "Capsule.toml"), fmt.Sprintf("[package]\nname = %q\nversion = \"0.1.0\"\n[[component]]\nfile = \"cap.wasm\"\n[package.metadata.astrid-dev]\nbuild = [\"sh\", \"build.sh\"]\n", name))
		testkit.Write(tb, filepath.Join(dir, "build.sh"), "sleep 0.02; cat source > $CAPSULE_OUT\n")
		f.edit(i, "first")
	}
	testkit.Git(tb, f.root, "init", "-q")
	testkit.Git(tb, f.root, "add", "-A")
	testkit.Git(tb, f.root, "commit", "-q", "-m", "m")
	return f
}

// edit makes capsule i build another module, of some kilobytes.
func (f *fleet) edit(i int, text string) {
	f.Helper()
	text = fmt.Sprintf("%s %d ", text, i) + strings.Repeat("x", 8<<10)
	path := filepath.Join(f.root, "capsules", fmt.Sprintf("%02d", i%100), fmt.Sprintf("c%05d", i), "source")
	testkit.Write(f, path, string(testkit.Core(testkit.Section(0, testkit.Sized("n"), []byte(text)))))
}

// verify runs all workers at once and merges what they report. spent is the processor time of them
// and of what they started.
func (f *fleet) verify() (whole reports.Report, took, spent time.Duration) {
	f.Helper()
	start := time.Now()
	var running sync.WaitGroup
	errs := make([]error, workers)
	files := make([]string, workers)
	used := make([]time.Duration, workers)
	for i := range workers {
		files[i] = filepath.Join(f.out, fmt.Sprintf("%d.json", i))
		running.Go(func() {
			cmd := exec.Command(f.program, "verify", f.root, "--jobs", "1", "--shard", fmt.Sprintf("%d/%d", i+1, workers),
				"--cache", f.server, "--cache-key", f.key, "--cache-again", "0", "--report", "json="+files[i])
			out, err := cmd.CombinedOutput()
			used[i] = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			if err != nil {
				errs[i] = fmt.Errorf("%w: %.2000s", err, out)
			}
		})
	}
	running.Wait()
	took = time.Since(start)
	var parts []reports.Report
	for i, file := range files {
		testkit.Check(f, errs[i])
		spent += used[i]
		part, err := reports.Read(file)
		testkit.Check(f, err)
		parts = append(parts, part)
	}
	whole, err := reports.Merge(parts)
	testkit.Check(f, err)
	return whole, took, spent
}

// BenchmarkFleet is a fleet that eight processes verify, cold, warm, and with one capsule in a
// hundred changed, through one server.
func BenchmarkFleet(b *testing.B) {
	for size := range strings.SplitSeq(*fleetSizes, ",") {
		n, err := strconv.Atoi(size)
		testkit.Check(b, err)
		b.Run(size, func(b *testing.B) {
			for range b.N {
				f := newFleet(b, n)
				b.ResetTimer()
				for _, run := range []struct {
					name  string
					built int
				}{{"cold", n}, {"warm", 0}, {"changed", n / 100}} {
					if run.name == "changed" {
						for i := range n / 100 {
							f.edit(i*100, "changed")
						}
					}
					r, took, spent := f.verify()
					if r.Summary.Passed != n || r.Cache.Built != run.built || r.Cache.Hits != n-run.built || r.Cache.Failures > 0 {
						b.Fatalf("%s: %+v, %+v", run.name, r.Summary, r.Cache)
					}
					b.ReportMetric(float64(took.Microseconds())/1000/float64(n), run.name+"-ms/capsule")
					b.ReportMetric(float64(spent.Microseconds())/1000/float64(n), run.name+"-cpu-ms/capsule")
					b.ReportMetric(float64(r.Cache.Read+r.Cache.Written)/float64(n), run.name+"-B/capsule")
				}
			}
		})
	}
}
