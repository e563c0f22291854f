package smoke

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// Real modules and components are built once a machine, into the user's cache, under a
// key of everything in testdata and the compilers' versions.

func builderOf(name string) func(t testing.TB, out string) error {
	return map[string]func(testing.TB, string) error{
		"c.core":      buildC,
		"rust.core":   buildRust,
		"go.core":     buildGo(),
		"gobad.core":  buildGo("-tags", "trigger"),
		"gomore.core": buildGo("-tags", "trigger,more"),
		"c":           wrap("c.core", "capsule"),
		"c.embedded":  part("c"),
		"rust":        wrap("rust.core", "capsule"),
		"go":          wrap("go.core", "runner", "adapter"),
		"gobad":       wrap("gobad.core", "capsule", "adapter"),
		"qjs":         buildQuickJS(),
		"qjs-stub":    buildQuickJS("--sync", "--stub-wasi"),
		"starling":    buildStarling,
	}[name]
}

// fixtures holds a *fixture for every name that a test has asked for.
var fixtures sync.Map

// fixture is one built file; once guards the rest.
type fixture struct {
	once  sync.Once
	bytes []byte
	path  string
	err   error
}

// missingTool is a fixture that cannot be built on this machine.
type missingTool struct{ what string }

func (e *missingTool) Error() string { return e.what }

// load returns the fixture's bytes and path, or skips the test when its tools are missing.
func load(t testing.TB, name string) ([]byte, string) {
	t.Helper()
	entry, _ := fixtures.LoadOrStore(name, &fixture{})
	f := entry.(*fixture)
	f.once.Do(func() {
		f.path = filepath.Join(cacheDir(t), name+".wasm")
		if _, err := os.Stat(f.path); err != nil {
			if f.err = builderOf(name)(t, f.path); f.err != nil {
				return
			}
		}
		f.bytes, f.err = os.ReadFile(f.path)
	})
	var missing *missingTool
	if errAs(f.err, &missing) {
		testkit.Skip(t, "%s", missing.what)
	}
	if f.err != nil {
		t.Fatalf("building %s: %v", name, f.err)
	}
	return f.bytes, f.path
}

func errAs(err error, target **missingTool) bool {
	m, ok := err.(*missingTool)
	*target = m
	return ok
}

var cacheKey = sync.OnceValue(func() string {
	h := sha256.New()
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		fmt.Fprintln(h, path, len(b))
		h.Write(b)
		return err
	})
	fmt.Fprintln(h, runtime.Version(), err)
	return hex.EncodeToString(h.Sum(nil))[:16]
})

func cacheDir(t testing.TB) string {
	t.Helper()
	base, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(base, "astrid-dev-test", "smoke-"+cacheKey())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// command runs a tool in dir; one that is not installed is a missingTool.
func command(dir string, env []string, name string, args ...string) error {
	path, err := exec.LookPath(name)
	if err != nil {
		return &missingTool{name + " is not installed"}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out.Bytes())
	}
	return nil
}

// atomically lets build write beside out and renames the result.
func atomically(out string, build func(tmp string) error) error {
	dir, err := os.MkdirTemp(filepath.Dir(out), "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tmp := filepath.Join(dir, filepath.Base(out))
	if err := build(tmp); err != nil {
		return err
	}
	return os.Rename(tmp, out)
}

func testdata(parts ...string) string {
	path, err := filepath.Abs(filepath.Join(append([]string{"testdata"}, parts...)...))
	if err != nil {
		panic(err)
	}
	return path
}

func buildC(t testing.TB, out string) error {
	return atomically(out, func(tmp string) error {
		return command(testdata("c"), nil, "clang", "--target=wasm32", "-O2", "-nostdlib", "-Wl,--no-entry", "-o", tmp, "capsule.c")
	})
}

// buildRust wants a compiler that has the target's library; the distribution's often has
// one when the one in PATH has not.
func buildRust(t testing.TB, out string) error {
	var err error
	for _, rustc := range []string{"rustc", "/usr/bin/rustc"} {
		err = atomically(out, func(tmp string) error {
			return command(testdata("rust"), nil, rustc, "--target", "wasm32-unknown-unknown", "--crate-type", "cdylib",
				"-C", "opt-level=z", "-C", "lto", "-C", "strip=symbols", "-C", "panic=abort", "-o", tmp, "capsule.rs")
		})
		if err == nil {
			return nil
		}
	}
	if strings.Contains(err.Error(), "target may not be installed") {
		return &missingTool{"the Rust target wasm32-unknown-unknown is not installed"}
	}
	return err
}

func buildGo(flags ...string) func(testing.TB, string) error {
	return func(t testing.TB, out string) error {
		return atomically(out, func(tmp string) error {
			args := append([]string{"build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared", "-o", tmp}, flags...)
			return command(testdata("go"), []string{"GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off"}, "go", append(args, ".")...)
		})
	}
}

// wrap makes a component of a core fixture.
func wrap(core, world string, adapter ...string) func(testing.TB, string) error {
	return func(t testing.TB, out string) error {
		_, path := load(t, core)
		dir, err := nodeDir(t)
		if err != nil {
			return err
		}
		return atomically(out, func(tmp string) error {
			args := []string{"wrap.mjs", path, testdata("capsule.wit"), world, strings.TrimSuffix(out, ".wasm") + ".embedded.wasm", tmp}
			return command(dir, nil, "node", append(args, adapter...)...)
		})
	}
}

// part is a file that the building of another fixture leaves.
func part(of string) func(testing.TB, string) error {
	return func(t testing.TB, out string) error {
		_, path := load(t, of)
		if _, err := os.Stat(out); err == nil {
			return nil
		}
		return os.Remove(path) // it came from an older cache: build both anew next time
	}
}

func buildQuickJS(flags ...string) func(testing.TB, string) error {
	return func(t testing.TB, out string) error {
		dir, err := nodeDir(t)
		if err != nil {
			return err
		}
		return atomically(out, func(tmp string) error {
			args := append([]string{"node_modules/componentize-qjs/cli.mjs"}, flags...)
			return command(dir, nil, "node", append(args, "-w", testdata("capsule.wit"), "-n", "capsule", "-j", testdata("js", "capsule.js"), "-o", tmp)...)
		})
	}
}

func buildStarling(t testing.TB, out string) error {
	dir, err := nodeDir(t)
	if err != nil {
		return err
	}
	return atomically(out, func(tmp string) error {
		return command(dir, nil, "node", "componentize.mjs", testdata("js", "capsule.js"), testdata("capsule.wit"), "capsule", tmp)
	})
}

// nodeDir is a folder with the scripts and the packages of testdata/package-lock.json.
var (
	nodeOnce sync.Once
	nodePath string
	nodeErr  error
)

func nodeDir(t testing.TB) (string, error) {
	nodeOnce.Do(func() { nodePath, nodeErr = installNode(t) })
	return nodePath, nodeErr
}

func installNode(t testing.TB) (string, error) {
	lock, err := os.ReadFile(testdata("package-lock.json"))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(lock)
	dir := filepath.Join(filepath.Dir(cacheDir(t)), "node-"+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err != nil {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		for _, name := range []string{"package.json", "package-lock.json"} {
			if err := copyFile(testdata(name), filepath.Join(dir, name)); err != nil {
				return "", err
			}
		}
		// Not npm ci: it refuses optional packages of other platforms in a lock without addresses.
		if err := command(dir, nil, "npm", "install", "--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"); err != nil {
			return "", &missingTool{"the npm packages that make components cannot be installed: " + firstLine(err.Error())}
		}
	}
	for _, name := range []string{"wrap.mjs", "componentize.mjs"} {
		if err := copyFile(testdata("js", name), filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	return dir, nil
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}

// loadHere loads module in this process.
func loadHere(ctx context.Context, module []byte, o Options) *Report {
	return loadWithin(ctx, module, o, nil)
}
