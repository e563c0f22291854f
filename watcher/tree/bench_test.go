package tree

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// manyFiles plants n files of size bytes, a hundred in a folder, three folders deep.
func manyFiles(b *testing.B, n, size int) string {
	b.Helper()
	root := b.TempDir()
	content := make([]byte, size)
	rnd := rand.NewChaCha8([32]byte{1})
	for i := range n {
		if i%100 == 0 {
			check(b, os.MkdirAll(fmt.Sprintf("%s/src/part%02d/d%04d", root, i/5000, i/100), 0o755))
		}
		rnd.Read(content)
		path := fmt.Sprintf("%s/src/part%02d/d%04d/file%05d.go", root, i/5000, i/100, i)
		check(b, os.WriteFile(path, content, 0o644))
	}
	return root
}

// peer runs b3sum on one thread over all files of root and returns how long it took.
func peer(b *testing.B, root string) time.Duration {
	b.Helper()
	var list bytes.Buffer
	check(b, filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			list.WriteString(path + "\x00")
		}
		return err
	}))
	cmd := exec.Command("xargs", "-0", "-n", "100000", "b3sum", "--num-threads", "1")
	cmd.Stdin = &list
	start := time.Now()
	check(b, cmd.Run())
	return time.Since(start)
}

// BenchmarkHash reports ms of one hash, and how fast it is against b3sum on one
// thread over the same files in the same run: x-b3sum 2 is twice as fast.
func BenchmarkHash(b *testing.B) {
	for _, c := range []struct{ files, size int }{{20_000, 25_000}, {200, 5_000}, {4, 50_000_000}} {
		b.Run(fmt.Sprintf("%dx%dB", c.files, c.size), func(b *testing.B) {
			need(b, "b3sum")
			need(b, "xargs")
			root := manyFiles(b, c.files, c.size)
			for name, rules := range map[string]func() *Rules{
				"astrid":  Astrid,
				"default": func() *Rules { return mustDefault(b, root, Options{}) },
			} {
				b.Run(name, func(b *testing.B) { benchmarkHash(b, root, rules, int64(c.files*c.size)) })
			}
		})
	}
}

func benchmarkHash(b *testing.B, root string, rules func() *Rules, size int64) {
	peer(b, root) // warm
	b.SetBytes(size)
	b.ReportAllocs()
	var ours, theirs time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := Take(context.Background(), root, rules()); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
		b.StopTimer()
		theirs += peer(b, root)
		b.StartTimer()
	}
	b.ReportMetric(float64(ours.Microseconds())/1000/float64(b.N), "ms/hash")
	b.ReportMetric(float64(theirs)/float64(ours), "x-b3sum")
}

func BenchmarkSkip(b *testing.B) {
	root := b.TempDir()
	git(b, root, "init", "-q")
	plant(b, root, ".gitignore", "*.log\n/gen/\n**/cache/*\n", "src/a/b/main.go", "")
	r := mustDefault(b, root, Options{Ignore: []string{"*.snap"}})
	path := root + "/src/a/b/main.go"
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r.Skip(path, false) {
				b.Error("skipped")
			}
		}
	})
}

func BenchmarkDefault(b *testing.B) {
	root := b.TempDir()
	git(b, root, "init", "-q")
	plant(b, root, ".gitignore", "*.log\n", "caps/one/Capsule.toml", "")
	for b.Loop() {
		mustDefault(b, root+"/caps/one", Options{})
	}
}

// BenchmarkFindCapsules searches 100,000 files in 1,000 capsules.
func BenchmarkFindCapsules(b *testing.B) {
	root := b.TempDir()
	for i := range 1000 {
		folder := fmt.Sprintf("%s/caps%02d/c%03d", root, i/50, i)
		plant(b, folder, "Capsule.toml", "", "src/", "", "wit/", "")
		for j := range 99 {
			check(b, os.WriteFile(fmt.Sprintf("%s/src/f%02d", folder, j), nil, 0o644))
		}
	}
	for b.Loop() {
		found, err := findCapsules(context.Background(), []string{root})
		if err != nil || len(found) != 1000 {
			b.Fatal(len(found), err)
		}
	}
}

// BenchmarkRetake is a look at 90,000 files where nothing changed, where one in the middle was written to in
// place, and where events name it, next to a look that reads everything.
func BenchmarkRetake(b *testing.B) {
	root := manyFiles(b, 90_000, 1500)
	ctx := context.Background()
	take := func() *Snapshot {
		s, err := Take(ctx, root, mustDefault(b, root, Options{}))
		check(b, err)
		return s
	}
	old := take()
	file := old.Files[45_000].Path
	for name, again := range map[string]func() *Snapshot{
		"everything": take,
		"nothing": func() *Snapshot {
			s, err := Retake(ctx, root, mustDefault(b, root, Options{}), old)
			check(b, err)
			return s
		},
		"walk": func() *Snapshot {
			s, err := Retake(ctx, root, Astrid(), old)
			check(b, err)
			return s
		},
		"named": func() *Snapshot {
			return old.Renew(ctx, mustDefault(b, root, Options{}), []string{file})
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if again() == nil {
					b.Fatal("it does not tell")
				}
			}
		})
	}
	check(b, os.WriteFile(root+"/"+file, []byte("edited"), 0o644))
	time.Sleep(2 * fresh)
	b.Run("edited", func(b *testing.B) {
		var cost Cost
		for b.Loop() {
			s := old.Renew(ctx, mustDefault(b, root, Options{}), []string{file})
			cost = s.Cost
		}
		b.ReportMetric(float64(cost.Opened), "files-read")
	})
}
