package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// bothEngines are the beginnings of the scripts that run a second time with polling.
var bothEngines = []string{"editor_", "folder_", "capsule_", "root_", "input_", "git_", "storm_", "feedback_", "fairness_", "mmap_"}

// pollFlags make a watch poll; the interval is short so that a script does not wait for it.
var pollFlags = []string{"--poll", "--poll-interval", "50ms"}

// scripts lists the scripts that begin with one of prefixes; with none, all.
func scripts(t *testing.T, prefixes []string) []string {
	all, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	return slices.DeleteFunc(all, func(file string) bool {
		begins := func(prefix string) bool { return strings.HasPrefix(filepath.Base(file), prefix) }
		return len(prefixes) > 0 && !slices.ContainsFunc(prefixes, begins)
	})
}

// cmdCapsule writes a capsule that builds in milliseconds: its module holds the
// first five bytes of src.txt, which says "one"; an empty src.txt fails the
// build. Its name is the folder's; LINEs are settings.
func cmdCapsule(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	manifest := fmt.Sprintf(`[package]
name = %q
version = "0.1.0"

[[component]]
file = "cap.wasm"

[package.metadata.astrid-dev]
build = ["sh", "build.sh"]
%s
`, filepath.Base(dir), strings.Join(args[1:], "\n"))
	build := `test -s src.txt || exit 3
test -z "$LOG" || echo "$(basename "$PWD") $(cat src.txt)" >> "$LOG"
printf '\0asm\001\0\0\0\0\006\005%-5.5s' "$(cat src.txt)" > "$CAPSULE_OUT"
`
	for name, text := range map[string]string{"src.txt": "one\n", "build.sh": build, "Capsule.toml": manifest} {
		ts.Check(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
}

// limited is program for a user who has so many inotify watches: it becomes
// root of a user namespace of its own, whose limit is set. "" is no limit.
func limited(watches, program string, args []string) *exec.Cmd {
	if watches == "" {
		return exec.Command(program, args...)
	}
	script := `echo "$0" > /proc/sys/user/max_inotify_watches && exec "$@"`
	return exec.Command("unshare", append([]string{"-Ur", "sh", "-c", script, watches, program}, args...)...)
}

func hasUserNamespaces() (bool, error) {
	err := limited("100", "true", nil).Run()
	if err != nil && os.Getenv("ASTRID_DEV_NO_SKIP") != "" {
		return false, fmt.Errorf("no user namespace can be made (%w), and skips are forbidden here", err)
	}
	return err == nil, nil
}
