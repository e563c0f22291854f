package toolchain

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

const manifest = "[package]\nname = \"cap\"\nversion = \"0.1.0\"\n[[component]]\nid = \"cap\"\nfile = \"cap.wasm\"\n"

// fakes writes a folder of programs that only answer their name, and returns
// an environment with nothing else in its PATH.
func fakes(t *testing.T, names ...string) environ {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "bin")
	for _, name := range names {
		testkit.Write(t, filepath.Join(bin, name), "#!/bin/sh\necho "+name+" go1.26.0 version\n")
		if err := os.Chmod(filepath.Join(bin, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return environ{"PATH=" + bin, "HOME=" + t.TempDir()}
}

// folder writes a capsule with the given files.
func folder(t *testing.T, settings string, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	text := manifest
	if settings != "" {
		text += "[package.metadata.astrid-dev]\n" + settings + "\n"
	}
	testkit.Write(t, filepath.Join(dir, tree.ManifestName), text)
	for i := 0; i+1 < len(files); i += 2 {
		testkit.Write(t, filepath.Join(dir, filepath.FromSlash(files[i])), files[i+1])
	}
	return dir
}

const buildScript = `{"scripts":{"build":"x"}}`

func TestDetection(t *testing.T) {
	env := fakes(t, "cargo", "rustc", "go", "node", "npm", "pnpm", "yarn", "bun", "zig", "make", "tinygo", "asc")
	config := []string{".cargo/config.toml", "build.target = \"wasm32-wasip1\""}
	for name, c := range map[string]struct {
		settings string
		files    []string
		want     string // the toolchain and its arguments
	}{
		"rust before all":   {"", append(config, "Cargo.toml", "", "go.mod", "", "asconfig.json", "{}"), "rust cargo build --message-format=json-diagnostic-rendered-ansi --release"},
		"rust, profile":     {`profile = "debug"`, append(config, "Cargo.toml", ""), "rust cargo build --message-format=json-diagnostic-rendered-ansi --profile dev"},
		"go":                {"", []string{"go.mod", "", "asconfig.json", "{}"}, "go go build -trimpath -buildvcs=false -buildmode=c-shared -o OUT/cap.wasm ."},
		"assemblyscript":    {"", []string{"asconfig.json", "{}", "package.json", buildScript}, "assemblyscript asc assembly/index.ts --config asconfig.json --outFile OUT/cap.wasm --debug --sourceMap --transform OUT/reads.mjs"},
		"asc with target":   {`profile = "debug"`, []string{"asconfig.json", `{"entries":["a.ts"],"targets":{"release":{}}}`}, "assemblyscript asc --config asconfig.json --target debug --outFile OUT/cap.wasm --debug --sourceMap --transform OUT/reads.mjs"},
		"npm":               {"", []string{"package.json", buildScript, "build.zig", ""}, "npm npm run build"},
		"pnpm by lock":      {"", []string{"package.json", buildScript, "pnpm-lock.yaml", ""}, "npm pnpm run build"},
		"yarn by lock":      {"", []string{"package.json", buildScript, "yarn.lock", ""}, "npm yarn run build"},
		"bun by lock":       {"", []string{"package.json", buildScript, "bun.lock", ""}, "npm bun run build"},
		"pnpm by name":      {`toolchain = "pnpm"`, []string{"package.json", buildScript, "package-lock.json", "{}"}, "npm pnpm run build"},
		"no build script":   {"", []string{"package.json", `{"scripts":{}}`, "build.zig", ""}, "zig zig build --prefix OUT --cache-dir DIR/target/zig-cache"},
		"zig, profile":      {`profile = "ReleaseSmall"`, []string{"build.zig", "", "Makefile", "wasm:"}, "zig zig build --prefix OUT --cache-dir DIR/target/zig-cache -Doptimize=ReleaseSmall"},
		"make":              {"", []string{"Makefile", "all: wasm\n\nwasm: x.c\n\tcc"}, "make make wasm"},
		"make, two targets": {"", []string{"GNUmakefile", "all wasm:\n"}, "make make wasm"},
		"by name":           {`toolchain = "tinygo"`, []string{"go.mod", ""}, "tinygo tinygo build -target=wasip1 -buildmode=c-shared -o OUT/cap.wasm ."},
		"by alias":          {`toolchain = "C"`, []string{"go.mod", ""}, "make make wasm"},
		"command":           {`build = ["make", "other"]` + "\ntoolchain = \"go\"", []string{"go.mod", ""}, "command make other"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, c.settings, c.files...)
			r := request(t, dir, env)
			p, err := For(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			out, temp := t.TempDir(), t.TempDir()
			argv := p.Command(out, temp).Argv
			got := strings.Join(append([]string{p.Toolchain, filepath.Base(argv[0])}, argv[1:]...), " ")
			got = strings.NewReplacer(out, "OUT", dir, "DIR").Replace(got)
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if strings.Contains(strings.Join(p.Identity.Portable, " "), dir) || len(p.Identity.Portable) == 0 || len(p.Identity.Local) == 0 {
				t.Errorf("identity %q", p.Identity)
			}
		})
	}
}

func TestNotBuildable(t *testing.T) {
	all := []string{"cargo", "rustc", "go", "node", "npm", "zig", "make", "tinygo", "apt-get"}
	for name, c := range map[string]struct {
		missing  string // the program that PATH lacks
		settings string
		files    []string
		step     finding.Step
		want     string
	}{
		"nothing fits":    {"", "", nil, finding.StepManifest, "one of these must be there: Cargo.toml (rust), go.mod here, or above Go files (go), asconfig.json"},
		"a makefile":      {"", "", []string{"Makefile", "wasm = 1\nall:\n"}, finding.StepManifest, "nothing in the capsule's folder says how it is built"},
		"unknown name":    {"", `toolchain = "gopher"`, nil, finding.StepManifest, `Capsule.toml:8:1: error: there is no toolchain "gopher"`},
		"go":              {"go", "", []string{"go.mod", ""}, finding.StepToolchain, "sudo apt-get install golang-go"},
		"cargo":           {"cargo", "", []string{"Cargo.toml", ""}, finding.StepToolchain, "sudo apt-get install cargo libstd-rust-dev-wasm32"},
		"node":            {"node", "", []string{"asconfig.json", "{}"}, finding.StepToolchain, "sudo apt-get install nodejs npm"},
		"asc":             {"", "", []string{"asconfig.json", "{}", "package.json", `{"devDependencies":{"assemblyscript":"1"}}`, "package-lock.json", "{}"}, finding.StepToolchain, "npm install"},
		"asc not asked":   {"", "", []string{"asconfig.json", "{}"}, finding.StepToolchain, "npm install --save-dev assemblyscript"},
		"packages":        {"", "", []string{"package.json", `{"scripts":{"build":"x"},"dependencies":{"a":"1"}}`}, finding.StepToolchain, "npm install"},
		"no build script": {"", `toolchain = "npm"`, []string{"package.json", "{}"}, finding.StepManifest, `no script called "build"`},
		"pnpm":            {"pnpm", "", []string{"package.json", buildScript, "pnpm-lock.yaml", ""}, finding.StepToolchain, "npm install --global pnpm"},
		"zig":             {"zig", "", []string{"build.zig", ""}, finding.StepToolchain, "https://ziglang.org/download"},
		"command":         {"", `build = ["no such", "x"]`, nil, finding.StepToolchain, `Capsule.toml:8:1: error: the build command "no such" is not installed`},
	} {
		t.Run(name, func(t *testing.T) {
			env := fakes(t, slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == c.missing })...)
			_, err := For(t.Context(), request(t, folder(t, c.settings, c.files...), env))
			var p *finding.Failure
			if !errors.As(err, &p) || p.Step != c.step {
				t.Fatalf("%v, want a problem of step %s", err, c.step)
			}
			if text := p.Error() + " " + p.Findings[0].Hint; !strings.Contains(text, c.want) {
				if runtime.GOOS != "linux" && strings.Contains(c.want, "apt-get") {
					return
				}
				t.Errorf("%s\nlacks %s", text, c.want)
			}
		})
	}
}

// TestMissingToolIsLookedForAgain: installing it is enough.
func TestMissingToolIsLookedForAgain(t *testing.T) {
	env := fakes(t)
	r := request(t, folder(t, "", "go.mod", ""), env)
	if _, err := For(t.Context(), r); err == nil {
		t.Fatal("a plan without go")
	}
	goTool := filepath.Join(strings.TrimPrefix(env[0], "PATH="), "go")
	testkit.Write(t, goTool, "#!/bin/sh\necho go version go1.26.0\n")
	if err := os.Chmod(goTool, 0o755); err != nil {
		t.Fatal(err)
	}
	first, err := For(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Write(t, goTool, "#!/bin/sh\necho go version go1.27.0 # newer\n")
	second, err := For(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(first.Identity, second.Identity) || !strings.Contains(strings.Join(second.Identity.Portable, " "), "go1.27.0") {
		t.Errorf("identities %q and %q", first.Identity, second.Identity)
	}
	third, err := For(t.Context(), r)
	if err != nil || !reflect.DeepEqual(third.Identity, second.Identity) {
		t.Errorf("identity %q became %q, %v", second.Identity, third.Identity, err)
	}
	testkit.Write(t, goTool, "#!/bin/sh\necho go version go1.23.9 # too old\n")
	if _, err := For(t.Context(), r); err == nil || !strings.Contains(err.Error(), "go-too-old") {
		t.Error(err)
	}
}

func TestEnvironment(t *testing.T) {
	env := append(fakes(t, "go"), "GOFLAGS=-mod=mod", "PWD=/elsewhere", "TMPDIR=/user", "CAPSULE_NAME=other", "KEY=user")
	dir := folder(t, "profile = \"fast\"\nenv = { KEY = \"settings\", FORCE_COLOR = \"0\" }", "go.mod", "")
	r := request(t, dir, env)
	p, err := For(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	out, temp := t.TempDir(), t.TempDir()
	command := p.Command(out, temp)
	for name, want := range map[string]string{
		"GOFLAGS": "-mod=mod", "GOOS": "wasip1", "GOARCH": "wasm", "PWD": dir, "TMPDIR": temp, "GOTMPDIR": temp, "KEY": "settings",
		"CAPSULE_DIR": dir, "CAPSULE_NAME": "cap", "CAPSULE_PROFILE": "fast", "CAPSULE_OUT": filepath.Join(out, "cap.wasm"), "CAPSULE_OUT_DIR": out,
		"CARGO_TERM_COLOR": "always", "CLICOLOR_FORCE": "1", "FORCE_COLOR": "0",
		"GOMAXPROCS": strconv.Itoa(max(1, runtime.NumCPU()/2)), "CARGO_BUILD_JOBS": strconv.Itoa(max(1, runtime.NumCPU()/2)),
	} {
		if got := environ(command.Env).get(name); got != want {
			t.Errorf("%s=%q, want %q", name, got, want)
		}
	}
	seen := map[string]bool{}
	for _, entry := range command.Env {
		name, _, _ := strings.Cut(entry, "=")
		if seen[name] {
			t.Errorf("%s is set twice", name)
		}
		seen[name] = true
	}
	for _, c := range []struct {
		entry, name, want string
		jobs              int
	}{
		{"NO_COLOR=1", "FORCE_COLOR", "0", 1}, {"NO_COLOR=1", "CLICOLOR_FORCE", "", 1}, {"X=", "GOMAXPROCS", "", 1},
		{"GOMAXPROCS=7", "GOMAXPROCS", "7", 2}, {"CARGO_BUILD_JOBS=9", "CARGO_BUILD_JOBS", "9", 2},
	} {
		r.Env, r.Jobs = append(slices.Clone([]string(env)), c.entry), c.jobs
		p, err := For(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if got := environ(p.Command(out, temp).Env).get(c.name); got != c.want {
			t.Errorf("with %s and %d jobs: %s=%q, want %q", c.entry, c.jobs, c.name, got, c.want)
		}
	}
}

func TestIdentityFollowsTheEnvironment(t *testing.T) {
	env := fakes(t, "go", "cargo", "rustc", "make")
	for _, c := range []struct{ marker, content, variable string }{
		{"go.mod", "", "GOFLAGS=-tags=x"}, {"go.mod", "", "GOEXPERIMENT=y"}, {"Cargo.toml", "", "RUSTFLAGS=-Cx"},
		{"Cargo.toml", "", "CARGO_PROFILE_RELEASE_LTO=off"}, {"Cargo.toml", "", "RUSTUP_TOOLCHAIN=nightly"}, {"Makefile", "wasm:", "CFLAGS=-O3"},
	} {
		dir := folder(t, "", c.marker, c.content, ".cargo/config.toml", "build.target = \"wasm32-wasip1\"")
		r := request(t, dir, env)
		plain, err := For(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		r.Env = append(slices.Clone([]string(env)), "UNRELATED=1")
		same, err := For(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		r.Env = append(slices.Clone([]string(env)), c.variable)
		other, err := For(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(plain.Identity, same.Identity) || slices.Equal(plain.Identity.Portable, other.Identity.Portable) || slices.Equal(plain.Identity.Local, other.Identity.Local) {
			t.Errorf("%s with %s: identities\n%q\n%q\n%q", c.marker, c.variable, plain.Identity, same.Identity, other.Identity)
		}
	}
}

// TestIdentityFollowsTheWrapper: installing one builds the capsule again.
// TestVersionIsNotGuessedFromAPath: a folder's name says nothing of the program in it.
func TestVersionIsNotGuessedFromAPath(t *testing.T) {
	for version, want := range map[string]bool{
		"go version go1.23.4 linux/amd64": true, "go version go1.24 darwin/arm64": false, "go version devel go1.27-1234 linux/amd64": false,
		"/opt/go1.21/bin/go 123 456": false, "": false, "go version go1.9.7 linux/amd64": true,
	} {
		if got := tooOld(version); got != want {
			t.Errorf("%q: too old %v", version, got)
		}
	}
}

// TestFilesOfALinkedCapsule: a compiler that names the real folder is understood.
func TestFilesOfALinkedCapsule(t *testing.T) {
	real := filepath.Join(t.TempDir(), "real")
	link := filepath.Join(t.TempDir(), "link")
	testkit.Write(t, filepath.Join(real, "a.go"), "")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{filepath.Join(real, "a.go"): "a.go", filepath.Join(link, "a.go"): "a.go", "./a.go": "a.go", "../b.go": filepath.Join(filepath.Dir(link), "b.go"), "": ""} {
		if got := relative(link, link, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestForIsCheap holds the target of a millisecond for the languages that read
// most. The best of many is taken, since the machine may be busy.
