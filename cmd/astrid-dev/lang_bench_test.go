package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// program builds astrid-dev as it is installed.
func program(b *testing.B) string {
	path := filepath.Join(b.TempDir(), "astrid-dev")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return path
}

// timed runs a command that must succeed and returns how long it took.
func timed(b *testing.B, dir string, env []string, argv ...string) time.Duration {
	b.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, env
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %v\n%s", argv, err, out)
	}
	return time.Since(start)
}

// BenchmarkBuildOverhead is the bare tool after an edit next to astrid-dev build after another edit of the same
// capsule: the difference is what hashing, staging, smoke loading and publishing cost.
func BenchmarkBuildOverhead(b *testing.B) {
	rust := testkit.RustPath(os.Getenv("PATH"))
	for _, lang := range []struct {
		example, source, edit, tool, path string
		bare                              []string
		env                               []string
	}{
		{"hello-go", "main.go", "var edit%d = 1", "go", os.Getenv("PATH"),
			[]string{"go", "build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared", "-o", "bare.wasm", "."}, []string{"GOOS=wasip1", "GOARCH=wasm"}},
		{"hello-rust", "src/lib.rs", "// edit %d", "cargo", rust, []string{"cargo", "build", "--release"},
			[]string{`CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=--cfg getrandom_backend="custom"`}},
		{"hello-c", "capsule.c", "// edit %d", "wasm-ld", os.Getenv("PATH"), []string{"make", "wasm"}, nil},
	} {
		b.Run(lang.example, func(b *testing.B) {
			if lang.path == "" {
				testkit.Skip(b, "a Rust with wasm32-unknown-unknown is missing")
			}
			testkit.Needs(b, lang.tool)
			self, dir := program(b), filepath.Join(b.TempDir(), lang.example)
			if err := testkit.CopyExample(lang.example, dir); err != nil {
				b.Fatal(err)
			}
			env := append(os.Environ(), "PATH="+lang.path)
			edit := func(n int) {
				f, err := os.OpenFile(filepath.Join(dir, lang.source), os.O_APPEND|os.O_WRONLY, 0o644)
				if err != nil {
					b.Fatal(err)
				}
				fmt.Fprintf(f, "\n"+lang.edit+"\n", n)
				if err := f.Close(); err != nil {
					b.Fatal(err)
				}
			}
			bareArgv := append([]string{lookIn(lang.path, lang.bare[0])}, lang.bare[1:]...)
			timed(b, dir, env, self, "build", ".")
			timed(b, dir, append(env, lang.env...), bareArgv...)
			edits := 0
			for _, by := range []struct {
				name string
				env  []string
				argv []string
			}{{"tool", append(env, lang.env...), bareArgv}, {"astrid-dev", env, []string{self, "build", "."}}} {
				b.Run("by="+by.name, func(b *testing.B) {
					var took time.Duration
					for b.Loop() {
						edits++
						edit(edits)
						took += timed(b, dir, by.env, by.argv...)
					}
					b.ReportMetric(took.Seconds()*1000/float64(b.N), "ms")
				})
			}
		})
	}
}

// lookIn finds a program in path: exec.Command looks in this process's PATH.
func lookIn(path, name string) string {
	for _, folder := range filepath.SplitList(path) {
		if file := filepath.Join(folder, name); exec.Command(file, "--version").Run() == nil || strings.HasSuffix(name, "go") && exec.Command(file, "version").Run() == nil {
			return file
		}
	}
	return name
}

// BenchmarkFiftyCold is fifty capsules that were never built, half of them in Go
// and half with a shell command, at one and at two builds in parallel. Go's own
// cache is warm, as it is for whoever has built a Go capsule before.
func BenchmarkFiftyCold(b *testing.B) {
	self := program(b)
	for _, jobs := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("jobs=%d", jobs), func(b *testing.B) {
			var took time.Duration
			for b.Loop() {
				root := b.TempDir()
				for i := range 25 {
					if err := testkit.CopyExample("hello-go", filepath.Join(root, fmt.Sprintf("go-%02d", i))); err != nil {
						b.Fatal(err)
					}
					rename(b, filepath.Join(root, fmt.Sprintf("go-%02d", i), tree.ManifestName), fmt.Sprintf("hello-go-%02d", i))
					plainCapsule(b, filepath.Join(root, fmt.Sprintf("plain-%02d", i)), i)
				}
				took += timed(b, root, os.Environ(), self, "build", ".", "--jobs", fmt.Sprint(jobs))
			}
			b.ReportMetric(took.Seconds()/float64(b.N), "s-all")
			b.ReportMetric(took.Seconds()*1000/float64(b.N)/50, "ms-capsule")
		})
	}
}

// rename gives the capsule of a copied manifest a name of its own.
func rename(b *testing.B, manifest, name string) {
	b.Helper()
	data, err := os.ReadFile(manifest)
	if err != nil {
		b.Fatal(err)
	}
	data = []byte(strings.Replace(string(data), `name = "hello-go"`, fmt.Sprintf("name = %q", name), 1))
	if err := os.WriteFile(manifest, data, 0o644); err != nil {
		b.Fatal(err)
	}
}

func plainCapsule(b *testing.B, dir string, n int) {
	b.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	manifest := fmt.Sprintf("[package]\nname = \"plain-%d\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"c.wasm\"\n[package.metadata.astrid-dev]\n", n) +
		`build = ["sh", "-c", "printf '\\0asm\\001\\0\\0\\0' > \"$CAPSULE_OUT\""]` + "\n"
	if err := os.WriteFile(filepath.Join(dir, tree.ManifestName), []byte(manifest), 0o644); err != nil {
		b.Fatal(err)
	}
}
