package watcher

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func inNamespace() (code int, handled bool) { return 0, false }

// reexecAsNobody runs this very test again as a user without rights.
func reexecAsNobody(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o777))
	for up := dir; up != os.TempDir() && len(up) > 1; up = up[:strings.LastIndexByte(up, '/')] {
		must(t, os.Chmod(up, 0o777))
	}
	bin := dir + "/test"
	self, err := os.ReadFile("/proc/self/exe")
	must(t, err)
	must(t, os.WriteFile(bin, self, 0o755))
	cmd := exec.Command(bin, "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.v")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("as nobody: %v\n%s", err, out)
	}
}

func bindMount(t *testing.T, from, to string) {
	t.Helper()
	if err := syscall.Mount(from, to, "", syscall.MS_BIND, ""); err != nil {
		skip(t, "bind mounts need rights: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(to, syscall.MNT_DETACH)) })
}
