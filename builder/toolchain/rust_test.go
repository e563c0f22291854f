package toolchain

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// bareCrate writes a capsule of Rust with the given files and returns its crate.
func bareCrate(t *testing.T, env environ, files map[string]string) *crate {
	t.Helper()
	root := t.TempDir()
	home := filepath.Join(root, "home")
	testkit.Write(t, filepath.Join(root, "ws", "cap", "Capsule.toml"), "[package]\nname = \"cap\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"cap.wasm\"\n")
	testkit.Write(t, filepath.Join(root, "ws", "cap", "Cargo.toml"), "[package]\nname = \"cap-a\"\nversion = \"0.1.0\"\n")
	for name, content := range files {
		testkit.Write(t, filepath.Join(root, filepath.FromSlash(name)), content)
	}
	env = append(environ{"HOME=" + home, "PATH=" + filepath.Join(root, "bin")}, env...)
	j, err := newJob(request(t, filepath.Join(root, "ws", "cap"), env))
	if err != nil {
		t.Fatal(err)
	}
	return readCrate(j)
}

func TestRustTarget(t *testing.T) {
	const own, above, user = "ws/cap/.cargo/config.toml", "ws/.cargo/config.toml", "home/.cargo/config.toml"
	for name, c := range map[string]struct {
		env   environ
		files map[string]string
		want  string
	}{
		"none":          {want: ""},
		"own":           {files: map[string]string{own: "[build]\ntarget = \"wasm32-unknown-unknown\""}, want: "wasm32-unknown-unknown"},
		"above":         {files: map[string]string{above: "[build]\ntarget = \"wasm32-wasip2\"", user: "[build]\ntarget = \"x\""}, want: "wasm32-wasip2"},
		"own wins":      {files: map[string]string{own: "build.target = \"a\"", above: "build.target = \"b\""}, want: "a"},
		"user":          {files: map[string]string{user: "build.target = \"c\""}, want: "c"},
		"environment":   {env: environ{"CARGO_BUILD_TARGET=e"}, files: map[string]string{own: "build.target = \"a\""}, want: "e"},
		"several":       {files: map[string]string{own: "build.target = [\"x86_64-unknown-linux-gnu\", \"wasm32-wasip1\"]"}, want: "wasm32-wasip1"},
		"old file name": {files: map[string]string{"ws/cap/.cargo/config": "build.target = \"old\"", own: "build.target = \"new\""}, want: "old"},
		"broken file":   {files: map[string]string{own: "build.target = ", above: "build.target = \"b\""}, want: "b"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := bareCrate(t, c.env, c.files).target; got != c.want {
				t.Errorf("target %q, want %q", got, c.want)
			}
		})
	}
}

func TestRustFlags(t *testing.T) {
	const own, above = "ws/cap/.cargo/config.toml", "ws/.cargo/config.toml"
	const target = "[build]\ntarget = \"wasm32-unknown-unknown\"\n"
	for name, c := range map[string]struct {
		env   environ
		files map[string]string
		want  string // flags between blanks; "-" when the variable is left alone
	}{
		"nothing set":        {files: map[string]string{own: target}, want: cargo.RandomFlag},
		"build, merged":      {files: map[string]string{own: target + "rustflags = [\"-Cb\"]", above: "[build]\nrustflags = [\"-Ca\"]"}, want: "-Ca -Cb " + cargo.RandomFlag},
		"a string":           {files: map[string]string{own: target + "rustflags = \"-C a\""}, want: "-C a " + cargo.RandomFlag},
		"target beats build": {files: map[string]string{own: target + "rustflags = [\"-Cb\"]\n[target.wasm32-unknown-unknown]\nrustflags = [\"-Ct\"]"}, want: "-Ct " + cargo.RandomFlag},
		"cfg holds":          {files: map[string]string{own: target + "[target.'cfg(all(target_family = \"wasm\", not(unix)))']\nrustflags = [\"-Cc\"]"}, want: "-Cc " + cargo.RandomFlag},
		"cfg does not hold":  {files: map[string]string{own: target + "[target.'cfg(unix)']\nrustflags = [\"-Cc\"]"}, want: cargo.RandomFlag},
		"RUSTFLAGS":          {env: environ{"RUSTFLAGS=-Ce  -Cf"}, files: map[string]string{own: target + "rustflags = [\"-Cb\"]"}, want: "-Ce -Cf " + cargo.RandomFlag},
		"encoded":            {env: environ{"RUSTFLAGS=-Ce", "CARGO_ENCODED_RUSTFLAGS=-C x\x1f-Cy"}, files: map[string]string{own: target}, want: "-C x -Cy " + cargo.RandomFlag},
		"target's variable":  {env: environ{"CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=-Cv"}, files: map[string]string{own: target}, want: "-Cv " + cargo.RandomFlag},
		"already there":      {files: map[string]string{own: target + "rustflags = ['--cfg', 'getrandom_backend=\"wasm_js\"']"}, want: `--cfg getrandom_backend="wasm_js"`},
		"another target":     {files: map[string]string{own: "build.target = \"wasm32-wasip2\""}, want: "-"},
	} {
		t.Run(name, func(t *testing.T) {
			crate := bareCrate(t, c.env, c.files)
			before, _ := crate.env.lookup("CARGO_ENCODED_RUSTFLAGS")
			after, set := crate.flags().lookup("CARGO_ENCODED_RUSTFLAGS")
			got := strings.ReplaceAll(after, cargo.UnitSeparator, " ")
			if !set || c.want == "-" && after == before {
				got = "-"
			}
			if c.want != "-" {
				c.want += " -Cdebuginfo=line-tables-only -Cstrip=none"
			}
			if got != c.want {
				t.Errorf("flags %q, want %q", got, c.want)
			}
		})
	}
}

// TestOwnLines: who says what the compiler leaves of lines and names has it so.
func TestOwnLines(t *testing.T) {
	const config, manifest = "ws/cap/.cargo/config.toml", "ws/cap/Cargo.toml"
	const target = "[build]\ntarget = \"wasm32-unknown-unknown\"\n"
	for name, c := range map[string]struct {
		env        environ
		files      map[string]string
		added      string
		stripNames bool
	}{
		"nothing":              {nil, nil, "-Cdebuginfo=line-tables-only -Cstrip=none", false},
		"strip in the profile": {nil, map[string]string{manifest: "[profile.release]\nstrip = true"}, "-Cdebuginfo=line-tables-only -Cstrip=none", true},
		"symbols":              {nil, map[string]string{config: target + "[profile.release]\nstrip = \"symbols\""}, "-Cdebuginfo=line-tables-only -Cstrip=none", true},
		"lines only":           {nil, map[string]string{manifest: "[profile.release]\nstrip = \"debuginfo\""}, "-Cdebuginfo=line-tables-only -Cstrip=none", false},
		"the environment":      {environ{"CARGO_PROFILE_RELEASE_STRIP=none"}, map[string]string{manifest: "[profile.release]\nstrip = true"}, "-Cdebuginfo=line-tables-only -Cstrip=none", false},
		"a flag":               {environ{"RUSTFLAGS=-C strip=symbols"}, map[string]string{manifest: "[profile.release]\nstrip = true"}, "-Cdebuginfo=line-tables-only", false},
		"both flags":           {environ{"RUSTFLAGS=-Cstrip=none --codegen=debuginfo=2"}, nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{config: target}
			maps.Copy(files, c.files)
			crate := bareCrate(t, c.env, files)
			after, _ := crate.flags().lookup("CARGO_ENCODED_RUSTFLAGS")
			_, added, _ := strings.Cut(strings.ReplaceAll(after, cargo.UnitSeparator, " "), cargo.RandomFlag)
			if got := crate.files.DropsNames("release", crate.files.Rustflags(crate.target)); strings.TrimSpace(added) != c.added || got != c.stripNames {
				t.Errorf("added %q, names go %v; want %q, %v", added, got, c.added, c.stripNames)
			}
		})
	}
}

// TestRustGroup: the target folder decides which builds may overlap, and cargo
// itself says where it is.
func TestRustTargetDirIsCargos(t *testing.T) {
	env := environ(rustEnv(t))
	const lib = "\n[lib]\npath = \"lib.rs\"\n"
	for name, c := range map[string]struct {
		env   []string
		files map[string]string
	}{
		"alone":      {files: map[string]string{}},
		"workspace":  {files: map[string]string{"ws/Cargo.toml": "[workspace]\nmembers = [\"c*\"]"}},
		"excluded":   {files: map[string]string{"ws/Cargo.toml": "[workspace]\nexclude = [\"cap\"]"}},
		"config":     {files: map[string]string{"ws/.cargo/config.toml": "[build]\ntarget-dir = \"elsewhere\""}},
		"variable":   {env: []string{"CARGO_TARGET_DIR=out"}},
		"both":       {env: []string{"CARGO_BUILD_TARGET_DIR=out"}, files: map[string]string{"ws/.cargo/config.toml": "[build]\ntarget-dir = \"elsewhere\""}},
		"named root": {files: map[string]string{"ws/cap/Cargo.toml": "[package]\nname = \"cap-a\"\nversion = \"0.1.0\"\nworkspace = \"../root\"" + lib, "ws/root/Cargo.toml": "[workspace]\nmembers = [\"../cap\"]"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.files == nil {
				c.files = map[string]string{}
			}
			c.files["ws/cap/lib.rs"] = ""
			if c.files["ws/cap/Cargo.toml"] == "" {
				c.files["ws/cap/Cargo.toml"] = "[package]\nname = \"cap-a\"\nversion = \"0.1.0\"" + lib
			}
			crate := bareCrate(t, append(slices.Clip(c.env), "PATH="+env.get("PATH")), c.files)
			cmd := exec.Command(lookPath("cargo", "", env), "metadata", "--no-deps", "--offline", "--format-version=1")
			cmd.Dir = crate.dir
			cmd.Env = append(slices.Clone(os.Environ()), "PATH="+env.get("PATH"))
			cmd.Env = append(cmd.Env, c.env...)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err, string(err.(*exec.ExitError).Stderr))
			}
			if !bytes.Contains(out, []byte(`"target_directory":"`+crate.targetDir+`"`)) || !bytes.Contains(out, []byte(`"workspace_root":"`+crate.files.Workspace+`"`)) {
				t.Errorf("target dir %q, workspace %q; cargo says %s", crate.targetDir, crate.files.Workspace, out[len(out)-300:])
			}
		})
	}
}

func TestRustNoWasmTarget(t *testing.T) {
	env := rustEnv(t)
	dir := copyExample(t, "hello-rust")
	if err := os.RemoveAll(filepath.Join(dir, ".cargo")); err != nil {
		t.Fatal(err)
	}
	_, err := For(t.Context(), request(t, dir, env))
	var p *finding.Failure
	if !errors.As(err, &p) || p.Step != finding.StepToolchain || p.Findings[0].Code != "rust-no-wasm-target" ||
		!strings.Contains(p.Findings[0].Hint, "[build]\ntarget = \"wasm32-unknown-unknown\"") {
		t.Fatal(err)
	}
}

// TestRustOutside builds a crate with a path dependency and an include_str!
// from outside the capsule.
func TestRustOutside(t *testing.T) {
	env := rustEnv(t)
	dir := copyExample(t, "hello-rust")
	above := filepath.Dir(dir)
	testkit.Write(t, filepath.Join(above, "shared lib", "Cargo.toml"), "[package]\nname = \"shared\"\nversion = \"0.1.0\"\n")
	testkit.Write(t, filepath.Join(above, "shared lib", "src", "lib.rs"), "pub fn f() -> u8 { include_bytes!(\"../dist/a\")[0] }")
	testkit.Write(t, filepath.Join(above, "shared lib", "dist", "a"), "a")
	testkit.Write(t, filepath.Join(above, "greeting text.txt"), "hello")
	testkit.Write(t, filepath.Join(dir, "dist", "own"), "own")
	testkit.Write(t, filepath.Join(above, "Cargo.toml"), "[workspace]\nmembers = [\"hello-rust\"]\n[profile.release]\npanic = \"abort\"\n")
	replace(t, filepath.Join(dir, "Cargo.toml"), "[workspace]\n", "[dependencies]\nshared = { path = \"../shared lib\" }\n")
	replace(t, filepath.Join(dir, "src", "lib.rs"), "mod abi;", "mod abi;\npub const G: &str = include_str!(\"../../greeting text.txt\");\npub const O: &[u8] = include_bytes!(\"../dist/own\");\npub fn g() -> u8 { shared::f() }")

	plan, err := For(t.Context(), request(t, dir, env))
	if err != nil {
		t.Fatal(err)
	}
	before, err := plan.Outside(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := build(t, dir, env)
	o.sound(t)
	after, err := o.plan.Outside(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := func(list []string) (names []string) {
		for _, path := range list {
			if fsys.Inside(above, path) {
				names = append(names, strings.TrimPrefix(path, above+"/"))
			}
		}
		return names
	}
	early := []string{".cargo/config.toml", "Cargo.lock", "Cargo.toml", "hello-rust/.cargo/config.toml", "hello-rust/rust-toolchain.toml", "shared lib"}
	if diff := cmp.Diff(early, names(before)); diff != "" {
		t.Error("before the build:", diff)
	}
	late := []string{".cargo/config.toml", "Cargo.lock", "Cargo.toml", "greeting text.txt", "hello-rust/.cargo/config.toml", "hello-rust/dist/own",
		"hello-rust/rust-toolchain.toml", "hello-rust/src/abi.rs", "hello-rust/src/lib.rs", "hello-rust/world.bin", "shared lib", "shared lib/dist/a"}
	if diff := cmp.Diff(late, names(after)); diff != "" {
		t.Error("after the build:", diff)
	}
	if want := "cargo " + filepath.Join(above, "target"); plan.Group != want {
		t.Errorf("group %q, want %q", plan.Group, want)
	}

	again := build(t, dir, env) // nothing changed: cargo reports the module fresh
	again.sound(t)
	if !bytes.Contains(again.stdout, []byte(`"fresh":true`)) {
		t.Error("the second build was not fresh")
	}
}

func TestRustOutsideAfterFailure(t *testing.T) {
	env := rustEnv(t)
	dir := copyExample(t, "hello-rust")
	outside := filepath.Join(filepath.Dir(dir), "text.txt")
	testkit.Write(t, outside, "hello")
	replace(t, filepath.Join(dir, "src", "lib.rs"), "mod abi;", "mod abi;\npub const G: &[u8; 3] = include_bytes!(\"../../text.txt\");")
	o := build(t, dir, env)
	if o.err == nil {
		t.Fatal("the build succeeded")
	}
	list, err := o.plan.Outside(t.Context())
	if err != nil || !slices.Contains(list, outside) {
		t.Errorf("%v %v lacks %s\n%s", list, err, outside, o.stdout)
	}
}

func TestRustStale(t *testing.T) {
	dir := copyExample(t, "hello-rust")
	j, err := newJob(request(t, dir, os.Environ()))
	if err != nil {
		t.Fatal(err)
	}
	c, w := readCrate(j), &work{job: j, out: t.TempDir()}
	w.stood = w.standing()
	file := filepath.Join(dir, "hello_rust.wasm.old", "hello_rust.wasm")
	testkit.Write(t, file, "\x00asm")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	message := func(fresh string) []byte {
		return []byte(`{"reason":"compiler-artifact","manifest_path":"` + dir + `/Cargo.toml","target":{"name":"hello-rust","crate_types":["cdylib"]},"filenames":["` + file + `"],"fresh":` + fresh + "}\n")
	}
	later := info.ModTime().Add(clockSlack * 2)
	if _, err := c.artifacts(w, later, message("false")); err == nil || !strings.Contains(err.Error(), "rust-stale-artifact") {
		t.Error("an old module that cargo did not call fresh was taken:", err)
	}
	if list, err := c.artifacts(w, later, message("true")); err != nil || len(list) != 1 || list[0].Path != file {
		t.Error(list, err)
	}
	if list, err := c.artifacts(w, info.ModTime(), message("false")); err != nil || len(list) != 1 {
		t.Error(list, err)
	}
	if _, err := c.artifacts(w, later, nil); err == nil || !strings.Contains(err.Error(), "rust-no-module") {
		t.Error(err)
	}
}

func TestRustLive(t *testing.T) {
	var out bytes.Buffer
	w := renderCargo(&out)
	for _, part := range []string{`{"reason":"compiler-mess`, "age\",\"message\":{\"rendered\":\"error: x\\n\"}}\n{\"reason\":\"build-finished\"}\nplain", " words\n", "{ not json }\n"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got, want := out.String(), "error: x\nplain words\n{ not json }\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestRustComplaints(t *testing.T) {
	c := &crate{job: &job{dir: "/c"}}
	stderr := "error: invalid type: string \"q\", expected a boolean\n --> Cargo.toml:12:13\n   |\n12 | lto = \"q\"\n   |       ^^^\n\n" +
		"warning: unused manifest key: foo\n" +
		"error: failed to parse manifest at `/c/Cargo.toml`\n\nCaused by:\n  could not parse input as TOML\n\nCaused by:\n  expected an equals, found eof at line 3 column 5\n" +
		"error: could not compile `x` due to 2 previous errors\nwarning: `x` (lib) generated 1 warning\n"
	want := []finding.Finding{
		{File: "Cargo.toml", Line: 12, Column: 13, Message: `invalid type: string "q", expected a boolean`},
		{Severity: finding.Warning, Message: "unused manifest key: foo"},
		{File: "Cargo.toml", Line: 3, Column: 5, Message: "failed to parse manifest at `/c/Cargo.toml`: could not parse input as TOML: expected an equals, found eof at line 3 column 5"},
	}
	if diff := cmp.Diff(want, c.complaints([]byte(stderr))); diff != "" {
		t.Error(diff)
	}
}
