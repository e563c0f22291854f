package component

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// guestsDir holds the sources of the capsules that the corpus is built from.
const guestsDir = "testdata/guests"

// corpus builds a component with every toolchain there is and returns them by name; they are
// built once for each state of sources and tools. Missing tools skip the test.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	o := oracleDir(t)
	if _, err := exec.LookPath("clang"); err != nil {
		skip(t, "clang, for the components that decoding is tested with")
	}
	rustc := findRustc(t)
	inputs := [][]byte{[]byte(o), version(t, "clang"), version(t, rustc), []byte(runtime.Version()), read(t, "testdata/oracle/oracle.mjs")}
	for _, f := range []string{"guest.c", "guest.rs", "guest.js", "go/main.go", "wit/world.wit"} {
		inputs = append(inputs, read(t, filepath.Join(guestsDir, f)))
	}
	dir := cached(t, cacheDir(t, "corpus", inputs...), func(fresh string) { buildCorpus(t, fresh, rustc) })
	files, err := filepath.Glob(filepath.Join(dir, "*.wasm"))
	if err != nil || len(files) < 12 {
		t.Fatalf("%d components in the corpus, %v", len(files), err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		all[filepath.Base(f)] = read(t, f)
	}
	return all
}

// findRustc finds a compiler that has the target: the one in PATH, or the distribution's.
func findRustc(t testing.TB) string {
	t.Helper()
	for _, rustc := range []string{"rustc", "/usr/bin/rustc"} {
		out, err := exec.Command(rustc, "--print", "target-libdir", "--target", "wasm32-unknown-unknown").Output()
		if _, statErr := os.Stat(strings.TrimSpace(string(out))); err == nil && statErr == nil {
			return rustc
		}
	}
	skip(t, "rustc with the target wasm32-unknown-unknown")
	return ""
}

func version(t testing.TB, tool string) []byte {
	t.Helper()
	out, err := exec.Command(tool, "--version").Output()
	if err != nil {
		t.Fatalf("%s --version: %v", tool, err)
	}
	return out
}

// buildCorpus writes one .wasm for each toolchain.
func buildCorpus(t testing.TB, dir, rustc string) {
	t.Helper()
	run := func(name string, args ...string) {
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			skip(t, name+" for WebAssembly: "+string(out))
		}
	}
	path := func(name string) string { return filepath.Join(dir, name) }
	run("clang", "--target=wasm32-unknown-unknown", "-O2", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all",
		"-o", path("c.core.wasm"), filepath.Join(guestsDir, "guest.c"))
	run(rustc, "--edition", "2021", "--target", "wasm32-unknown-unknown", "-O", "-C", "panic=abort",
		"-C", "strip=symbols", "-o", path("rust.core.wasm"), filepath.Join(guestsDir, "guest.rs"))

	buildGo(t, path("go.core.wasm"))

	o := newOracle(t)
	save := func(name string, a answer) {
		if err := os.WriteFile(path(name), a.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	wit := string(read(t, filepath.Join(guestsDir, "wit/world.wit")))
	for _, lang := range []string{"c", "rust", "go"} {
		embedded := o.must(question{Op: "embed", Data: read(t, path(lang+".core.wasm")), WIT: wit})
		save(lang+".embedded.wasm", embedded)
		save(lang+".wasm", o.must(question{Op: "new", Data: embedded.Data, Adapter: lang == "go"}))
	}
	js := string(read(t, filepath.Join(guestsDir, "guest.js")))
	witPath, err := filepath.Abs(filepath.Join(guestsDir, "wit"))
	if err != nil {
		t.Fatal(err)
	}
	save("quickjs-async.wasm", o.must(question{Op: "qjs", Text: js, Path: witPath}))
	save("quickjs-sync.wasm", o.must(question{Op: "qjs", Text: js, Path: witPath, Sync: true, Stub: true}))
	save("starlingmonkey.wasm", o.must(question{Op: "starling", Text: js, Path: witPath, Stub: true}))
}

// buildGo builds the capsule in Go as a preview 1 reactor.
func buildGo(t testing.TB, out string) {
	t.Helper()
	c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared", "-o", out, ".")
	c.Dir = filepath.Join(guestsDir, "go")
	c.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOWORK=off", "GOFLAGS=")
	if text, err := c.CombinedOutput(); err != nil {
		skip(t, "go for wasip1: "+string(text))
	}
}

// TestForeignModules decodes the core modules that the tools of the corpus are made of: they
// come from other compilers and other years than what is built here.
func TestForeignModules(t *testing.T) {
	n := 0
	err := filepath.WalkDir(oracleDir(t), func(path string, d os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".wasm" {
			return err
		}
		b := read(t, path)
		if Sniff(b).Kind == KindCore || Sniff(b).Kind == KindComponent {
			n++
			t.Run(filepath.Base(path), func(t *testing.T) { decodeAndCheck(t, b, true) })
		}
		return nil
	})
	if err != nil || n < 10 {
		t.Fatalf("%d modules, %v", n, err)
	}
}
