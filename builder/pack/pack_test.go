package pack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
)

const manifest = `[package]
name = "greeter"
version = "1.0.0"

[[component]]
id = "greeter"
file = "out/greeter.wasm" # where the build leaves it
`

// files writes a capsule, given as path and content.
func files(t *testing.T, dir string, list ...string) {
	t.Helper()
	for i := 0; i < len(list); i += 2 {
		path := filepath.Join(dir, list[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(list[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func greeter(t *testing.T, more ...string) string {
	t.Helper()
	dir := t.TempDir()
	files(t, dir, append([]string{"Capsule.toml", manifest, "out/greeter.wasm", "\x00asm"}, more...)...)
	return dir
}

func packed(t *testing.T, dir, contracts string) []byte {
	t.Helper()
	m, err := capsule.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Of(Source{Manifest: m, Contracts: contracts})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := a.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// listed is an archive as text: mode, name and content, a line an entry.
func listed(t *testing.T, archive []byte) string {
	t.Helper()
	compressed, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	if !compressed.ModTime.IsZero() || compressed.Name != "" {
		t.Errorf("the archive has a time or a name: %+v", compressed.Header)
	}
	var b strings.Builder
	for r := tar.NewReader(compressed); ; {
		h, err := r.Next()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(packedAt) || h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" {
			t.Errorf("%s tells of this machine: %+v", h.Name, h)
		}
		fmt.Fprintf(&b, "%o %s %q\n", h.Mode, h.Name, content)
	}
}

func TestArchive(t *testing.T) {
	dir := greeter(t, "assets/a/b", "1", "assets/a.txt", "2", "skills/x/run", "#!/bin/sh\n", "wit/world.wit", "w", "wit/deps/d/d.wit", "d",
		"src/main.go", "no part of it", "readme.md", "neither")
	contracts := filepath.Join(t.TempDir(), "contracts.wit")
	files(t, filepath.Dir(contracts), "contracts.wit", "c")
	want := fmt.Sprintf("644 Capsule.toml %q\n", strings.Replace(manifest, "out/", "", 1)) + `644 greeter.wasm "\x00asm"
644 assets/a/b "1"
644 assets/a.txt "2"
755 skills/x/run "#!/bin/sh\n"
755 wit ""
755 wit/deps ""
755 wit/deps/astrid-contracts ""
644 wit/deps/astrid-contracts/astrid-contracts.wit "c"
755 wit/deps/d ""
644 wit/deps/d/d.wit "d"
644 wit/world.wit "w"
`
	if diff := cmp.Diff(want, listed(t, packed(t, dir, contracts))); diff != "" {
		t.Error(diff)
	}
}

// The SDK's WIT needs a package beside it; without both there is no folder wit.
func TestWITOfTheSDKAlone(t *testing.T) {
	dir := greeter(t)
	contracts := filepath.Join(dir, "contracts.wit")
	files(t, dir, "contracts.wit", "c")
	if got := listed(t, packed(t, dir, contracts)); !strings.Contains(got, stubName) || !strings.Contains(got, contractsName) {
		t.Error(got)
	}
	if got := listed(t, packed(t, dir, "")); strings.Contains(got, "wit") {
		t.Error(got)
	}
}

// Times, modes that mean nothing, the folder, and the published module's own mode change no byte.
func TestEqualContentGivesEqualBytes(t *testing.T) {
	list := []string{"assets/one", "1", "assets/two/three", "3", "wit/w.wit", "w"}
	first, second := greeter(t, list...), greeter(t, list...)
	for _, name := range []string{"assets/one", "assets/two/three", "out/greeter.wasm", "Capsule.toml"} {
		path := filepath.Join(second, name)
		if err := os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(second, "out/greeter.wasm"), 0o755); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(packed(t, first, ""), packed(t, second, "")) {
		t.Error("the archives differ")
	}
}

// A capsule without a module (an MCP server) is packed too.
func TestWithoutAModule(t *testing.T) {
	dir := t.TempDir()
	files(t, dir, "Capsule.toml", "[package]\nname = \"m\"\nversion = \"1.0.0\"\n\n[[mcp_server]]\nid = \"s\"\ncommand = \"./s\"\n")
	if got := listed(t, packed(t, dir, "")); !strings.HasPrefix(got, "644 Capsule.toml") || strings.Count(got, "\n") != 1 {
		t.Error(got)
	}
}

func TestRefused(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"the module is not there": func(dir string) error { return os.Remove(filepath.Join(dir, "out/greeter.wasm")) },
		"it is a link":            func(dir string) error { return os.Symlink("/etc/hostname", filepath.Join(dir, "assets/link")) },
		"and a package takes a folder of that name whole": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "skills"), nil, 0o644)
		},
		"the name is not one": func(dir string) error { return os.WriteFile(filepath.Join(dir, "assets/\xff"), nil, 0o644) },
		"it has 2 components": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "Capsule.toml"), []byte(manifest+"\n[[component]]\nid = \"b\"\nfile = \"b.wasm\"\n"), 0o644)
		},
	} {
		dir := greeter(t, "assets/one", "1")
		if err := spoil(dir); err != nil {
			t.Fatal(err)
		}
		m, err := capsule.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		var no *Refused
		if _, err := Of(Source{Manifest: m}); !errors.As(err, &no) || !strings.Contains(err.Error(), name) || no.Finding.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file that shrinks between the look and the write is no archive with zeros in it.
func TestFileThatShrinks(t *testing.T) {
	dir := greeter(t, "assets/one", "12345")
	m, err := capsule.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Of(Source{Manifest: m})
	if err != nil {
		t.Fatal(err)
	}
	files(t, dir, "assets/one", "1")
	if err := a.Write(io.Discard); err == nil || !strings.Contains(err.Error(), "assets/one") {
		t.Error(err)
	}
	files(t, dir, "assets/one", "1234567")
	if err := a.Write(io.Discard); err == nil {
		t.Error("a file that grew was cut off")
	}
}
