package smoke

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// targets are the times that the child may take, from the design.
var targets = map[string]time.Duration{
	"go.core": 350 * time.Millisecond, "starling": 1500 * time.Millisecond, "rust.core": 30 * time.Millisecond, "rust": 30 * time.Millisecond,
}

// wasmtime is Python with Wasmtime, the native engine that the runtime has, too: make bench-peers puts it there.
const wasmtime = "wasmtime-python"

// BenchmarkTable prints a table in Markdown: what a load of each fixture takes in the child, the whole of it and
// with its code known, and what node and Wasmtime take for the same bytes, in turns in the same run.
func BenchmarkTable(b *testing.B) {
	testkit.Needs(b, "node")
	if exec.Command(wasmtime, "-c", "import wasmtime").Run() != nil {
		testkit.Skip(b, "Wasmtime for Python is missing: make bench-peers puts it where it is found")
	}
	fmt.Printf("\n%s/%s, %d processors, %s; median of %d, child from start to report\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), rounds)
	fmt.Println("| module | size | core modules | child | target | its code known | child's processor time | child's memory | in this process | node | Wasmtime |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, name := range []string{"c", "rust.core", "rust", "go.core", "go", "qjs-stub", "starling"} {
		row(b, name)
	}
	for range b.N { // the table is the result; nothing is left to repeat
	}
}

// rounds is odd, so that the median is one of them.
const rounds = 7

func row(b *testing.B, name string) {
	data, path := load(b, name)
	cores := coreFiles(b, data)
	var child, known, cpu, here, node, native []time.Duration
	var last *Report
	for range rounds {
		testkit.Check(b, os.RemoveAll(filepath.Join(reader.CacheFolder(), "code")))
		took, r := loadChild(b, path)
		child = append(child, took)
		cpu = append(cpu, time.Duration(r.Times.CPU*float64(time.Millisecond)))
		took, _ = loadChild(b, path)
		known = append(known, took)
		start := time.Now()
		last = loadHere(b.Context(), data, Options{})
		here = append(here, time.Since(start))
		last.PeakChild = r.PeakChild
		node = append(node, engineTime(b, "node", testdata("js", "compile.mjs"), cores...))
		native = append(native, engineTime(b, wasmtime, testdata("compile.py"), path))
	}
	target := "-"
	if t, ok := targets[name]; ok {
		target = ms(t)
	}
	fmt.Printf("| %s | %s | %d | %s | %s | %s | %s | %s | %s | %s | %s |\n", name, text.Memory(uint64(len(data))), len(cores),
		ms(testkit.Median(child)), target, ms(testkit.Median(known)), ms(testkit.Median(cpu)), text.Memory(last.PeakChild), ms(testkit.Median(here)), ms(testkit.Median(node)), ms(testkit.Median(native)))
	b.ReportMetric(float64(testkit.Median(child).Microseconds())/1000, name+"-ms")
}

// loadChild is a load in a child, from its start to its report.
func loadChild(b *testing.B, path string) (time.Duration, *Report) {
	start := time.Now()
	r, err := LoadFile(b.Context(), path, Options{})
	if err != nil || !r.Loads {
		b.Fatalf("%s: %v %v", path, err, r)
	}
	return time.Since(start), r
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// coreFiles writes the core modules of a fixture to files of their own.
func coreFiles(b *testing.B, data []byte) (paths []string) {
	add := func(m []byte) {
		path := filepath.Join(b.TempDir(), "core.wasm")
		if err := os.WriteFile(path, m, 0o644); err != nil {
			b.Fatal(err)
		}
		paths = append(paths, path)
	}
	r, err := reader.Shared()
	if err != nil {
		b.Fatal(err)
	}
	reading, err := r.Read(b.Context(), data, reader.Request{Features: astrid.Newest().Features})
	if err != nil {
		b.Fatal(err)
	}
	if reading.Kind == reader.Core {
		add(data)
	}
	for _, m := range reading.Modules {
		add(data[m.Start:m.End])
	}
	return paths
}

// engineTime is what another engine says that it took to compile and instantiate the modules in paths.
func engineTime(b *testing.B, program, script string, paths ...string) time.Duration {
	out, err := exec.Command(program, append([]string{script}, paths...)...).Output()
	if err != nil {
		b.Fatal(err)
	}
	var answer struct{ MS float64 }
	if err := json.Unmarshal(out, &answer); err != nil {
		b.Fatal(err)
	}
	return time.Duration(answer.MS * float64(time.Millisecond))
}
