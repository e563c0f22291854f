package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// loop is a watcher and an orchestrator with the real hashing, and a build
// that does nothing, in this process.
type loop struct {
	events  chan event.Event
	batches chan watcher.Batch
	began   atomic.Int64       // the newest build, in ns since 1970
	examine chan time.Duration // what each examination took; those that find no room are not kept
	stop    func()
}

func startLoop(tb testing.TB, root string, build func(context.Context, *builder.Inputs, io.Writer) (*builder.Staged, error)) *loop {
	ctx, cancel := context.WithCancel(tb.Context())
	l := &loop{events: make(chan event.Event, 1<<12), batches: make(chan watcher.Batch), examine: make(chan time.Duration, 1<<12)}
	b := builder.New(builder.Options{})
	examine := func(ctx context.Context, dir string, told *builder.Told) (*builder.Inputs, error) {
		start := time.Now()
		in, err := b.ExamineTold(ctx, dir, told)
		select {
		case l.examine <- time.Since(start):
		default:
		}
		return in, err
	}
	if build == nil { // one that takes no time
		build = func(ctx context.Context, in *builder.Inputs, _ io.Writer) (*builder.Staged, error) {
			after, err := examine(ctx, in.Dir, nil)
			return &builder.Staged{Before: in, After: after, Lost: err}, ctx.Err()
		}
	}
	plans := make(chan watcher.Plan, 16)
	var running sync.WaitGroup
	running.Go(func() {
		watcher.Run(ctx, watcher.Config{Plans: plans, Warn: func(finding.Code, string, string) {}}, l.batches)
	})
	running.Go(func() {
		orchestrator.Run(ctx, orchestrator.Config{Roots: []string{root}, Plan: func(p watcher.Plan) { plans <- p }, Batches: l.batches, Jobs: 1, NoInitialBuild: true,
			Find: func(ctx context.Context) ([]string, error) {
				found, err := tree.Find(ctx, tree.Search{Roots: []string{root}})
				return found.Capsules, err
			},
			Examine: examine,
			Glance:  (*builder.Inputs).Glance,
			Build: func(ctx context.Context, in *builder.Inputs, output io.Writer) (*builder.Staged, error) {
				l.began.Store(time.Now().UnixNano())
				return build(ctx, in, output)
			},
			Publish: func(_ context.Context, staged *builder.Staged, _ *builder.Inputs) (*builder.Published, error) {
				staged.Discard()
				return &builder.Published{}, nil
			},
			Announce: func(e event.Event) { e.Time = time.Now(); l.events <- e }})
	})
	l.stop = func() { cancel(); running.Wait() }
	return l
}

func (l *loop) wait(typ flat.Type) event.Event {
	for e := range l.events {
		if flat.Type(e.Body.Kind()) == typ {
			return e
		}
	}
	return event.Event{}
}

// plant writes count capsules of files small files each.
func plant(tb testing.TB, root string, count, files int) {
	for i := range count {
		dir := filepath.Join(root, fmt.Sprintf("capsule-%04d", i))
		for j := range files {
			sub := filepath.Join(dir, fmt.Sprintf("src%d", j%5))
			if err := os.MkdirAll(sub, 0o755); err != nil {
				tb.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("f%d.txt", j)), []byte(strings.Repeat("x", 1000)), 0o644); err != nil {
				tb.Fatal(err)
			}
		}
		manifest := fmt.Sprintf("[package]\nname = \"c%d\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"c.wasm\"\n[package.metadata.astrid-dev]\nbuild = [\"true\"]\n", i)
		if err := os.WriteFile(filepath.Join(dir, tree.ManifestName), []byte(manifest), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkReady is the time from start until every one of 1,000 capsules (100
// files each, beside 5,000 node_modules folders) is watched and hashed, next to
// a plain walk that reads every file with as many readers as processors.
func BenchmarkReady(b *testing.B) {
	root := b.TempDir()
	plant(b, root, 1000, 100)
	for i := range 5000 {
		os.MkdirAll(filepath.Join(root, fmt.Sprintf("capsule-%04d", i%1000), "node_modules", fmt.Sprintf("m%d", i), "lib"), 0o755)
	}
	var walk, ready, used time.Duration
	for b.Loop() {
		start := time.Now()
		readAll(b, root)
		walk += time.Since(start)
		start = time.Now()
		before := processor()
		l := startLoop(b, root, nil)
		l.wait(flat.Ready)
		ready, used = ready+time.Since(start), used+processor()-before
		l.stop()
	}
	b.ReportMetric(float64(ready)/float64(walk), "x-plain-walk")
	b.ReportMetric(ready.Seconds()/float64(b.N), "s-ready")
	b.ReportMetric(used.Seconds()/float64(b.N), "cpu-s-ready")
}

func readAll(tb testing.TB, root string) {
	paths := make(chan string, 1024)
	var readers sync.WaitGroup
	for range runtime.NumCPU() {
		readers.Go(func() {
			for path := range paths {
				if _, err := os.ReadFile(path); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if d.IsDir() && d.Name() == "node_modules" {
			return filepath.SkipDir
		}
		if err == nil && d.Type().IsRegular() {
			paths <- path
		}
		return err
	})
	close(paths)
	readers.Wait()
}

// BenchmarkEventToBuildStart is what lies between a write and the start of its
// build beyond the settle time, with 100,000 files watched: in all, and without
// the hashing of the capsule itself.
func BenchmarkEventToBuildStart(b *testing.B) {
	root := b.TempDir()
	plant(b, root, 1000, 100)
	l := startLoop(b, root, nil)
	defer l.stop()
	l.wait(flat.Idle)
	l.examined()
	var all, above []time.Duration
	for i := 0; b.Loop(); i++ {
		path := filepath.Join(root, fmt.Sprintf("capsule-%04d", i%1000), "src0", "f0.txt")
		start := time.Now()
		if err := os.WriteFile(path, fmt.Appendf(nil, "edit %d", i), 0o644); err != nil {
			b.Fatal(err)
		}
		e := l.wait(flat.BuildStarted)
		took := e.Time.Sub(start) - orchestrator.DefaultSettle
		l.wait(flat.Idle)
		all, above = append(all, took), append(above, took-l.examined())
	}
	for unit, times := range map[string][]time.Duration{"": above, "-with-hash": all} {
		slices.Sort(times)
		b.ReportMetric(times[len(times)/2].Seconds()*1000, "p50-ms"+unit)
		b.ReportMetric(times[len(times)*99/100].Seconds()*1000, "p99-ms"+unit)
	}
}

// examined is what the first examination since the last call took.
func (l *loop) examined() (first time.Duration) {
	for {
		select {
		case took := <-l.examine:
			if first == 0 {
				first = took
			}
		default:
			return first
		}
	}
}

// BenchmarkOneHugeCapsule is what an edit in a capsule of 90,000 files costs until its build begins and until it is
// told what is built, beyond the settle time; until all is idle; and of the processor.
func BenchmarkOneHugeCapsule(b *testing.B) {
	root := b.TempDir()
	plant(b, root, 1, 90_000)
	l := startLoop(b, root, nil)
	defer l.stop()
	l.wait(flat.Idle)
	var began, known, idle []time.Duration
	used := processor()
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		path := filepath.Join(root, "capsule-0000", fmt.Sprintf("src%d", i%5), fmt.Sprintf("f%d.txt", (17_777*i)%90_000/5*5+i%5))
		if err := os.WriteFile(path, fmt.Appendf(nil, "edit %d", i), 0o644); err != nil {
			b.Fatal(err)
		}
		known = append(known, l.wait(flat.BuildStarted).Time.Sub(start)-orchestrator.DefaultSettle)
		idle = append(idle, l.wait(flat.Idle).Time.Sub(start))
		began = append(began, time.Unix(0, l.began.Load()).Sub(start)-orchestrator.DefaultSettle)
	}
	b.ReportMetric(float64((processor()-used).Milliseconds())/float64(b.N), "cpu-ms/edit")
	for unit, times := range map[string][]time.Duration{"build": began, "known": known, "idle": idle} {
		slices.Sort(times)
		b.ReportMetric(times[len(times)/2].Seconds()*1000, "p50-ms-"+unit)
	}
}

// BenchmarkLostBatch is what one loss of events costs with 1,000 capsules of
// 100 files, none of which changed, next to a plain walk that reads every file.
func BenchmarkLostBatch(b *testing.B) {
	root := b.TempDir()
	plant(b, root, 1000, 100)
	l := startLoop(b, root, nil)
	defer l.stop()
	l.wait(flat.Idle)
	var walk, lost time.Duration
	for b.Loop() {
		start := time.Now()
		readAll(b, root)
		walk += time.Since(start)
		start = time.Now()
		l.batches <- watcher.Batch{Lost: true}
		lost += l.wait(flat.Idle).Time.Sub(start)
	}
	b.ReportMetric(lost.Seconds()/float64(b.N), "s-lost")
	b.ReportMetric(walk.Seconds()/float64(b.N), "s-plain-walk")
}

// BenchmarkEditToReload is an edit of the Go example until its reload, next to
// the bare go build of the same edit.
func BenchmarkEditToReload(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "hello-go")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "examples", "hello-go"))); err != nil {
		b.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(dir, "main.go"))
	if err != nil {
		b.Fatal(err)
	}
	edit := func(i int) {
		text := fmt.Appendf(slices.Clone(source), "\nvar edit%d = %d\n", i, time.Now().UnixNano())
		if err := os.WriteFile(filepath.Join(dir, "main.go"), text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	real := builder.New(builder.Options{})
	l := startLoop(b, dir, real.Build)
	defer l.stop()
	l.wait(flat.Idle)
	var reload, bare time.Duration
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		edit(2 * i)
		l.wait(flat.Reload)
		reload += time.Since(start)
		l.wait(flat.Idle)

		edit(2*i + 1)
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared", "-o", os.DevNull, ".")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
		start = time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		bare += time.Since(start)
		l.wait(flat.Idle)
	}
	b.ReportMetric(reload.Seconds()/float64(b.N), "s-reload")
	b.ReportMetric(bare.Seconds()/float64(b.N), "s-bare-build")
}
