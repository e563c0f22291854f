package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// apart is between a reload and the next edit: nobody is so quick that what follows a reload is in the next one's time.
const apart = time.Second

// edited is an example, and the text in it that each edit changes, so that another module is built.
type edited struct {
	name, capsule, file, old, new string // new has a %d
	tool                          string // "rust": a Rust that can build capsules
	flags                         []string
}

// BenchmarkEditToVerdict is a save until its verdict, of each example: -benchtime 30x makes thirty
// edits. The quiet window is 30 ms, so that it is in nothing; the settle time of 30 ms is in the rest,
// with the hash, the key, what was read, the smoke load and the publication. At its end it prints the table of
// docs/performance.md.
func BenchmarkEditToVerdict(b *testing.B) {
	astridDev := program(b)
	rows := map[string]string{}
	for _, e := range benched() {
		name := filepath.Join(e.name, e.capsule) + "/" + e.quality()
		b.Run(name, func(b *testing.B) { rows[name] = e.run(b, astridDev) })
	}
	printed := "| capsule | edits | verdict p50 | p95 | compiler p50 | smoke p50 | beyond the compiler p50 | p95 | share of it | processor, a build |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		printed += "| " + name + " | " + rows[name] + " |\n"
	}
	fmt.Print("\n" + printed)
}

// quality is which module the watch makes first of e.
func (e edited) quality() string {
	if len(e.flags) > 0 || e.tool != "rust" {
		return "release"
	}
	return "debug"
}

// benched are each example, Rust as debug and as release, and three capsules of the workspace, whose profile has no debug form.
func benched() []edited {
	list := []edited{
		{"hello-go", ".", "main.go", `"abort", ""`, `"abort", "%d"`, "go", nil},
		{"hello-c", ".", "capsule.c", "What to mask.", "What to mask, %d.", "wasm-ld", nil},
		{"hello-zig", ".", "src/capsule.zig", "Whose words.", "Whose words, %d.", "zig", nil},
		{"hello-js", ".", "capsule.js", "in title case.", "in title case, %d.", "npm", nil},
		{"hello-assemblyscript", ".", "assembly/index.ts", `{"crc32":"`, `{"version":%d,"crc32":"`, "npm", nil},
		{"hello-rust", ".", "src/lib.rs", `words.join("-")`, `words.join("-").replace("#%d", "")`, "rust", nil},
	}
	released := []string{"--release"}
	return append(list, []edited{
		{"hello-sdk", ".", "src/lib.rs", "Hello, {}!", "Hello %d, {}!", "rust", nil},
		{"hello-sdk", ".", "src/lib.rs", "Hello, {}!", "Hello %d, {}!", "rust", released},
		{"workspace", "notes", "notes/src/lib.rs", "{} has {} bytes", "{} has {} bytes, %d", "rust", released},
		{"workspace", "pages", "pages/src/lib.rs", "(no title)", "(no title %d)", "rust", released},
		{"workspace", "tally", "tally/src/lib.rs", `"nobody"`, `"nobody%d"`, "rust", released},
	}...)
}

// run makes the edits, and returns their row in the table.
func (e edited) run(b *testing.B, astridDev string) string {
	dir := filepath.Join(b.TempDir(), "w")
	testkit.Check(b, testkit.CopyExample(e.name, dir))
	env := e.environment(b, dir)
	file := filepath.Join(dir, filepath.FromSlash(e.file))
	source := testkit.Read(b, file)
	if !strings.Contains(source, e.old) {
		b.Fatalf("%s does not hold %q", file, e.old)
	}
	cmd := exec.Command(astridDev, append([]string{"watch", e.capsule, "--format", "json", "--quiet-window", "30ms", "--alone"}, e.flags...)...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.StdoutPipe()
	testkit.Check(b, err)
	testkit.Check(b, cmd.Start())
	b.Cleanup(func() { _ = cmd.Process.Kill() }) // after its end nothing happens
	lines := bufio.NewReader(out)
	nextReload(b, lines)
	var all, compiler, smoke, rest []float64
	for n := 1; b.Loop(); n++ {
		time.Sleep(apart)
		began := time.Now()
		testkit.Write(b, file, strings.Replace(source, e.old, fmt.Sprintf(e.new, n), 1))
		v := nextReload(b, lines)
		took := float64(time.Since(began).Microseconds()) / 1000
		all, compiler, smoke, rest = append(all, took), append(compiler, v.BuildMS), append(smoke, v.SmokeMS), append(rest, took-v.BuildMS)
	}
	b.StopTimer()
	testkit.Check(b, cmd.Process.Signal(os.Interrupt))
	_, _ = io.Copy(io.Discard, lines)
	_ = cmd.Wait()
	// With the compilers, the first build and the children of all of them.
	cpu := float64((cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Milliseconds()) / float64(len(all)+1)
	b.ReportMetric(cpu, "cpu-ms/build")
	return row(b, all, compiler, smoke, rest, cpu)
}

// row reports the figures of a capsule, and has them as a row of the table, in ms.
func row(b *testing.B, all, compiler, smoke, rest []float64, cpu float64) string {
	p := func(name string, of []float64) (p50, p95 float64) {
		slices.Sort(of)
		p50, p95 = of[len(of)/2], of[len(of)*95/100]
		b.ReportMetric(p50, "p50-"+name)
		b.ReportMetric(p95, "p95-"+name)
		return p50, p95
	}
	all50, all95 := p("ms", all)
	compiler50, _ := p("compiler-ms", compiler)
	smoke50, _ := p("smoke-ms", smoke)
	rest50, rest95 := p("rest-ms", rest)
	return fmt.Sprintf("%d | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f %% | %.0f", len(all), all50, all95, compiler50, smoke50, rest50, rest95, 100*rest50/all50, cpu)
}

// reload is what an event says of its build.
type reload struct {
	Type    string  `json:"type"`
	BuildMS float64 `json:"build_ms"`
	SmokeMS float64 `json:"smoke_ms"`
}

// nextReload waits for it. Anything in its place ends the benchmark.
func nextReload(b *testing.B, lines *bufio.Reader) (e reload) {
	b.Helper()
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			b.Fatalf("the watch ended: %v", err)
		}
		e = reload{}
		testkit.Check(b, json.Unmarshal(line, &e))
		switch e.Type {
		case "reload":
			return e
		case "build_failed", "unchanged", "held":
			b.Fatalf("instead of a reload: %s", line)
		}
	}
}

// environment has what e's language needs; without it the benchmark is skipped.
func (e edited) environment(b *testing.B, dir string) []string {
	env := os.Environ()
	switch e.tool {
	case "rust":
		path := testkit.RustPath(os.Getenv("PATH"))
		if path == "" {
			testkit.Skip(b, "a Rust with wasm32-unknown-unknown is missing")
		}
		target, err := testkit.Cache("cargo-" + e.name)
		testkit.Check(b, err)
		return append(env, "PATH="+path, "CARGO_TARGET_DIR="+target)
	case "npm":
		testkit.Needs(b, "npm")
		modules, err := testkit.NodeModules(dir)
		if err != nil {
			testkit.Skip(b, "%v", err)
		}
		testkit.Check(b, os.Symlink(modules, filepath.Join(dir, "node_modules")))
	case "zig":
		testkit.Needs(b, "zig")
		cache, err := testkit.ZigCache()
		testkit.Check(b, err)
		return append(env, "ZIG_GLOBAL_CACHE_DIR="+cache)
	default:
		testkit.Needs(b, e.tool)
	}
	return env
}
