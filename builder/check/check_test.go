package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// checkDir is CheckAll of one capsule.
func checkDir(ctx context.Context, dir string, options Options) ([]finding.Finding, error) {
	results, err := CheckAll(ctx, []string{dir}, options)
	if err != nil {
		return nil, err
	}
	return results[0].Findings, results[0].Err
}

// lay writes files below a new folder and returns it. "@" is a symbolic link
// to what the text says.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(strings.TrimPrefix(name, "@")))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if strings.HasPrefix(name, "@") {
			err = os.Symlink(text, path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const (
	pkg       = "[package]\nname = \"x\"\nversion = \"1.0.0\"\n"
	manifest  = pkg + "[[component]]\nfile = \"x.wasm\"\n"
	crate     = "[package]\nname = \"x\"\nversion = \"1.0.0\"\n[lib]\ncrate-type = [\"cdylib\"]\n"
	target    = "[build]\ntarget = \"wasm32-unknown-unknown\"\n"
	randomSet = target + "[target.wasm32-unknown-unknown]\nrustflags = ['--cfg=getrandom_backend=\"custom\"']\n"
	lock      = "version = 3\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\ndependencies = [\"uuid\"]\n[[package]]\nname = \"uuid\"\nversion = \"1.22.0\"\ndependencies = [\"getrandom 0.3.1\"]\n[[package]]\nname = \"getrandom\"\nversion = \"0.2.15\"\n[[package]]\nname = \"getrandom\"\nversion = \"0.3.1\"\n"
)

type files map[string]string

// cases say what is found where. Capsules lie in "c", so that a case can put
// files above them.
var cases = []struct {
	name  string
	files files
	env   []string
	want  []string
}{
	{"sound", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config.toml": target}, nil, nil},
	{"another language", files{"c/Capsule.toml": manifest, "c/go.mod": "module x\n"}, nil, nil},
	{"no component, no questions", files{"c/Capsule.toml": pkg, "c/Cargo.toml": "[package]\nname = \"y\"\nversion = \"2.0.0\"\n"}, nil, nil},
	{"an own build command", files{"c/Capsule.toml": manifest + "[package.metadata.astrid-dev]\nbuild = [\"make\"]\n", "c/Cargo.toml": "[package]\nname = \"y\"\nversion = \"2.0.0\"\n"}, nil, nil},
	{"a manifest that is no TOML", files{"c/Capsule.toml": "[package\n"}, nil, []string{"Capsule.toml:1:9 manifest-syntax"}},
	{"a refused manifest is still looked at", files{"c/Capsule.toml": "[package]\nname = \"X\"\nversion = \"1.0.0\"\nreadme = \"R.md\"\n"}, nil, []string{"Capsule.toml:2:8 package-name", "Capsule.toml:4:10 missing-file"}},

	{"version in Cargo.toml", files{"c/Capsule.toml": manifest, "c/Cargo.toml": strings.Replace(crate, "1.0.0", "1.0.1", 1), "c/.cargo/config.toml": target}, nil, []string{"Capsule.toml:3:11 version-differs"}},
	{"version of the workspace", files{"c/Capsule.toml": manifest, "c/Cargo.toml": strings.Replace(crate, `version = "1.0.0"`, "version.workspace = true", 1), "c/.cargo/config.toml": target, "Cargo.toml": "[workspace]\nmembers = [\"c\"]\n[workspace.package]\nversion = \"3.0.0\"\n"}, nil, []string{"Capsule.toml:3:11 version-differs"}},
	{"version of a workspace that is not there", files{"c/Capsule.toml": manifest, "c/Cargo.toml": strings.Replace(crate, `version = "1.0.0"`, "version.workspace = true", 1), "c/.cargo/config.toml": target}, nil, nil},
	{"version in package.json", files{"c/Capsule.toml": manifest, "c/package.json": `{"version": "1.0.1"}`}, nil, []string{"Capsule.toml:3:11 version-differs"}},
	{"package.json without version", files{"c/Capsule.toml": manifest, "c/package.json": `{"private": true}`}, nil, nil},

	{"no target", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate}, nil, []string{"Cargo.toml:1:1 rust-no-wasm-target"}},
	{"target of a parent", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, ".cargo/config.toml": target}, nil, nil},
	{"target of the environment", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate}, []string{"CARGO_BUILD_TARGET=wasm32-unknown-unknown"}, nil},
	{"another variable", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate}, []string{"CARGO_BUILD_TARGET_DIR=x", "CARGO_BUILD_TARGET="}, []string{"Cargo.toml:1:1 rust-no-wasm-target"}},
	{"target in the old file", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config": target}, nil, nil},
	{"target of this machine", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config.toml": "[build]\ntarget = \"x86_64-unknown-linux-gnu\"\n"}, nil, []string{".cargo/config.toml:2:10 rust-no-wasm-target"}},
	{"wasi target", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config.toml": "[build]\ntarget = \"wasm32-wasip2\"\n"}, nil, []string{".cargo/config.toml:2:10 rust-target-wasi"}},
	{"toolchain without the target", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config.toml": target, "c/rust-toolchain.toml": "[toolchain]\nchannel = \"1.94.0\"\n"}, nil, []string{"rust-toolchain.toml:1:1 rust-toolchain-target"}},
	{"toolchain with another target", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config.toml": target, "c/rust-toolchain.toml": "[toolchain]\ntargets = [\"wasm32-wasip1\"]\n"}, nil, []string{"rust-toolchain.toml:2:11 rust-toolchain-target"}},
	{"toolchain in the old form", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config.toml": target, "c/rust-toolchain": "1.70\n"}, nil, nil},

	{"getrandom in the lock file", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config.toml": target, "c/Cargo.lock": lock}, nil, []string{".cargo/config.toml:2:10 rust-getrandom-cfg"}},
	{"getrandom of another member", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config.toml": target, "Cargo.toml": "[workspace]\n", "Cargo.lock": strings.Replace(lock, `dependencies = ["uuid"]`, "", 1)}, nil, nil},
	{"getrandom too old to want it", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config.toml": target, "c/Cargo.lock": strings.ReplaceAll(lock, "getrandom 0.3.1", "getrandom 0.2.15")}, nil, nil},
	{"getrandom with its cfg", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config.toml": randomSet, "c/Cargo.lock": lock}, nil, nil},
	{"getrandom with its cfg in the environment", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config.toml": target, "c/Cargo.lock": lock}, []string{"RUSTFLAGS=--cfg getrandom_backend=\"custom\""}, nil},
	{"getrandom with a cfg that does not count", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config.toml": randomSet, "c/Cargo.lock": lock}, []string{"RUSTFLAGS=-C opt-level=z"}, []string{".cargo/config.toml:3:1 rust-getrandom-cfg"}},
	{"getrandom as a dependency", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate + "[dependencies]\ngetrandom = \"0.3\"\n", "c/.cargo/config.toml": target}, nil, []string{".cargo/config.toml:2:10 rust-getrandom-cfg"}},
	{"getrandom as a workspace dependency", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate + "[dependencies]\nuuid = { workspace = true, features = [\"v4\"] }\n", "c/.cargo/config.toml": target, "Cargo.toml": "[workspace.dependencies]\nuuid = \"1.22\"\n"}, nil, []string{".cargo/config.toml:2:10 rust-getrandom-cfg"}},
	{"getrandom on WASI", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "c/.cargo/config.toml": "[build]\ntarget = \"wasm32-wasip1\"\n", "c/Cargo.lock": lock}, nil, []string{".cargo/config.toml:2:10 rust-target-wasi"}},

	{"file of another name", files{"c/Capsule.toml": manifest, "c/Cargo.toml": strings.Replace(crate, `"x"`, `"my-x"`, 1), "c/.cargo/config.toml": target}, nil, []string{"Capsule.toml:5:8 component-file-name"}},
	{"file explained by dist", files{"c/Capsule.toml": strings.Replace(manifest, "x.wasm", "dist/y.wasm", 1), "c/Cargo.toml": crate, "c/.cargo/config.toml": target}, nil, nil},
	{"file explained by output", files{"c/Capsule.toml": manifest + "[package.metadata.astrid-dev]\noutput = \"dist/y.wasm\"\n", "c/Cargo.toml": strings.Replace(crate, `"x"`, `"y"`, 1), "c/.cargo/config.toml": target}, nil, nil},
	{"file of a program", files{"c/Capsule.toml": strings.Replace(manifest, "x.wasm", "my-x.wasm", 1), "c/Cargo.toml": "[package]\nname = \"my-x\"\nversion = \"1.0.0\"\n", "c/src/main.rs": "", "c/.cargo/config.toml": target}, nil, nil},
	{"one of two files is cargo's", files{"c/Capsule.toml": manifest + "[[component]]\nfile = \"other.wasm\"\n", "c/Cargo.toml": crate, "c/.cargo/config.toml": target}, nil, []string{"Capsule.toml:6:1 component-inert"}},
	{"no module at all", files{"c/Capsule.toml": manifest, "c/Cargo.toml": "[package]\nname = \"x\"\nversion = \"1.0.0\"\n[lib]\npath = \"lib.rs\"\n", "c/.cargo/config.toml": target}, nil, []string{"Cargo.toml:4:2 rust-no-cdylib"}},

	{"file through a link", files{"c/Capsule.toml": strings.Replace(manifest, "x.wasm", "out/x.wasm", 1), "@c/out": "../elsewhere", "elsewhere/y": ""}, nil, []string{"Capsule.toml:5:8 component-file-escapes"}},
	{"file that is a source", files{"c/Capsule.toml": strings.Replace(manifest, "x.wasm", "main.go", 1), "c/main.go": "package main"}, nil, []string{"Capsule.toml:5:8 component-file-taken"}},
	{"file that is a module", files{"c/Capsule.toml": manifest, "c/x.wasm": "\x00asm\x01\x00\x00\x00"}, nil, nil},
	{"file that is a link to nothing outside", files{"c/Capsule.toml": manifest, "@c/x.wasm": "../gone.wasm"}, nil, []string{"Capsule.toml:5:8 component-file-escapes"}},
	{"file through a link inside", files{"c/Capsule.toml": strings.Replace(manifest, "x.wasm", "out/x.wasm", 1), "@c/out": "real", "c/real/y": ""}, nil, nil},
	{"file that says it escapes", files{"c/Capsule.toml": strings.Replace(manifest, "x.wasm", "../x.wasm", 1)}, nil, []string{"Capsule.toml:5:8 component-file"}},
	{"missing files", files{"c/Capsule.toml": "[package]\nname = \"x\"\nversion = \"1.0.0\"\nreadme = \"R.md\"\nlicense-file = \"L\"\n[[context_file]]\nname = \"a\"\nfile = \"a.md\"\n[[command]]\nname = \"b\"\nfile = \"b.toml\"\n", "c/L": ""}, nil,
		[]string{"Capsule.toml:11:8 missing-file", "Capsule.toml:4:10 missing-file", "Capsule.toml:8:8 missing-file"}},

	{"inert tables", files{"c/Capsule.toml": pkg + "[[interceptor]]\nevent = \"a\"\naction = \"b\"\n[[topic]]\nname = \"a\"\n[[skill]]\nname = \"s\"\nfile = \"f\"\n[capabilities]\nipc_publish = [\"a\"]\n  ipc_subscribe = []\n"}, nil,
		[]string{"Capsule.toml:13:1 inert-capability", "Capsule.toml:14:3 inert-capability", "Capsule.toml:4:1 inert-table", "Capsule.toml:7:1 inert-table", "Capsule.toml:9:1 inert-table"}},
	{"inert rights of a component", files{"c/Capsule.toml": manifest + "capabilities = { ipc_publish = [\"a\"] }\n"}, nil, []string{"Capsule.toml:6:18 inert-capability"}},
	{"settings elsewhere", files{"c/Capsule.toml": manifest + "[package.metadata.astrid_dev]\nbuild = [\"make\"]\n[metadata.astrid-dev]\nbuild = [\"make\"]\n"}, nil, []string{"Capsule.toml:6:19 settings-elsewhere", "Capsule.toml:8:11 settings-elsewhere"}},
	{"misspelt keys", files{"c/Capsule.toml": pkg + "licence = \"MIT\"\nedition = \"2024\"\n[[context_files]]\nname = \"a\"\n[[component]]\nfile = \"x.wasm\"\nlinks = []\n[capabilities]\nfs-read = []\n[env.a]\ntype = \"text\"\nplacholder = \"x\"\n[package.metadata.other]\nnmae = 1\n"}, nil,
		[]string{"Capsule.toml:10:1 unknown-key", "Capsule.toml:12:1 unknown-key", "Capsule.toml:15:1 unknown-key", "Capsule.toml:4:1 unknown-key", "Capsule.toml:6:3 unknown-key"}},

	{"a floor without a ceiling", files{"c/Capsule.toml": pkg + "astrid-version = \">=0.7.0\"\n"}, nil, nil},
	{"any runtime", files{"c/Capsule.toml": pkg + "astrid-version = \"*\"\n"}, nil, nil},
	{"a ceiling far away", files{"c/Capsule.toml": pkg + "astrid-version = \">=0.7.0, <3000\"\n"}, nil, nil},
	{"a runtime to come", files{"c/Capsule.toml": pkg + "astrid-version = \">=2031.1\"\n"}, nil, nil},
	{"old runtimes only", files{"c/Capsule.toml": pkg + "astrid-version = \"^0.10\"\n"}, nil, []string{"Capsule.toml:4:18 runtime-calendar"}},
	{"old runtimes by a bare version", files{"c/Capsule.toml": pkg + "astrid-version = \"0.10\"\n"}, nil, []string{"Capsule.toml:4:18 runtime-calendar"}},
	{"old runtimes by a tilde", files{"c/Capsule.toml": pkg + "astrid-version = \"~0.10\"\n"}, nil, []string{"Capsule.toml:4:18 runtime-calendar"}},
	{"old runtimes by a ceiling", files{"c/Capsule.toml": pkg + "astrid-version = \"<1\"\n"}, nil, []string{"Capsule.toml:4:18 runtime-calendar"}},
	{"one old runtime", files{"c/Capsule.toml": pkg + "astrid-version = \"=0.9.4\"\n"}, nil, []string{"Capsule.toml:4:18 runtime-calendar"}},
	{"a second component", files{"c/Capsule.toml": manifest + "[[component]]\nid = \"b\"\nfile = \"b.wasm\"\n"}, nil, []string{"Capsule.toml:6:1 component-inert"}},
	{"a file with a dot before it", files{"c/Capsule.toml": strings.Replace(manifest, "x.wasm", "./x.wasm", 1)}, nil, []string{"Capsule.toml:5:8 component-file-archive"}},
	{"a file below target", files{"c/Capsule.toml": strings.Replace(manifest, "x.wasm", "out/target/x.wasm", 1)}, nil, []string{"Capsule.toml:5:8 component-file-archive"}},
	{"a file called target", files{"c/Capsule.toml": strings.Replace(manifest, "x.wasm", "target.wasm", 1)}, nil, nil},
	{"an uplink", files{"c/Capsule.toml": pkg + "[[uplink]]\nname = \"u\"\nplatform = \"p\"\nprofile = \"chat\"\n"}, nil, []string{"Capsule.toml:4:1 uplink-needs-operator"}},
	{"64 handlers", files{"c/Capsule.toml": pkg + handlers(64)}, nil, nil},
	{"65 handlers", files{"c/Capsule.toml": pkg + handlers(65)}, nil, []string{"Capsule.toml:69:1 handlers-too-many"}},
	{"two cdylibs", files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate + "[[example]]\nname = \"e\"\ncrate-type = [\"cdylib\"]\n", "c/.cargo/config.toml": target}, nil, []string{"Cargo.toml:6:3 rust-cdylibs"}},

	{"tools without their topics", files{"c/Capsule.toml": pkg + "[subscribe]\n\"tool.v1.execute.a\" = { wit = \"opaque\", handler = \"h\" }\n\"tool.v1.execute.b\" = { wit = \"opaque\", handler = \"h\" }\n"}, nil,
		[]string{"Capsule.toml:5:1 tool-describe-publish", "Capsule.toml:5:1 tool-describe-subscribe", "Capsule.toml:5:1 tool-result-publish", "Capsule.toml:6:1 tool-result-publish"}},
	{"tools with wider topics", files{"c/Capsule.toml": pkg + "[publish]\n\"tool.v1.*\" = \"opaque\"\n[subscribe]\n\"tool.v1.execute.a\" = { wit = \"opaque\", handler = \"h\" }\n\"tool.v1.request.describe\" = { wit = \"opaque\", handler = \"h\" }\n"}, nil, nil},
	{"results that are only read", files{"c/Capsule.toml": pkg + "[subscribe]\n\"tool.v1.execute.*.result\" = { wit = \"opaque\", handler = \"h\" }\n\"tool.v1.execute.a\" = \"opaque\"\n"}, nil, nil},
}

// handlers is a [subscribe] with n of them.
func handlers(n int) string {
	text := "[subscribe]\n"
	for i := range n {
		text += fmt.Sprintf("\"a.t%d\" = { wit = \"opaque\", handler = \"h\" }\n", i)
	}
	return text
}

// TestRuntimeChosen holds one requirement against releases that are asked for.
func TestRuntimeChosen(t *testing.T) {
	dir := filepath.Join(lay(t, files{"c/Capsule.toml": pkg + "astrid-version = \"^0.10\"\n"}), "c")
	for version, want := range map[string]finding.Code{"0.10.4": finding.RuntimeCalendar, "2026.10.1": finding.RuntimeRefuses, "0.9.4": finding.RuntimeRefuses} {
		release, err := astrid.Find(version)
		if err != nil {
			t.Fatal(err)
		}
		got, err := checkDir(context.Background(), dir, Options{Runtime: []*astrid.Release{release}})
		if err != nil || len(got) != 1 || got[0].Code != want {
			t.Errorf("%s: %v, %v, want %s", version, got, err, want)
		}
	}
}

func TestCheck(t *testing.T) {
	seen := map[finding.Code]bool{finding.PackageNameTwice: true, finding.RuntimeRefuses: true} // TestSameNames, TestRuntimeChosen
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(lay(t, c.files), "c")
			got, err := checkDir(context.Background(), dir, Options{Env: c.env})
			if err != nil {
				t.Fatal(err)
			}
			var list []string
			for _, f := range got {
				seen[f.Code] = true
				list = append(list, f.Where()+" "+string(f.Code))
				mustBeClear(t, f)
			}
			want := append([]string(nil), c.want...)
			if diff := cmp.Diff(sorted(want), sorted(list)); diff != "" {
				t.Errorf("(-want +got)\n%s%v", diff, got)
			}
		})
	}
	for _, code := range finding.Codes() {
		if code.Part == finding.PartCheck && !seen[code.Code] {
			t.Errorf("no case provokes %s", code.Code)
		}
	}
}

// mustBeClear fails for a finding that does not say what to do, or whose code
// and severity are not those of the list.
func mustBeClear(t *testing.T, f finding.Finding) {
	t.Helper()
	code, listed := f.Code.Rule()
	if !listed {
		t.Errorf("%v is not in the list of codes", f)
		return
	}
	if code.Severity != f.Severity || f.Message == "" {
		t.Errorf("%v is not as listed: %+v", f, code)
	}
	if f.Hint == "" && f.Code != finding.ManifestSyntax {
		t.Errorf("%v has no remedy", f)
	}
}

func sorted(list []string) string {
	out := append([]string(nil), list...)
	for i := range out {
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return strings.Join(out, "\n")
}

// The user's own configuration counts where the environment names it.
func TestCargoHome(t *testing.T) {
	root := lay(t, files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "home/.cargo/config.toml": target})
	for _, env := range []string{"HOME=" + filepath.Join(root, "home"), "CARGO_HOME=" + filepath.Join(root, "home", ".cargo")} {
		if got, err := checkDir(context.Background(), filepath.Join(root, "c"), Options{Env: []string{env}}); err != nil || len(got) > 0 {
			t.Errorf("%s: %v, %v", env, got, err)
		}
	}
}

func TestSameNames(t *testing.T) {
	root := lay(t, files{"a/Capsule.toml": pkg, "b/Capsule.toml": pkg, "d/Capsule.toml": strings.Replace(pkg, `"x"`, `"y"`, 1)})
	dirs := []string{filepath.Join(root, "a"), filepath.Join(root, "b"), filepath.Join(root, "d"), filepath.Join(root, "gone")}
	results, err := CheckAll(context.Background(), dirs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, other := range []int{1, 0} {
		got := results[i].Findings
		if len(got) != 1 || got[0].Code != finding.PackageNameTwice || got[0].Line != 2 || got[0].Column != 8 || !strings.Contains(got[0].Message, dirs[other]) {
			t.Errorf("%s: %v", dirs[i], got)
		}
	}
	if len(results[2].Findings) != 0 || results[2].Err != nil || results[2].Name != "y" {
		t.Errorf("the third: %+v", results[2])
	}
	if !errors.Is(results[3].Err, fs.ErrNotExist) {
		t.Errorf("no manifest: %+v", results[3])
	}
	twice, err := CheckAll(context.Background(), []string{dirs[0], filepath.Join(root, "d", "..", "a")}, Options{})
	if err != nil || len(twice[0].Findings)+len(twice[1].Findings) > 0 {
		t.Errorf("one capsule named twice: %v, %v", twice, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := CheckAll(ctx, dirs, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// realManifests is where a checkout of real capsules' manifests may lie.
const realManifests = "../../../shared/manifests"

// Sound capsules yield nothing; faulty ones exactly these, code by count.
func TestRealManifests(t *testing.T) {
	list, err := filepath.Glob(filepath.Join(realManifests, "*", "*", tree.ManifestName))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		testkit.Skip(t, "no real manifests at "+realManifests)
	}
	want := map[string]map[finding.Code]int{
		"standalone/capsule-cli":   {finding.VersionDiffers: 1, finding.InertCapability: 2, finding.RustToolchainTarget: 1},
		"standalone/capsule-fs":    {finding.InertTable: 9, finding.InertCapability: 2, finding.RustTargetWASI: 1},
		"standalone/capsule-react": {finding.InertTable: 20, finding.InertCapability: 2, finding.RustGetrandomCfg: 1, finding.RustToolchainTarget: 1},
	}
	for _, path := range list {
		dir := filepath.Dir(path)
		name := filepath.ToSlash(filepath.Join(filepath.Base(filepath.Dir(dir)), filepath.Base(dir)))
		findings, err := checkDir(context.Background(), dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := map[finding.Code]int{}
		for _, f := range findings {
			got[f.Code]++
			mustBeClear(t, f)
		}
		if diff := cmp.Diff(fmt.Sprint(want[name]), fmt.Sprint(got)); diff != "" && len(want[name])+len(got) > 0 {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}
