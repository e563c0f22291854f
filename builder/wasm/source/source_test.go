package source

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

const cSource = `static __attribute__((noinline)) int third(int n) {
	if (n > 2)
		__builtin_trap();
	return n + 1;
}

static inline __attribute__((always_inline)) int second(int n) {
	return third(n) * 2;
}

__attribute__((export_name("first"))) int first(int n) {
	int sum = n;
	sum += second(n);
	return sum;
}
`

const rustSource = `mod inner {
    pub struct Deep;
    impl Deep {
        #[inline(never)]
        pub fn third(&self, n: u32) -> u32 {
            if n > 2 {
                core::arch::wasm32::unreachable();
            }
            n + 1
        }
    }
    #[inline(always)]
    pub fn second(n: u32) -> u32 {
        Deep.third(n) * 2
    }
}

#[no_mangle]
pub extern "C" fn first(n: u32) -> u32 {
    let sum = n;
    sum + inner::second(n)
}
`

const zigSource = `fn third(n: u32) u32 {
    if (n > 2)
        @trap();
    return n + 1;
}

inline fn second(n: u32) u32 {
    return @call(.never_inline, third, .{n}) * 2;
}

export fn first(n: u32) u32 {
    const sum = n;
    return sum + second(n);
}
`

const asSource = `@inline
function second(n: i32): i32 {
  return third(n) * 2;
}

function third(n: i32): i32 {
  if (n > 2)
    unreachable();
  return n + 1;
}

export function first(n: i32): i32 {
  let sum = n;
  return sum + second(n);
}
`

const goSource = `package main

//go:noinline
func third(n int32) int32 { return 1 / n }

//go:wasmexport first
func first(n int32) int32 { return third(n) }

func main() {}
`

// compiled writes a source, runs the compiler in its folder and returns the module m.wasm.
func compiled(t *testing.T, name, text string, argv ...string) (module []byte, dir string) {
	t.Helper()
	testkit.Needs(t, argv[0])
	dir = t.TempDir()
	testkit.Write(t, filepath.Join(dir, name), text)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	module, err := os.ReadFile(filepath.Join(dir, "m.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return module, dir
}

func open(t *testing.T, module []byte) *Module {
	t.Helper()
	m, err := Open(module)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// trapped runs first(n) in wazero, which traps, and returns where each frame was in the code
// section.
func trapped(t *testing.T, module []byte, n uint64) (offsets []uint64) {
	t.Helper()
	ctx := t.Context()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithDebugInfoEnabled(true))
	defer runtime.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
	instance, err := runtime.InstantiateWithConfig(ctx, Mark(module, "a key: 0x1"), wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = instance.ExportedFunction("first").Call(ctx, n)
	if err == nil {
		t.Fatal("it did not trap")
	}
	for line := range strings.Lines(err.Error()) {
		if key, offset, ok := ReadMark(strings.TrimRight(line, "\n")); ok {
			if key != "a key: 0x1" {
				t.Errorf("%q", key)
			}
			offsets = append(offsets, offset)
		}
	}
	if len(offsets) == 0 {
		t.Fatal(err)
	}
	return offsets
}

// told is what is known of the places behind each offset, one a line.
func told(m *Module, offsets []uint64, dir string) string {
	var b strings.Builder
	for _, offset := range offsets {
		for _, p := range m.At(offset) {
			if rel, err := filepath.Rel(dir, p.File); err == nil && filepath.IsAbs(p.File) {
				p.File = rel
			}
			p.Column = 0
			b.WriteString(p.String() + "\n")
		}
	}
	return b.String()
}

// inStandardLibrary is a place in Rust's own sources, which is another one on each machine.
var inStandardLibrary = regexp.MustCompile(`(?m)^.*/library/.*\n`)

func TestDWARF(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		argv             []string
		want             string
	}{
		{"C", "m.c", cSource, []string{"clang", "--target=wasm32", "-g", "-O1", "-nostdlib", "-Wl,--no-entry", "-o", "m.wasm", "m.c"},
			"third (m.c:3)\nsecond (m.c:8)\nfirst (m.c:13)\n"},
		{"Rust", "m.rs", rustSource, []string{"rustc", "--target", "wasm32-unknown-unknown", "--crate-type=cdylib", "-Clinker=wasm-ld", "-g", "-Copt-level=1", "-o", "m.wasm", "m.rs"},
			"m::inner::Deep::third (m.rs:7)\nm::inner::second (m.rs:14)\nm::first (m.rs:21)\n"},
		{"Zig", "m.zig", zigSource, []string{"zig", "build-exe", "-target", "wasm32-freestanding", "-fno-entry", "--export=first", "-OReleaseSafe", "-fno-strip", "-femit-bin=m.wasm", "m.zig"},
			"third (m.zig:3)\nsecond (m.zig:8)\nfirst (m.zig:13)\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			switch c.name {
			case "Rust":
				path := testkit.RustPath(os.Getenv("PATH"))
				if path == "" {
					testkit.Skip(t, "no Rust with wasm32-unknown-unknown; make toolchains installs it")
				}
				t.Setenv("PATH", path)
			case "Zig":
				kept, err := testkit.ZigCache()
				if err != nil {
					t.Fatal(err)
				}
				t.Setenv("ZIG_GLOBAL_CACHE_DIR", kept)
			}
			module, dir := compiled(t, c.file, c.text, c.argv...)
			offsets := trapped(t, module, 9)
			m := open(t, module)
			if got := inStandardLibrary.ReplaceAllString(told(m, offsets, dir), ""); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
				for _, f := range m.sections.functions {
					t.Log(f, m.sections.names[f.index])
				}
			}
		})
	}
}

func TestSourceMap(t *testing.T) {
	testkit.Long(t)
	packages, err := testkit.NodeModules(filepath.Join(testkit.Root(), "examples", "hello-assemblyscript"))
	if err != nil {
		t.Fatal(err)
	}
	for name, flags := range map[string][]string{"as written": {"--debug"}, "optimized": {"-O2", "--debug"}} {
		t.Run(name, func(t *testing.T) {
			argv := append([]string{"node", filepath.Join(packages, "assemblyscript", "bin", "asc.js"), "m.ts", "--outFile", "m.wasm", "--sourceMap"}, flags...)
			module, dir := compiled(t, "m.ts", asSource, argv...)
			m := open(t, module)
			if m.MapURL() != "./m.wasm.map" {
				t.Fatalf("the source map is at %q", m.MapURL())
			}
			offset := trapped(t, module, 9)[0]
			if got := m.At(offset); len(got) != 1 || !strings.HasPrefix(got[0].Function, "m/") || got[0].File != "" {
				t.Errorf("without the map: %v", got)
			}
			text, err := os.ReadFile(filepath.Join(dir, "m.wasm.map"))
			if err != nil {
				t.Fatal(err)
			}
			if err := m.UseMap(text); err != nil {
				t.Fatal(err)
			}
			if got := m.At(offset); len(got) != 1 || got[0].File != "m.ts" || got[0].Line != 8 {
				t.Errorf("%v", got)
			}
			if got := m.At(1 << 40); got != nil {
				t.Errorf("outside: %v", got)
			}
		})
	}
}

func TestSourceMapRefused(t *testing.T) {
	m := open(t, testkit.Core())
	for text, want := range map[string]string{
		"": "no JSON", `{"version":2}`: "version 2", `{"version":3,"sources":["a"],"mappings":"AA*A"}`: "cannot be read",
		`{"version":3,"sources":["a"],"mappings":"ACAA"}`: "does not list", `{"version":3,"sources":["a"],"mappings":"g"}`: "ends too early",
		`{"version":3,"sources":["a"],"mappings":"ggggggggggA"}`: "cannot be read",
	} {
		if err := m.UseMap([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// Go writes no DWARF for WebAssembly: the functions' names are all that there is.
func TestNames(t *testing.T) {
	t.Setenv("GOOS", "wasip1")
	t.Setenv("GOARCH", "wasm")
	module, _ := compiled(t, "m.go", goSource, "go", "build", "-buildmode=c-shared", "-o", "m.wasm", "m.go")
	m := open(t, module)
	for _, f := range m.sections.functions {
		if m.sections.names[f.index] != "main.third" {
			continue
		}
		if got := told(m, []uint64{f.start, f.end - 1}, "."); got != "main.third\nmain.third\n" {
			t.Error(got)
		}
		return
	}
	t.Error("main.third has no name")
}

// A module without any information has no places but its functions.
func TestNothingIsKnown(t *testing.T) {
	module, _ := compiled(t, "m.c", cSource, "clang", "--target=wasm32", "-g", "-O1", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all", "-o", "m.wasm", "m.c")
	m := open(t, module)
	if got := m.At(m.sections.functions[0].start); len(got) != 1 || got[0].String() != "" {
		t.Errorf("%q", got)
	}
	if _, err := Open([]byte("\x00asm\x0d\x00\x01\x00")); err == nil {
		t.Error("a component is taken for a core module")
	}
	if _, err := Open([]byte("\x00asm\x01\x00\x00\x00\x0a\x05")); err == nil {
		t.Error("half a section is taken for a whole one")
	}
}

// FuzzPlaces: no bytes make it panic, wherever one asks.
func FuzzPlaces(f *testing.F) {
	dir := f.TempDir()
	source, to := filepath.Join(dir, "m.c"), filepath.Join(dir, "m.wasm")
	testkit.Write(f, source, cSource)
	if exec.Command("clang", "--target=wasm32", "-g", "-O1", "-nostdlib", "-Wl,--no-entry", "-o", to, source).Run() == nil {
		module, err := os.ReadFile(to)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(module, uint64(20), `{"version":3,"sources":["a"],"mappings":"AAAA,CAAC"}`)
	}
	f.Add(testkit.Core(), uint64(0), "")
	f.Fuzz(func(t *testing.T, module []byte, offset uint64, text string) {
		m, err := Open(module)
		if err != nil {
			return
		}
		for _, p := range m.At(offset) {
			_ = p.String()
		}
		if m.UseMap([]byte(text)) == nil {
			m.At(offset)
		}
	})
}
