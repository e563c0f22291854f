package toolchain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func TestForIsCheap(t *testing.T) {
	env := needs(t, "go", "node", "npm", "make", "zig")
	for _, example := range []string{"hello-go", "hello-rust", "hello-assemblyscript", "hello-js", "hello-c", "hello-zig", "custom-command"} {
		dir := copyExample(t, example)
		asc := filepath.Join(dir, "node_modules", ".bin", "asc")
		testkit.Write(t, asc, "")
		if err := os.Chmod(asc, 0o755); err != nil {
			t.Fatal(err)
		}
		r := request(t, dir, env)
		if example == "hello-rust" {
			r.Env = rustEnv(t)
		}
		if _, err := For(t.Context(), r); err != nil {
			t.Fatal(example, err)
		}
		best := time.Hour
		for range 20 {
			start := time.Now()
			if _, err := For(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		t.Log(example, best)
		if best > time.Millisecond {
			t.Errorf("planning %s takes %s", example, best)
		}
	}
}

func TestDoctorExplainsRust(t *testing.T) {
	root := t.TempDir()
	program := func(name, text string) {
		testkit.Write(t, filepath.Join(root, name), "#!/bin/sh\n"+text+"\n")
		if err := os.Chmod(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, home := range []string{"rustup", "debian"} {
		program(home+"/bin/cargo", "echo cargo 1")
		program(home+"/bin/rustc", `if [ "$1" = --print ]; then echo '`+root+"/"+home+`'; else echo rustc 1; fi`)
	}
	program("rustup/bin/rustup", "")
	testkit.Write(t, filepath.Join(root, "debian/lib/rustlib", cargo.UnknownTarget, "x"), "")
	first, second := filepath.Join(root, "rustup/bin"), filepath.Join(root, "debian/bin")
	for _, c := range []struct {
		path string
		want bool
	}{{first + ":" + second, true}, {second + ":" + first, false}} {
		var found string
		for _, f := range Doctor(t.Context(), environ{"PATH=" + c.path, "HOME=" + root}) {
			if f.Code == "rust-target-missing" {
				found = f.String() + " " + f.Hint
			}
		}
		if !c.want && found != "" || c.want && (!strings.Contains(found, "rustup target add") || !strings.Contains(found, second)) {
			t.Errorf("with PATH=%s: %q", c.path, found)
		}
	}
}
