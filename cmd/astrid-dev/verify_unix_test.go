//go:build unix

package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	ossignal "os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// nobody is a user who owns nothing.
const nobody = 65534

// stranger runs the program as a user who owns nothing but a home: root, who may
// read and write everything, becomes somebody else.
type stranger struct{ base, program, home string }

func newStranger(t *testing.T) stranger {
	t.Helper()
	base := t.TempDir()
	s := stranger{base, filepath.Join(base, "astrid-dev"), filepath.Join(base, "home")}
	self, err := exec.LookPath("astrid-dev")
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, self, s.program, 0o755)
	if err := os.Mkdir(s.home, 0o755); err != nil {
		t.Fatal(err)
	}
	s.giveReader(t)
	if os.Geteuid() != 0 {
		return s
	}
	for _, dir := range []string{base, filepath.Dir(base)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	commands(t, base, []string{"chown", "-R", strconv.Itoa(nobody) + ":" + strconv.Itoa(nobody), s.home})
	return s
}

// giveReader copies the compiled reader that this user has, if there is one: the stranger would compile it
// again, which takes two seconds of a processor.
func (s stranger) giveReader(t *testing.T) {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(s.home, ".cache", "astrid-dev")
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	readers, _ := filepath.Glob(filepath.Join(cache, "astrid-dev", "reader-*"))
	for _, reader := range readers {
		commands(t, s.base, []string{"cp", "-r", reader, to})
	}
}

// run fails unless the program ends with code, and returns all that it printed.
func (s stranger) run(t *testing.T, code int, args ...string) string {
	t.Helper()
	cmd := exec.Command(s.program, args...)
	cmd.Env = append(os.Environ(), "HOME="+s.home, "TMPDIR="+s.home, "XDG_CACHE_HOME=")
	cmd.Dir = s.home
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("exit code %d, want %d (%v)\n%s", got, code, err, out)
	}
	return string(out)
}

func mustContain(t *testing.T, out string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

func TestVerifyInAReadOnlyCheckout(t *testing.T) {
	s := newStranger(t)
	checkout := filepath.Join(s.base, "the checkout")
	layCapsule(t, filepath.Join(checkout, "one"), "one", `echo again > .log; mkdir -p target dist; printf '\000asm\001\000\000\000' > "$CAPSULE_OUT"`)
	layCapsule(t, filepath.Join(checkout, "fails"), "fails", `echo changed >> build.sh; exit 1`)
	if err := os.WriteFile(filepath.Join(checkout, ".gitignore"), []byte("*.log\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	commands(t, checkout, []string{"git", "init", "-q"}, []string{"git", "add", "-A"},
		[]string{"git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "first"})
	withoutWrite(t, checkout)
	before := listing(t, checkout)
	out := s.run(t, exitFailed, "verify", checkout, "--repro", "--jobs", "2", "--report", "json="+filepath.Join(s.home, "out", "r.json"))
	mustContain(t, out, "2 capsules: 1 failed, 1 passed", "[2/2]", "fails/build.sh: error: the build changed this input")
	if after := listing(t, checkout); after != before {
		t.Errorf("the checkout was\n%s\nand is\n%s", before, after)
	}
	if left, _ := filepath.Glob(filepath.Join(s.home, "astrid-dev-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if os.Geteuid() == 0 { // git does not work for others in what is root's
		mustContain(t, s.run(t, exitUsage, "verify", checkout, "--changed-since", "HEAD"), "dubious ownership", "safe.directory")
	}
}

// What cannot be read is a fault of its capsule alone; what cannot be mended is told.
func TestWhatCannotBeReadOrWritten(t *testing.T) {
	s := newStranger(t)
	checkout := filepath.Join(s.base, "checkout")
	const wasm = `printf '\000asm\001\000\000\000' > "$CAPSULE_OUT"`
	for _, name := range []string{"sound", "secret", "hidden"} {
		layCapsule(t, filepath.Join(checkout, name), name, wasm)
	}
	if err := os.WriteFile(filepath.Join(checkout, "go.mod"), []byte("module a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(checkout, "secret", "build.sh"), filepath.Join(checkout, "hidden", "Capsule.toml")} {
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
	}
	out := s.run(t, exitFailed, "verify", checkout)
	mustContain(t, out, "3 capsules: 2 failed, 1 passed", "/secret/build.sh: error: permission denied [source-unreadable]",
		"/hidden/Capsule.toml: error: ", "[manifest-unreadable]")

	fixable := filepath.Join(checkout, "sound", "Capsule.toml")
	data, err := os.ReadFile(fixable)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(fixable, bytes.Replace(data, []byte("1.0.0"), []byte("1.0"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(fixable), 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Dir(fixable), 0o755) })
	mustContain(t, s.run(t, exitFailed, "check", "--fix", filepath.Dir(fixable)), "[fix-failed]", "Capsule.toml:3:11: error: ")
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

// timeout(1), terminals and supervisors signal a process and its group: the same
// signal twice within milliseconds is one, and the report and a clean TMPDIR still come.
func TestASignalDeliveredTwiceIsOne(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		if ossignal.Ignored(signal) {
			t.Logf("%s is ignored here, as under nohup, and a command that is started obeys that too", signal)
			continue
		}
		base, temp := t.TempDir(), t.TempDir()
		started := filepath.Join(base, "started")
		layCapsule(t, filepath.Join(base, "caps", "slow"), "slow", "trap '' TERM; touch "+started+"; while :; do sleep 1; done")
		cmd := exec.Command("astrid-dev", "verify", filepath.Join(base, "caps"), "--report", "json="+filepath.Join(base, "r.json"))
		cmd.Env = append(os.Environ(), "TMPDIR="+temp)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(testkit.Patience); ; time.Sleep(5 * time.Millisecond) {
			if _, err := os.Stat(started); err == nil {
				break
			}
			if time.Now().After(deadline) {
				cmd.Process.Kill()
				t.Fatal("the build does not start")
			}
		}
		for range 3 {
			cmd.Process.Signal(signal)
			time.Sleep(5 * time.Millisecond) // else the kernel makes one of them
		}
		if cmd.Wait(); cmd.ProcessState.ExitCode() != exitInterrupted {
			t.Errorf("%s: it ended with %s", signal, cmd.ProcessState)
		}
		if report, _ := os.ReadFile(filepath.Join(base, "r.json")); !bytes.Contains(report, []byte(`"interrupted": true`)) {
			t.Errorf("%s: the report is %q", signal, report)
		}
		if left, _ := os.ReadDir(temp); len(left) > 0 {
			t.Errorf("%s: %s was left in TMPDIR", signal, left[0].Name())
		}
	}
}
