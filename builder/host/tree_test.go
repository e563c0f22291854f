package host

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// everything is a capsule that declares all there is.
var everything = Capabilities{FSRead: []string{"cwd://", "home://"}, FSWrite: []string{"cwd://", "home://"}}

// faultOf is the case with which a function answered.
func faultOf(err error) string {
	var f *abi.Fault
	if errors.As(err, &f) {
		return f.Name
	}
	return fmt.Sprint(err)
}

// What a guest writes stays in memory; the folder below is read, and only read.
func TestOverlay(t *testing.T) {
	dir := t.TempDir()
	testkit.WriteAll(t, dir, map[string]string{"a.txt": "below", "sub/b.txt": "b", "sub/deep/c.txt": "c"})
	w := world(t, Options{Capabilities: everything, Cwd: dir, Files: map[string][]byte{"given/f": []byte("fixture"), "home://h": []byte("home")}})
	f := files{w}
	read := func(path, want string) {
		t.Helper()
		if b, err := f.readFile(path); err != nil || string(b) != want {
			t.Errorf("%s has %q, %v; want %q", path, b, err, want)
		}
	}
	read("a.txt", "below")
	read("cwd://sub/deep/c.txt", "c")
	read("given/f", "fixture")
	read("home://h", "home")
	testkit.Check(t, f.writeFile("a.txt", []byte("above")))
	testkit.Check(t, f.writeFile("sub/new", []byte("n")))
	testkit.Check(t, f.unlink("sub/b.txt"))
	read("a.txt", "above")
	if names, err := f.readdir("sub"); err != nil || strings.Join(names, " ") != "deep new" {
		t.Errorf("sub has %v, %v", names, err)
	}
	if _, err := f.readFile("sub/b.txt"); faultOf(err) != "not-found" {
		t.Errorf("what was removed is %v", err)
	}
	if got := testkit.Read(t, filepath.Join(dir, "a.txt")); got != "below" {
		t.Errorf("the machine's file has %q", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "sub", "b.txt")); err != nil {
		t.Errorf("the machine's file is gone: %v", err)
	}
	want := "cwd://a.txt cwd://sub/b.txt- cwd://sub/new"
	var got []string
	for _, file := range w.Record().Files {
		name := file.Path
		if file.Gone {
			name += "-"
		}
		got = append(got, name)
	}
	if strings.Join(got, " ") != want {
		t.Errorf("changed are %v, want %s", got, want)
	}
}

// A folder that was removed and made again has nothing of what lies below.
func TestFolderMadeAnew(t *testing.T) {
	dir := t.TempDir()
	testkit.WriteAll(t, dir, map[string]string{"sub/b.txt": "b"})
	w := world(t, Options{Capabilities: everything, Cwd: dir})
	f := files{w}
	testkit.Check(t, f.unlink("sub/b.txt"))
	testkit.Check(t, f.unlink("sub"))
	if there, err := f.exists("sub/b.txt"); there || err != nil {
		t.Errorf("it is there: %v, %v", there, err)
	}
	testkit.Check(t, f.mkdir("sub"))
	if names, err := f.readdir("sub"); err != nil || len(names) != 0 {
		t.Errorf("sub has %v, %v", names, err)
	}
	if there, err := f.exists("sub/b.txt"); there || err != nil {
		t.Errorf("it is there again: %v, %v", there, err)
	}
}

// Links that lead out of the folder, pipes and devices are not read.
func TestNothingOutsideIsRead(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	testkit.WriteAll(t, outside, map[string]string{"secret": "s3cret"})
	testkit.WriteAll(t, dir, map[string]string{"inside": "fine"})
	testkit.Link(t, filepath.Join(outside, "secret"), filepath.Join(dir, "absolute"))
	testkit.Link(t, "../"+filepath.Base(outside)+"/secret", filepath.Join(dir, "relative"))
	testkit.Link(t, outside, filepath.Join(dir, "folder"))
	testkit.Link(t, "inside", filepath.Join(dir, "good"))
	testkit.Link(t, "circle", filepath.Join(dir, "circle"))
	w := world(t, Options{Capabilities: everything, Cwd: dir})
	f := files{w}
	for _, path := range []string{"absolute", "relative", "folder/secret", "folder", "circle", "cwd://absolute"} {
		if b, err := f.readFile(path); err == nil {
			t.Errorf("%s was read: %q", path, b)
		}
		if names, err := f.readdir(path); err == nil {
			t.Errorf("%s was listed: %q", path, names)
		}
	}
	if b, err := f.readFile("good"); err != nil || string(b) != "fine" {
		t.Errorf("a link inside has %q, %v", b, err)
	}
	// A link in the way of a write is covered, and not followed.
	testkit.Check(t, f.writeFile("absolute", []byte("mine")))
	if got := testkit.Read(t, filepath.Join(outside, "secret")); got != "s3cret" {
		t.Errorf("outside has %q", got)
	}
}

// The folder may change while a guest reads it: what is read is of the folder, or refused.
func TestRacesDoNotLeadOut(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	testkit.WriteAll(t, outside, map[string]string{"f": "s3cret"})
	testkit.WriteAll(t, dir, map[string]string{"real/f": "fine"})
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			default:
			}
			_ = os.Symlink(outside, filepath.Join(dir, "tmp"))
			_ = os.Rename(filepath.Join(dir, "tmp"), filepath.Join(dir, "way"))
			_ = os.Remove(filepath.Join(dir, "way"))
			_ = os.Symlink("real", filepath.Join(dir, "way"))
			_ = os.Remove(filepath.Join(dir, "way"))
		}
	}()
	w := world(t, Options{Capabilities: everything, Cwd: dir})
	f := files{w}
	for range 5_000 {
		if b, err := f.readFile("way/f"); err == nil && string(b) != "fine" {
			t.Fatalf("read %q", b)
		}
	}
	close(done)
	<-stopped
}

// A guest cannot fill the memory of who runs it.
func TestWritingEnds(t *testing.T) {
	w := world(t, Options{Capabilities: everything})
	f := files{w}
	big := make([]byte, maxContent)
	written := 0
	for i := range 20 {
		if err := f.writeFile(fmt.Sprintf("f%d", i), big); err == nil {
			written += len(big)
		} else if faultOf(err) != "unknown" {
			t.Fatal(err)
		}
	}
	if written > maxWritten {
		t.Errorf("%d bytes were kept", written)
	}
	for i := range 2 * maxNodes {
		_ = f.mkdirAll(fmt.Sprintf("d/%d", i))
	}
	if n := len(w.cwd.nodes); n > maxNodes {
		t.Errorf("%d nodes were kept", n)
	}
	k := kv{w}
	for i := range 20 {
		_ = k.set(fmt.Sprint(i), big)
	}
	stored := 0
	for _, v := range w.values {
		stored += len(v)
	}
	if stored > maxStored {
		t.Errorf("%d bytes are stored", stored)
	}
}

// Whatever a guest does with whatever paths, the machine keeps what it has, and nothing of
// outside is seen.
func FuzzOverlay(f *testing.F) {
	f.Add(uint64(1), "cwd://../../etc/passwd")
	f.Add(uint64(2), "link/secret")
	f.Add(uint64(3), "/tmp/../x")
	f.Add(uint64(4), "home://../a\x00")
	f.Fuzz(func(t *testing.T, seed uint64, path string) {
		above := t.TempDir()
		dir := filepath.Join(above, "cwd")
		testkit.WriteAll(t, above, map[string]string{"secret": "s3cret", "cwd/a": "a", "cwd/sub/b": "b"})
		testkit.Link(t, "..", filepath.Join(dir, "link"))
		testkit.Link(t, "sub", filepath.Join(dir, "fine"))
		w := world(t, Options{Capabilities: everything, Cwd: dir})
		play(t, files{w}, rand.New(rand.NewPCG(seed, 1)), path)
		for name, want := range map[string]string{"secret": "s3cret", "cwd/a": "a", "cwd/sub/b": "b"} {
			if got := testkit.Read(t, filepath.Join(above, name)); got != want {
				t.Errorf("%s has %q", name, got)
			}
		}
		entries, err := os.ReadDir(above)
		if err != nil || len(entries) != 2 {
			t.Errorf("beside the folder lie %v, %v", entries, err)
		}
		for _, file := range w.Record().Files {
			if strings.Contains(file.Path, "..") {
				t.Errorf("changed is %q", file.Path)
			}
		}
	})
}

// play does things with paths made of path and of others.
func play(t *testing.T, f files, r *rand.Rand, path string) {
	parts := []string{path, "a", "sub", "sub/b", "link", "link/secret", "fine/b", "..", ".", "new", "cwd://", "home://", "/tmp", "/"}
	for range 40 {
		p := parts[r.IntN(len(parts))]
		if r.IntN(2) == 0 {
			p += "/" + parts[r.IntN(len(parts))]
		}
		var seen []byte
		switch r.IntN(6) {
		case 0:
			seen, _ = f.readFile(p)
		case 1:
			_ = f.writeFile(p, []byte("w"))
		case 2:
			_ = f.mkdirAll(p)
		case 3:
			_ = f.unlink(p)
		case 4:
			_, _ = f.readdir(p)
		case 5:
			_, _ = f.stat(p)
		}
		if strings.Contains(string(seen), "s3cret") {
			t.Fatalf("%q was read", p)
		}
	}
}
