package watcher

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// reexec runs this very test again in another process, whose attributes differ.
// That it is the other one is told by the environment.
func reexec(t *testing.T, attr *syscall.SysProcAttr, env ...string) {
	t.Helper()
	dir := t.TempDir()
	for up := dir; up != os.TempDir() && len(up) > 1; up = filepath.Dir(up) {
		must(t, os.Chmod(up, 0o777)) // for whoever the other process is
	}
	bin := filepath.Join(dir, "test")
	self, err := os.ReadFile("/proc/self/exe")
	must(t, err)
	must(t, writeProgram(bin, self))
	cmd := exec.Command(bin, "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.v")
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "TMPDIR="+dir), env...)
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), noNamespace) || os.IsPermission(err) {
		testkit.Skip(t, "no user namespaces here: %v", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("in the other process: %v\n%s", err, out)
	}
}

// writeProgram writes a file that can be run at once: a process that another
// test forks meanwhile would hold the writing descriptor until it becomes its
// own program, and what is open for writing cannot be run ("text file busy").
func writeProgram(path string, data []byte) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, data, 0o755)
}

const noNamespace = "no limits in a user namespace"

// reexecAsNobody runs this very test again as a user without rights.
func reexecAsNobody(t *testing.T) {
	t.Helper()
	reexec(t, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}})
}

// inNamespace sets limits in a user namespace, before any watch is placed.
func inNamespace() (code int, handled bool) {
	limits := os.Getenv("WATCHER_TEST_LIMITS")
	if limits == "" {
		return 0, false
	}
	for _, limit := range strings.Fields(limits) {
		name, value, _ := strings.Cut(limit, "=")
		if err := os.WriteFile("/proc/sys/user/"+name, []byte(value), 0); err != nil {
			fmt.Println(noNamespace, err)
			return 1, true
		}
	}
	return 0, false
}

// limited reports whether this is the process in a namespace with these limits;
// the other one starts it.
func inLimits(t *testing.T, limits string) bool {
	t.Helper()
	if os.Getenv("WATCHER_TEST_LIMITS") != "" {
		return true
	}
	reexec(t, &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}, "WATCHER_TEST_LIMITS="+limits)
	return false
}

// The system's own refusal: a user namespace with 12 watches.
func TestRealWatchLimit(t *testing.T) {
	if !inLimits(t, "max_inotify_watches=12") {
		return
	}
	root := folderOf(t)
	for i := range 20 {
		mkdir(t, filepath.Join(root, fmt.Sprint(i), "sub"))
	}
	var s spy
	w := start(t, false, Plan{Roots: []string{root}}, s.option)
	w.warned("watch-limit", "sysctl fs.inotify.max_user_watches=")
	w.until(func() bool { w.quiet(); return s.watches.Load() == 12 })
	if got := s.limited.Load(); got < 20 {
		t.Errorf("%d folders are polled for want of a watch", got)
	}
	w.eachReported(folders(t, root, nil))
	must(t, os.Rename(filepath.Join(root, "3"), filepath.Join(root, "new")))
	w.await(filepath.Join(root, "new"))
	w.await(filepath.Join(root, "3"))
	w.eachReported(folders(t, root, nil))
	w.noWarning()
}

// The system's own refusal of an instance.
func TestRealInstanceLimit(t *testing.T) {
	if !inLimits(t, "max_inotify_instances=0") {
		return
	}
	root := folderOf(t)
	mkdir(t, filepath.Join(root, "a"))
	w := start(t, false, Plan{Roots: []string{root}})
	w.warned("watch-instances", "sysctl fs.inotify.max_user_instances=")
	w.probe(root)
}

// The mounting helpers return what unmounts again, at the latest when the test ends.

func bindMount(t *testing.T, from, to string) (unmount func()) {
	t.Helper()
	return mount(t, from, "", to, syscall.MS_BIND)
}

func mountTmpfs(t *testing.T, to string) (unmount func()) {
	t.Helper()
	return mount(t, "none", "tmpfs", to, 0)
}

func mount(t *testing.T, from, kind, to string, flags uintptr) (unmount func()) {
	t.Helper()
	if err := syscall.Mount(from, to, kind, flags, ""); err != nil {
		testkit.Skip(t, "mounting needs rights: %v", err)
	}
	unmount = sync.OnceFunc(func() { must(t, syscall.Unmount(to, syscall.MNT_DETACH)) })
	t.Cleanup(unmount)
	return unmount
}

func TestFileSystem(t *testing.T) {
	for _, path := range []string{"/proc", folderOf(t) + "/not/there"} {
		kind, events, err := FileSystem(path)
		if err != nil || kind == "" || !events {
			t.Errorf("%s: %q, %v, %v", path, kind, events, err)
		}
	}
	if _, _, err := FileSystem("not\x00a path"); err == nil {
		t.Error("no error for what is no path")
	}
	if kind, events := nameFileSystem(0x01021997); kind != "9p" || events {
		t.Errorf("9p is %q with events %v", kind, events)
	}
	if kind, events := nameFileSystem(0x794C7630); kind != "overlay" || !events {
		t.Errorf("overlay is %q with events %v", kind, events)
	}
	if kind, events := nameFileSystem(0x12345678); kind != "0x12345678" || !events {
		t.Errorf("an unknown one is %q with events %v", kind, events)
	}
	for kind, want := range map[string][2]bool{"ext4": {true, false}, "9p": {true, false}, "proc": {true, true}, "cgroup2": {true, true}, "0x12345678": {}, "": {}} {
		if known, pseudo := KnownFileSystem(kind); [2]bool{known, pseudo} != want {
			t.Errorf("%q is known %v, pseudo %v", kind, known, pseudo)
		}
	}
	if kind, events, err := FileSystem("/proc"); kind != "proc" || !events || err != nil {
		t.Errorf("/proc is %q with events %v, %v", kind, events, err)
	}
}
