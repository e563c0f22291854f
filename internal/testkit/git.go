package testkit

import (
	"os/exec"
	"strings"
	"testing"
)

// Git runs git in dir as somebody with a name, and returns what it prints, without blanks
// around it. A machine without git skips the test.
func Git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	Needs(t, "git")
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main",
		"-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}
