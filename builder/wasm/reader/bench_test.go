package reader

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
)

// benchFiles are modules of several sizes that other tests have built on this machine, and
// the small ones of the kernel's table, so that there is always something to measure.
func benchFiles(b *testing.B) map[string][]byte {
	files := map[string][]byte{}
	add := func(path string) {
		if data, err := os.ReadFile(path); err == nil {
			files[fmt.Sprintf("%s-%dKB", filepath.Base(path), len(data)>>10)] = data
		}
	}
	add("../../smoke/testdata/kernel/good.wasm")
	cache, err := os.UserCacheDir()
	if err != nil {
		b.Fatal(err)
	}
	found, _ := filepath.Glob(filepath.Join(cache, "astrid-dev-test", "smoke-*", "*.wasm"))
	for _, path := range append(found, os.Getenv("ASTRID_DEV_BENCH_MODULE")) {
		switch filepath.Base(path) {
		case "rust.wasm", "qjs-stub.wasm", "go.core.wasm", "starling.wasm", filepath.Base(os.Getenv("ASTRID_DEV_BENCH_MODULE")):
			add(path)
		}
	}
	return files
}

// BenchmarkReader measures what the reader does with modules of several sizes. Describe is
// Read without a release's features: it ends at the first instruction beyond none.
func BenchmarkReader(b *testing.B) {
	r, err := Shared()
	if err != nil {
		b.Fatal(err)
	}
	features := astrid.Newest().Features
	for name, module := range benchFiles(b) {
		for what, run := range map[string]func() error{
			"validate": func() error {
				_, err := r.Read(b.Context(), module, Request{Features: features})
				return err
			},
			"plan": func() error {
				_, err := r.Read(b.Context(), module, Request{Features: features, Sandbox: features, Plan: true, Tables: 1 << 20})
				return err
			},
			"wrap": func() error {
				_, err := r.Wrap(b.Context(), module)
				if _, refused := err.(*WrapError); refused {
					return nil // it carries no world; the refusal is what is measured
				}
				return err
			},
		} {
			b.Run(what+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(module)))
				for b.Loop() {
					if err := run(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkStart measures what a process pays before its first verdict.
func BenchmarkStart(b *testing.B) {
	warm := b.TempDir()
	if r, err := New(b.Context(), warm); err != nil {
		b.Fatal(err)
	} else {
		r.runtime.Close(b.Context())
	}
	for name, cache := range map[string]string{"cold": "", "warm": warm} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r, err := New(b.Context(), cache)
				if err != nil {
					b.Fatal(err)
				}
				r.runtime.Close(b.Context())
			}
		})
	}
}
