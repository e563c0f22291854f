package inspect

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// BenchmarkDescribe is what asking a module of 133 KiB for its tools adds to each build.
func BenchmarkDescribe(b *testing.B) {
	dir := filepath.Join(testkit.Root(), "builder", "daemon", "testdata", "speaker")
	m, err := capsule.Load(dir)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		i, err := Module(context.Background(), m, filepath.Join(dir, "speaker.wasm"), Options{})
		if err != nil || len(i.Tools) != 1 {
			b.Fatal(i, err)
		}
	}
}
