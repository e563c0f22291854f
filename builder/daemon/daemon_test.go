package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/pack"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// crashing is a program argument: the test binary starts a daemon then, says where, and waits.
const crashing = "-crashing"

func TestMain(m *testing.M) {
	testkit.Handle(proc.Main, smoke.Main, Main)
	if len(os.Args) > 2 && os.Args[1] == crashing {
		d := New(Options{Program: os.Args[2], Env: os.Environ()})
		d.Begin()
		if _, err := d.now.await(context.Background()); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(d.now.scratch.Dir)
		select {}
	}
	os.Exit(m.Run())
}

// real is the astrid-daemon of this machine; without one the test is skipped, which CI forbids.
func real(t *testing.T) string {
	t.Helper()
	path, err := Find("")
	if err != nil {
		testkit.Skip(t, "%v; .ci/astrid installs it, and .ci/env puts it in PATH", err)
	}
	return path
}

// begun is a daemon of a TMPDIR of its own, at whose end nothing is left of it.
func begun(t *testing.T) *Daemon {
	t.Helper()
	program := real(t)
	base, err := os.MkdirTemp("", "d") // short: a socket lies below it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	t.Setenv("TMPDIR", base)
	d := New(Options{Program: program, Env: os.Environ()})
	t.Cleanup(func() {
		d.Close()
		if left, _ := os.ReadDir(base); len(left) > 0 {
			t.Errorf("left in TMPDIR: %v", left)
		}
		if left := processesWith(base); len(left) > 0 {
			t.Errorf("left running: %q", left)
		}
	})
	d.Begin()
	return d
}

// processesWith lists the command lines that name text; nothing where there is no /proc.
func processesWith(text string) (list []string) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		if bytes.Contains(line, []byte(text)) {
			list = append(list, string(line))
		}
	}
	return list
}

// kernel is where the modules lie about which the runtime was asked.
const kernel = "../smoke/testdata/kernel/"

// packageOf is a capsule with the module, and with more lines in its manifest.
func packageOf(t *testing.T, name, module string, more ...string) Package {
	t.Helper()
	dir := t.TempDir()
	text := fmt.Sprintf("[package]\nname = %q\nversion = \"1.0.0\"\n%s\n\n[[component]]\nid = %q\nfile = \"m.wasm\"\n", name, strings.Join(more, "\n"), name)
	if err := os.WriteFile(filepath.Join(dir, "Capsule.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := capsule.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return Package{Source: pack.Source{Manifest: m, Module: module}}
}

func install(t *testing.T, d *Daemon, p Package) *Answer {
	t.Helper()
	a, err := d.Install(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// coreModule is the smallest module, which is no component.
func coreModule(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "core.wasm")
	if err := os.WriteFile(path, []byte("\x00asm\x01\x00\x00\x00"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInstall(t *testing.T) {
	d := begun(t)
	a := install(t, d, packageOf(t, "good", kernel+"good.wasm"))
	if !a.Loaded || a.Version != "1.0.0" || len(a.WasmHash) != 64 {
		t.Errorf("%+v", a)
	}
	// a core module is refused, with the remedy, and one that is mended loads after it
	a = install(t, d, packageOf(t, "good", coreModule(t)))
	if a.Loaded || len(a.Findings) != 1 || a.Findings[0].Code != finding.IsolatedRefused || !strings.Contains(a.Findings[0].Hint, "component") {
		t.Errorf("%+v", a)
	}
	if a = install(t, d, packageOf(t, "good", kernel+"good.wasm")); !a.Loaded {
		t.Errorf("%+v", a)
	}
}

// The eleventh install within a minute is refused by the runtime, which a fresh process mends.
func TestMoreInstallsThanTheRuntimeTakes(t *testing.T) {
	testkit.Long(t)
	d := begun(t)
	good := packageOf(t, "good", kernel+"good.wasm")
	for range MaxInstalls {
		install(t, d, good)
		d.now.installs = 0 // as if nobody had counted
	}
	first := d.now
	if a := install(t, d, good); !a.Loaded || d.now == first {
		t.Errorf("%+v, the same process: %v", a, d.now == first)
	}
	d.now.installs = MaxInstalls
	first = d.now
	if a := install(t, d, good); !a.Loaded || d.now == first {
		t.Errorf("%+v, the same process: %v", a, d.now == first)
	}
}

// Twenty-two capsules are three processes and twenty-two installs: nothing waits for a minute to pass,
// nothing is refused for the limit, and what was installed before is not installed again.
func TestMoreCapsulesThanTheRuntimeTakes(t *testing.T) {
	testkit.Long(t)
	d := begun(t)
	var installs []int
	var last *running
	for i := range 22 {
		if a := install(t, d, packageOf(t, fmt.Sprintf("good-%d", i), kernel+"good.wasm")); !a.Loaded {
			t.Fatalf("%+v", a)
		}
		if d.now != last {
			last, installs = d.now, append(installs, 0)
		}
		if installs[len(installs)-1]++; d.now.installs != installs[len(installs)-1] {
			t.Fatalf("the runtime was asked for %d installs, of which %d are of this call", d.now.installs, installs[len(installs)-1])
		}
	}
	if !slices.Equal(installs, []int{MaxInstalls, MaxInstalls, 2}) {
		t.Errorf("installs in each process: %v", installs)
	}
}

func TestValues(t *testing.T) {
	d := begun(t)
	p := packageOf(t, "asks", kernel+"good.wasm", "", "[env.API_KEY]", `type = "secret"`, "", "[env.REGION]", `type = "select"`, `enum_values = ["eu", "us"]`, `default = "eu"`, "",
		"[env.DEPTH]", `type = "number"`, "default = 3")
	a := install(t, d, p)
	if a.Loaded || len(a.Findings) != 1 || a.Findings[0].Code != finding.IsolatedValue || !strings.Contains(a.Findings[0].Hint, "--var API_KEY=") || a.Findings[0].Line == 0 {
		t.Errorf("%+v", a)
	}
	p.Values = map[string]string{"API_KEY": "k", "REGION": "mars"}
	if a = install(t, d, p); a.Loaded || !strings.Contains(a.Findings[0].Hint, "eu, us") {
		t.Errorf("%+v", a)
	}
	// settings are there for what nobody gives
	p.Source.Manifest.Dev.Var = map[string]string{"REGION": "us", "API_KEY": "not this"}
	delete(p.Values, "REGION")
	if a = install(t, d, p); !a.Loaded {
		t.Errorf("%+v", a)
	}
}

// What a runtime has already is left as it is, and its defaults are its own to know.
func TestValuesOfARuntimeThatHasSome(t *testing.T) {
	p := packageOf(t, "asks", "", "", "[env.API_KEY]", `type = "secret"`, "", "[env.TOKEN]", `type = "secret"`, "", "[env.DEPTH]", `type = "number"`, "default = 3")
	kept := map[string]bool{"API_KEY": true}
	list, missing := ValuesOf(p.Source.Manifest, nil, kept)
	if len(list) != 0 || len(missing) != 1 || !strings.Contains(missing[0].Message, "TOKEN") {
		t.Error(list, missing)
	}
	list, missing = ValuesOf(p.Source.Manifest, map[string]string{"API_KEY": "new", "TOKEN": "t"}, kept)
	if len(list) != 2 || len(missing) != 0 {
		t.Error(list, missing)
	}
}

func TestWhatCannotBePacked(t *testing.T) {
	d := begun(t)
	a := install(t, d, packageOf(t, "gone", filepath.Join(t.TempDir(), "no.wasm")))
	if a.Loaded || a.Findings[0].Code != finding.PackRefused {
		t.Errorf("%+v", a)
	}
}

// speaker is a capsule with a tool and a command.
func speaker(t *testing.T) Package {
	t.Helper()
	m, err := capsule.Load("testdata/speaker")
	if err != nil {
		t.Fatal(err)
	}
	return Package{Source: pack.Source{Manifest: m}}
}

// A command of an installed capsule is called, and its tools are known.
func TestCommand(t *testing.T) {
	d := begun(t)
	a := install(t, d, speaker(t))
	if len(a.Tools) != 1 || a.Tools[0].Name != "greet" || a.Tools[0].Description != "Greets somebody by name." {
		t.Fatalf("%+v", a)
	}
	link, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	said, err := link.Run(t.Context(), "speaker", "say", "hello", "there")
	if err != nil || said.Code != 0 || said.Output != "HELLO THERE" {
		t.Errorf("%+v, %v", said, err)
	}
	if digest, err := link.Installed(t.Context(), "speaker"); err != nil || len(digest) != 64 {
		t.Error(digest, err)
	}
	if err := link.Remove(t.Context(), "speaker"); err != nil {
		t.Error(err)
	}
	if digest, err := link.Installed(t.Context(), "speaker"); err != nil || digest != "" {
		t.Error(digest, err)
	}
	// nobody answers any more, and a context ends the wait
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := link.Run(ctx, "speaker", "say"); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// A fresh process takes the place of the old one, and what was installed there is gone.
func TestRenew(t *testing.T) {
	d := begun(t)
	install(t, d, packageOf(t, "good", kernel+"good.wasm"))
	old, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.Renew()
	<-old.Gone()
	fresh, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if digest, err := fresh.Installed(t.Context(), "good"); err != nil || digest != "" {
		t.Error(digest, err)
	}
	if _, err := old.Installed(t.Context(), "good"); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
}

// A process that dies between two installs is replaced, one that dies in an install is an error.
func TestProcessThatDies(t *testing.T) {
	d := begun(t)
	good := packageOf(t, "good", kernel+"good.wasm")
	install(t, d, good)
	d.now.cancel()
	<-d.now.done
	if a := install(t, d, good); !a.Loaded {
		t.Errorf("%+v", a)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Install(ctx, good); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	d.Close()
	if _, err := d.Install(t.Context(), good); !errors.Is(err, errClosed) {
		t.Error(err)
	}
}

// A program that is no daemon is told with what it said.
func TestNoDaemon(t *testing.T) {
	script := filepath.Join(t.TempDir(), program)
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho out of order >&2\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	d := New(Options{Program: script, Env: os.Environ()})
	defer d.Close()
	if _, err := d.Install(t.Context(), packageOf(t, "good", kernel+"good.wasm")); err == nil || !strings.Contains(err.Error(), "out of order") {
		t.Error(err)
	}
}

// Kill -9 of the program ends the daemon and removes its folder.
func TestNothingStaysAfterKill9(t *testing.T) {
	daemon := real(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, crashing, daemon)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var folder string
	if _, err := fmt.Fscanln(out, &folder); err != nil {
		t.Fatal(err)
	}
	if len(processesWith(folder)) == 0 {
		t.Fatal("nothing runs in", folder)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		_, err := os.Stat(folder)
		left := processesWith(folder)
		if os.IsNotExist(err) && len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left: %v, %q", err, left)
		}
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"astrid", program} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	want := filepath.Join(dir, program)
	for _, given := range []string{dir, filepath.Join(dir, "astrid"), want} {
		if got, err := Find(given); got != want || err != nil {
			t.Errorf("%s: %s, %v", given, got, err)
		}
	}
	for _, given := range []string{t.TempDir(), filepath.Join(dir, "nothing")} {
		if _, err := Find(given); err == nil || !strings.Contains(err.Error(), "--astrid") {
			t.Errorf("%s: %v", given, err)
		}
	}
	t.Setenv("PATH", dir)
	if got, err := Find(""); got != want || err != nil {
		t.Error(got, err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Find(""); err == nil || !strings.Contains(err.Error(), "no astrid-daemon in PATH") {
		t.Error(err)
	}
}
