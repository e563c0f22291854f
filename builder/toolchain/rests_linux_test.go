package toolchain

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// forget is what the start of another process is for what tools said.
func forget() {
	versions.Lock()
	defer versions.Unlock()
	clear(versions.answers)
}

// counting is a tool that notes each time that it is asked, and answers version.
func counting(t *testing.T, path, version string) {
	t.Helper()
	testkit.Write(t, path, "#!/bin/sh\necho asked >>"+filepath.Dir(path)+"/asked\necho "+version+"\n")
	testkit.Check(t, os.Chmod(path, 0o755))
	time.Sleep(20 * time.Millisecond) // what was written just before the question is not trusted
}

func TestAToolIsAskedOnceForAllProcesses(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := t.TempDir()
	tool := filepath.Join(dir, "tool")
	counting(t, tool, "1.0")
	q := question{dir: dir, env: os.Environ(), argv: []string{tool}, steers: []string{"a"}, rests: func(string) []string { return []string{tool} }}
	ask := func(what string, q question, want string, asked int) {
		t.Helper()
		forget()
		got, ok := q.asked(t.Context())
		times := strings.Count(testkit.Read(t, filepath.Join(dir, "asked")), "asked")
		if got != want || !ok || times != asked {
			t.Errorf("%s: it says %q (%t), want %q, and was asked %d times, want %d", what, got, ok, want, times, asked)
		}
	}
	ask("at first", q, "1.0", 1)
	ask("in the next process", q, "1.0", 1)
	steered := q
	steered.steers = []string{"b"}
	ask("steered to something else", steered, "1.0", 2)
	counting(t, tool, "2.0")
	ask("another version of the same size", q, "2.0", 3)
	unsure := q
	unsure.steers, unsure.rests = []string{"c"}, func(string) []string { return nil }
	ask("where nobody knows what decides it", unsure, "2.0", 4)
	ask("and in the next process", unsure, "2.0", 5)
}

// native writes a file that looks like code for this machine.
func native(t *testing.T, path string) string {
	t.Helper()
	testkit.Check(t, os.MkdirAll(filepath.Dir(path), 0o755))
	testkit.Write(t, path, "\x7fELF "+path)
	testkit.Check(t, os.Chmod(path, 0o755))
	return path
}

func TestWhatRustsAnswersRestOn(t *testing.T) {
	dir := t.TempDir()
	home := filepath.Join(dir, "rustup")
	sysroot := filepath.Join(home, "toolchains", "stable")
	itself := native(t, filepath.Join(sysroot, "bin", "rustc"))
	rustup := native(t, filepath.Join(dir, "bin", "rustup"))
	hard, soft := filepath.Join(dir, "bin", "rustc"), filepath.Join(dir, "links", "rustc")
	testkit.Check(t, os.Link(rustup, hard))
	testkit.Check(t, os.MkdirAll(filepath.Dir(soft), 0o755))
	testkit.Check(t, os.Symlink(rustup, soft))
	alias := filepath.Join(dir, "links", "compiler")
	testkit.Check(t, os.Symlink(itself, alias))
	manager := native(t, filepath.Join(dir, "shims", "rustc"))
	script := filepath.Join(dir, "scripts", "rustc")
	testkit.Check(t, os.MkdirAll(filepath.Dir(script), 0o755))
	testkit.Write(t, script, "#!/bin/sh\nexec something\n")
	c := &crate{job: &job{dir: dir, env: environ{"RUSTUP_HOME=" + home}}}
	lib, toolchains := filepath.Join(sysroot, "lib"), filepath.Join(home, "toolchains")
	compiler := native(t, filepath.Join(lib, "librustc_driver-1.so"))
	for program, want := range map[string][]string{
		hard:    {hard, lib, compiler, itself, toolchains, sysroot},
		soft:    {soft, lib, compiler, itself, toolchains, sysroot},
		itself:  {itself, lib, compiler},
		alias:   {alias, lib, compiler},
		manager: nil,
		script:  nil,
	} {
		if got := c.restsOnRust(program, "rustc")(sysroot); !slices.Equal(got, want) {
			t.Errorf("%s rests on %q, want %q", program, got, want)
		}
	}
	byPath := &crate{job: &job{dir: dir, env: append(environ{"RUSTUP_TOOLCHAIN=" + sysroot}, c.env...)}}
	if got := byPath.restsOnRust(hard, "rustc")(sysroot); got != nil {
		t.Errorf("a toolchain that is named by its path rests on %q", got)
	}
	testkit.Write(t, itself, "#!/bin/sh\nexec something\n")
	if got := c.restsOnRust(hard, "rustc")(sysroot); got != nil {
		t.Errorf("a toolchain of scripts rests on %q", got)
	}
	if got := c.restsOnRust(hard, "rustc")("rustc 1.0"); got != nil {
		t.Errorf("without a sysroot it rests on %q", got)
	}
}

// Whatever rustup chooses a toolchain by is in the question.
func TestWhatSteersRustup(t *testing.T) {
	home := t.TempDir()
	settings := func(text string) { testkit.Write(t, filepath.Join(home, "settings.toml"), text) }
	steers := func(dir string, env ...string) string {
		c := &crate{job: &job{dir: dir, env: append(environ{"RUSTUP_HOME=" + home}, env...)}}
		return strings.Join(c.rustupSteers(), "\x00")
	}
	one, other := t.TempDir(), t.TempDir()
	settings("default_toolchain = \"stable\"\n\n[overrides]\n")
	before := steers(one)
	if before != steers(other) {
		t.Error("two folders that nothing tells apart are asked about twice")
	}
	if before == steers(one, "RUSTUP_TOOLCHAIN=nightly") {
		t.Error("RUSTUP_TOOLCHAIN makes no difference")
	}
	settings("default_toolchain = \"stable\"\n\n[overrides]\n\"" + one + "\" = \"nightly\"\n")
	if steers(one) == steers(other) {
		t.Error("an override of a folder makes no difference")
	}
	settings("default_toolchain = \"nightly\"\n\n[overrides]\n")
	if before == steers(one) {
		t.Error("another default makes no difference")
	}
	for _, dir := range []string{one, other} {
		testkit.Write(t, filepath.Join(dir, "rust-toolchain.toml"), "[toolchain]\npath = \"rust\"\n")
	}
	if steers(one) == steers(other) {
		t.Error("a path from a toolchain file makes no difference")
	}
}

func TestWhatTheGoCommandRestsOn(t *testing.T) {
	testkit.Needs(t, "go")
	program, err := exec.LookPath("go")
	testkit.Check(t, err)
	said, err := exec.Command(program, "version").Output()
	testkit.Check(t, err)
	if got := restsOnGo(program)(string(said)); !slices.Equal(got, []string{program}) {
		t.Errorf("the go command rests on %q", got)
	}
	if got := restsOnGo(program)("go version go1.1 linux/amd64"); got != nil {
		t.Errorf("the answer of another toolchain rests on %q", got)
	}
	if got := restsOnGo(os.Args[0])(string(said)); got != nil { // a program of the same version that is no go command
		t.Errorf("the answer of another program rests on %q", got)
	}
}

func TestWhatAProgramOfTheSystemRestsOn(t *testing.T) {
	testkit.Needs(t, "env")
	program := "/usr/bin/env"
	link, other := filepath.Join(t.TempDir(), "env"), filepath.Join(t.TempDir(), "node")
	testkit.Check(t, os.Symlink(program, link))
	testkit.Check(t, os.Symlink(program, other))
	for path, want := range map[string][]string{program: {program}, link: {link}, other: nil, native(t, filepath.Join(t.TempDir(), "env")): nil} {
		if got := restsOnSystem(path)("1.0"); !slices.Equal(got, want) {
			t.Errorf("%s rests on %q, want %q", path, got, want)
		}
	}
}
