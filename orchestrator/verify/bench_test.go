package verify

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// BenchmarkVerify is the cost of a capsule whose own build costs next to
// nothing, in a repository of 300: what verify itself adds to a build.
func BenchmarkVerify(b *testing.B) {
	const capsules = 300
	root := testkit.Folder(b)
	for i := range capsules {
		dir := filepath.Join(root, "capsules", fmt.Sprintf("c%03d", i))
		capsuleAt(b, dir, fmt.Sprintf("c%03d", i), wasm)
		for k := range 5 {
			testkit.Write(b, filepath.Join(dir, "src", fmt.Sprintf("%d.txt", k)), fmt.Sprintf("source %d of %d", k, i))
		}
	}
	commit(b, root)
	found, err := tree.Find(b.Context(), tree.Search{Roots: []string{root}})
	dirs := found.Capsules
	if err != nil || len(dirs) != capsules {
		b.Fatal(len(dirs), err)
	}
	for _, jobs := range []int{1, 2} {
		b.Run(fmt.Sprintf("jobs=%d", jobs), func(b *testing.B) {
			for b.Loop() {
				r, err := Run(b.Context(), Config{Dirs: dirs, Jobs: jobs})
				if err != nil || r.Summary.Passed != capsules {
					b.Fatalf("%+v, %v", r.Summary, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/capsules, "ms/capsule")
		})
	}
}
