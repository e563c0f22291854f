package script

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// condition knows [userns], whether a user namespace can be made, and [tool:NAME] for a tool
// in PATH. A script that does not find one skips itself, which is an error where nothing may
// be skipped. [left-out] is whether this run does without a script that takes half a second of a
// processor or more; see testkit.LeftOut.
func condition(cond string) (bool, error) {
	name, isTool := strings.CutPrefix(cond, "tool:")
	switch {
	case cond == "left-out":
		return testkit.LeftOut(), nil
	case cond == "userns":
		name = "a user namespace"
		if UserNamespaces() {
			return true, nil
		}
	case !isTool:
		return false, fmt.Errorf("unknown condition %q", cond)
	case hasTool(name):
		return true, nil
	}
	return false, testkit.MaySkip("%s is missing", name)
}

// hasTool reports whether a script's [tool:NAME] is there: a program, or one of
// the things that are more than a program.
func hasTool(name string) bool {
	switch name {
	case "rust-wasm":
		return testkit.RustPath(os.Getenv("PATH")) != ""
	case "astrid-sdk":
		return testkit.HasSDK()
	case "wasi-libc":
		return exec.Command("clang", "--target=wasm32-wasi", "-x", "c", "-E", "-include", "stdlib.h", "-o", os.DevNull, os.DevNull).Run() == nil
	case "mounts": // a mount namespace of one's own, for a small or a read-only disk
		return exec.Command("unshare", "-rm", "true").Run() == nil
	}
	_, err := exec.LookPath(name)
	return err == nil
}

// Limited is program for a user who has so many inotify watches: it becomes
// root of a user namespace of its own, whose limit is set. "" is no limit.
func Limited(watches, program string, args []string) *exec.Cmd {
	if watches == "" {
		return exec.Command(program, args...)
	}
	script := `echo "$0" > /proc/sys/user/max_inotify_watches && exec "$@"`
	return exec.Command("unshare", append([]string{"-Ur", "sh", "-c", script, watches, program}, args...)...)
}

// UserNamespaces reports whether this user can make one.
func UserNamespaces() bool { return Limited("100", "true", nil).Run() == nil }
