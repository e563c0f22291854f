package main

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// BenchmarkStart is the start of the process until all of one capsule that is built is ready: -benchtime 20x
// starts it twenty times. The processor's time is the process's own and that of the tools that it asked.
func BenchmarkStart(b *testing.B) {
	for _, e := range []edited{{name: "hello-go", capsule: ".", tool: "go"}, {name: "hello-rust", capsule: ".", tool: "rust"}, {name: "hello-c", capsule: ".", tool: "wasm-ld"}, {name: "hello-js", capsule: ".", tool: "npm"}} {
		b.Run(e.name, e.start)
	}
}

func (e edited) start(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "w")
	testkit.Check(b, testkit.CopyExample(e.name, dir))
	env, astridDev := e.environment(b, dir), program(b)
	timed(b, dir, env, astridDev, "build", e.capsule)
	var walls, used []float64
	once := func() {
		cmd := exec.Command(astridDev, "watch", e.capsule, "--format", "json", "--alone")
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.StdoutPipe()
		testkit.Check(b, err)
		began := time.Now()
		testkit.Check(b, cmd.Start())
		for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), `"ready"`); {
			if strings.Contains(lines.Text(), `"build_started"`) {
				b.Error("it builds what is built")
			}
		}
		walls = append(walls, float64(time.Since(began).Microseconds())/1000)
		testkit.Check(b, cmd.Process.Kill())
		_ = cmd.Wait()
		used = append(used, float64((cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()).Microseconds())/1000)
	}
	once() // what tools say is kept from now on
	walls, used = nil, nil
	for b.Loop() {
		once()
	}
	slices.Sort(walls)
	slices.Sort(used)
	b.ReportMetric(walls[len(walls)/2], "p50-ms")
	b.ReportMetric(walls[len(walls)*95/100], "p95-ms")
	b.ReportMetric(used[len(used)/2], "p50-cpu-ms")
}
