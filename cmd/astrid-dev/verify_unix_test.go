//go:build unix

package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user who owns nothing.
const nobody = 65534

// TestVerifyInAReadOnlyCheckout runs the program as a user who can write nothing
// of the checkout: root, who may write everything, becomes somebody else.
func TestVerifyInAReadOnlyCheckout(t *testing.T) {
	base := t.TempDir()
	program := filepath.Join(base, "astrid-dev")
	self, err := exec.LookPath("astrid-dev")
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, self, program, 0o755)
	checkout := filepath.Join(base, "the checkout")
	layCapsule(t, filepath.Join(checkout, "one"), "one", `echo again > .log; mkdir -p target dist; printf '\000asm\001\000\000\000' > "$CAPSULE_OUT"`)
	layCapsule(t, filepath.Join(checkout, "fails"), "fails", `echo changed >> build.sh; exit 1`)
	if err := os.WriteFile(filepath.Join(checkout, ".gitignore"), []byte("*.log\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	commands(t, checkout, []string{"git", "init", "-q"}, []string{"git", "add", "-A"},
		[]string{"git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "first"})
	withoutWrite(t, checkout)
	home := filepath.Join(base, "home")
	if err := os.Mkdir(home, 0o777); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		for _, dir := range []string{base, filepath.Dir(base)} {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chown(home, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	before := listing(t, checkout)

	cmd := exec.Command(program, "verify", checkout, "--repro", "--jobs", "2", "--report", "json="+filepath.Join(home, "out", "r.json"))
	cmd.Env = append(os.Environ(), "HOME="+home, "TMPDIR="+home)
	cmd.Dir = home
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != exitFailed {
		t.Fatalf("exit code %d (%v)\n%s", code, err, out)
	}
	for _, want := range []string{"2 capsules: 1 failed, 1 passed", "[2/2]", "fails/build.sh: error: the build changed this input"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	if after := listing(t, checkout); after != before {
		t.Errorf("the checkout was\n%s\nand is\n%s", before, after)
	}
	if left, _ := filepath.Glob(filepath.Join(home, "astrid-dev-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func commands(t *testing.T, dir string, list ...[]string) {
	t.Helper()
	for _, argv := range list {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", argv, err, out)
		}
	}
}

// layCapsule writes a capsule that a shell script builds.
func layCapsule(t *testing.T, dir, name, script string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	manifest := "[package]\nname = \"" + name + "\"\nversion = \"1.0.0\"\n\n[[component]]\nid = \"" + name + "\"\nfile = \"" + name +
		".wasm\"\n\n[package.metadata.astrid-dev]\nbuild = [\"sh\", \"build.sh\"]\nignore = [\".log\"]\n"
	for file, text := range map[string]string{"Capsule.toml": manifest, "build.sh": script + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func copyFile(t *testing.T, from, to string, mode fs.FileMode) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// withoutWrite takes everybody's leave to write from a tree, until the test ends.
func withoutWrite(t *testing.T, root string) {
	t.Helper()
	set := func(mask fs.FileMode, add fs.FileMode) error {
		return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Type()&fs.ModeSymlink != 0 {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			return os.Chmod(path, info.Mode().Perm()&mask|add)
		})
	}
	if err := set(0o555, 0o444); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set(0o777, 0o200); err != nil {
			t.Error(err)
		}
	})
}

// listing is everything in a tree that a program could change.
func listing(t *testing.T, root string) string {
	t.Helper()
	var b bytes.Buffer
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		b.WriteString(path + " " + info.Mode().String() + " " + info.ModTime().String())
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			b.Write(data)
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
