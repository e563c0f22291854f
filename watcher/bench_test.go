package watcher

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// bigTree is the tree that the issue names: 1,000 capsules of 100 files in ten
// folders each, and 5,000 folders in node_modules.
func bigTree(b testing.TB) string {
	b.Helper()
	root := folderOf(b)
	for c := range 1000 {
		for f := range 100 {
			dir := filepath.Join(root, fmt.Sprintf("capsule%d/src/p%d", c, f%8))
			if f < 8 {
				must(b, os.MkdirAll(dir, 0o755))
			}
			write(b, filepath.Join(dir, fmt.Sprintf("file%d.go", f)), "package p\n")
		}
		for n := range 5 {
			must(b, os.MkdirAll(filepath.Join(root, fmt.Sprintf("capsule%d/node_modules/m%d", c, n)), 0o755))
		}
	}
	return root
}

// BenchmarkReady is the time until every watch is placed, next to a plain
// parallel walk that reads every file, and one that only lists the folders, in
// the same run.
func BenchmarkReady(b *testing.B) {
	root := bigTree(b)
	for _, poll := range []bool{false, true} {
		b.Run(map[bool]string{false: "notify", true: "poll"}[poll], func(b *testing.B) {
			var s spy
			for b.Loop() {
				before := heap()
				ctx, cancel := context.WithCancel(b.Context())
				plans, out, done := make(chan Plan, 1), make(chan Batch), make(chan struct{})
				cfg := Config{Plans: plans, Poll: poll}
				s.option(&cfg)
				go func() { Run(ctx, cfg, out); close(done) }()
				plans <- Plan{Roots: []string{root}}
				<-out
				b.StopTimer()
				b.ReportMetric(float64(heap()-before)/1e6, "MB")
				cancel()
				<-done
				b.StartTimer()
			}
			b.ReportMetric(float64(s.watches.Load()), "watches")
			b.ReportMetric(float64(s.polled.Load()), "polled")
		})
	}
	b.Run("peer=walk", func(b *testing.B) {
		for b.Loop() {
			parallelWalk(b, root, false)
		}
	})
	b.Run("peer=walk-and-read", func(b *testing.B) {
		for b.Loop() {
			parallelWalk(b, root, true)
		}
	})
}

// parallelWalk lists every folder below root but the ignored ones, eight at a time.
func parallelWalk(b *testing.B, root string, read bool) {
	var group sync.WaitGroup
	slots := make(chan struct{}, 8)
	var files atomic.Int64
	var walk func(dir string)
	walk = func(dir string) {
		defer group.Done()
		slots <- struct{}{}
		entries, err := os.ReadDir(dir)
		if err != nil {
			b.Error(err)
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if e.IsDir() && e.Name() != "node_modules" {
				group.Add(1)
				go walk(path)
			} else if !e.IsDir() {
				files.Add(1)
				if read {
					if _, err := os.ReadFile(path); err != nil {
						b.Error(err)
					}
				}
			}
		}
		<-slots
	}
	group.Add(1)
	go walk(root)
	group.Wait()
	if files.Load() != 100_000 {
		b.Errorf("%d files", files.Load())
	}
}

// BenchmarkLatency is the time from the end of a write to its batch, with
// 100,000 files watched.
func BenchmarkLatency(b *testing.B) {
	root := bigTree(b)
	ctx, cancel := context.WithCancel(b.Context())
	plans, out, done := make(chan Plan, 1), make(chan Batch), make(chan struct{})
	go func() { Run(ctx, Config{Plans: plans}, out); close(done) }()
	plans <- Plan{Roots: []string{root}}
	<-out
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		path := filepath.Join(root, fmt.Sprintf("capsule%d/src/p0/file0.go", i%1000))
		write(b, path, "package q\n")
		written := time.Now()
		for batch := range out {
			if slices.Contains(batch.Paths, path) {
				took = append(took, time.Since(written))
				break
			}
		}
		b.StopTimer()
		for quiet := false; !quiet; { // the rest of this write
			select {
			case <-out:
			case <-time.After(time.Millisecond):
				quiet = true
			}
		}
		b.StartTimer()
	}
	cancel()
	<-done
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkRecover is what an overflow costs, and a new plan with nothing new in it.
func BenchmarkRecover(b *testing.B) {
	root := bigTree(b)
	l := newLoop(Config{}, nil)
	l.open()
	defer l.close()
	l.apply(b.Context(), Plan{Roots: []string{root}})
	b.Run("overflow", func(b *testing.B) {
		for b.Loop() {
			l.rebuild(b.Context())
		}
	})
	b.Run("plan", func(b *testing.B) {
		for b.Loop() {
			l.apply(b.Context(), Plan{Roots: []string{root}})
			l.rejudge(b.Context(), time.Now())
		}
	})
	b.Run("tick", func(b *testing.B) {
		for b.Loop() {
			l.lookAround(b.Context(), time.Now())
		}
	})
}
