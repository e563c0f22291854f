package builder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// rowArgument makes this test's program publish one capsule, to have faults injected.
const rowArgument = "__row"

// row goes the whole way for dir, as a program does, and says why when it fails.
func row(dir string) int {
	b, ctx := New(Options{}), context.Background()
	_, err := b.Recover(ctx, dir)
	var in *Inputs
	if err == nil {
		in, err = b.Examine(ctx, dir)
	}
	if err == nil && in.Current != nil {
		return 0
	}
	var staged *Staged
	if err == nil {
		staged, err = b.Build(ctx, in, nil)
	}
	if err == nil {
		_, err = b.Publish(ctx, staged)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		var f *finding.Failure
		if errors.As(err, &f) && len(f.Findings) > 0 {
			fmt.Fprintln(os.Stderr, f.Findings[0].Hint)
		}
		return 1
	}
	return 0
}

// Each system call by which a publication changes the disk fails, or is the last one of
// its process. Whatever it is, what stands published is the old module or the new one,
// success means the new one, and the next run heals everything and leaves nothing lying. A
// plain run injects a fifth of the faults, drawn anew each time.
func TestFaultsInPublication(t *testing.T) {
	testkit.Long(t)
	_, err := exec.LookPath("strace")
	if err != nil {
		testkit.Skip(t, "no strace, so no fault is injected")
	}
	dir := capsuleDir(t, copies)
	publish(t, New(Options{}), dir)
	content, hit, faults := 0, 0, publicationFaults()
	for _, n := range rand.Perm(len(faults))[:testkit.Rounds(len(faults)/5, len(faults))] {
		content++
		old, err := os.ReadFile(filepath.Join(dir, "copy.wasm"))
		check(t, err)
		fresh := variant(fmt.Sprint(content))
		testkit.Write(t, filepath.Join(dir, "src.bin"), string(fresh))
		if inject(t, faults[n], dir, [2][]byte{old, fresh}) {
			hit++
		}
	}
	if hit == 0 {
		t.Errorf("no fault was injected in %d runs", content)
	}
}

// publicationFaults are those of each call by which a publication changes the disk.
func publicationFaults() (list []string) {
	for call, times := range map[string]int{"renameat": 7, "fsync": 7, "unlinkat": 2, "mkdirat": 2, "fchmodat": 1, "flock": 1} {
		for when := 1; when <= times; when++ {
			for _, fault := range []string{"error=EIO", "error=ENOSPC", "signal=KILL"} {
				if fault == "error=ENOSPC" && when%2 == 0 {
					continue // the two errors take the same ways: half of them will do
				}
				list = append(list, fmt.Sprintf("inject=%s:%s:when=%d", call, fault, when))
			}
		}
	}
	return list
}

// readingFaults are what a disk, or a system without descriptors, does to the calls by
// which the inputs are read and everything is written. Several threads and processes make
// them, and each counts its own: calls is where most of them have made their last one.
var readingFaults = []struct {
	call, err string
	calls     int
}{
	{"openat", "EIO", 40}, {"openat", "EMFILE", 40}, {"read", "EIO", 30}, {"pread64", "EIO", 4}, {"write", "EIO", 12}, {"write", "ENOSPC", 12},
	{"newfstatat", "EIO", 20}, {"fstat", "EIO", 20}, {"statx", "EIO", 4}, {"getdents64", "EIO", 8},
}

// The calls that read and write files fail, each at a place or two that are chosen anew each time;
// ASTRID_DEV_FAULTS=all tries every one.
func TestFaultsInReading(t *testing.T) {
	testkit.Long(t)
	_, err := exec.LookPath("strace")
	if err != nil {
		testkit.Skip(t, "no strace, so no fault is injected")
	}
	all, random := os.Getenv("ASTRID_DEV_FAULTS") == "all", testkit.Dice(t)
	dir := capsuleDir(t, copies)
	publish(t, New(Options{}), dir)
	content, hit := 0, 0
	for _, f := range readingFaults {
		places := random.Perm(f.calls)
		if !all {
			places = places[:min(testkit.Rounds(1, 2), len(places))]
		}
		for _, place := range places {
			content++
			old, err := os.ReadFile(filepath.Join(dir, "copy.wasm"))
			check(t, err)
			fresh := variant(fmt.Sprint(content))
			testkit.Write(t, filepath.Join(dir, "src.bin"), string(fresh))
			if inject(t, fmt.Sprintf("inject=%s:error=%s:when=%d", f.call, f.err, place+1), dir, [2][]byte{old, fresh}) {
				hit++
			}
		}
	}
	if hit == 0 {
		t.Errorf("no fault was injected in %d runs", content)
	}
}

// rowPatience is when a row counts as one that waits for ever: a busy machine needs seconds for one.
const rowPatience = 3 * time.Minute

// injectedRow runs the row with a fault, and returns what it said, and whether the fault came to pass. A wait without end fails the
// test, with one exception: a read of a pipe that fails, as none does, of which Go's own fork
// thinks that its child ended badly, so that it waits for one that runs.
func injectedRow(t *testing.T, fault, dir string) (said string, hit bool, err error) {
	t.Helper()
	call, _, _ := strings.Cut(strings.TrimPrefix(fault, "inject="), ":")
	trace := filepath.Join(t.TempDir(), "trace")
	ctx, cancel := context.WithTimeout(t.Context(), rowPatience)
	defer cancel()
	injected := exec.CommandContext(ctx, "strace", "-f", "-qq", "-y", "--seccomp-bpf", "-o", trace, "-e", "trace="+call, "-e", fault, os.Args[0], rowArgument, dir)
	injected.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	injected.Cancel = func() error { return syscall.Kill(-injected.Process.Pid, syscall.SIGKILL) }
	var errors bytes.Buffer
	injected.Stderr = &errors
	err = injected.Run()
	where := injectedAt(t, trace)
	if ctx.Err() != nil {
		if !strings.Contains(where, "<pipe:") {
			t.Errorf("%s: it waits for ever after\n%s\n%s", fault, where, errors.String())
		}
		return goOwn, true, err
	}
	return errors.String(), where != "", err
}

// goOwn is a call of Go's own, without which no Go program goes on.
const goOwn = "netpollBreak"

// injectedAt is the lines of the trace that have the fault: each thread and process has its own. Of a call
// that killed its process that is the end.
func injectedAt(t *testing.T, trace string) (lines string) {
	text, err := os.ReadFile(trace)
	check(t, err)
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "(INJECTED)") || strings.Contains(line, "+++ killed by SIGKILL") {
			lines += line
		}
	}
	return lines
}

// inject runs the row with a fault, and once more without. modules are what was published, and
// what is to be. hit: the fault came to pass.
func inject(t *testing.T, fault, dir string, modules [2][]byte) (hit bool) {
	t.Helper()
	old, fresh := modules[0], modules[1]
	said, hit, runErr := injectedRow(t, fault, dir)
	got, err := os.ReadFile(filepath.Join(dir, "copy.wasm"))
	switch {
	case err != nil || !bytes.Equal(got, old) && !bytes.Equal(got, fresh):
		t.Errorf("%s: published %q, %v", fault, got, err)
	case strings.Contains(said, goOwn):
	case runErr == nil && !bytes.Equal(got, fresh):
		t.Errorf("%s: it ended well and published nothing", fault)
	case strings.Contains(said, "panic:") || strings.Contains(said, "goroutine "):
		t.Errorf("%s: %s", fault, said)
	case runErr != nil && !strings.Contains(fault, "KILL") && !strings.Contains(fault, "=write:") && strings.TrimSpace(said) == "":
		t.Errorf("%s: %v, and no word why", fault, runErr)
	}
	if code := row(dir); code != 0 {
		t.Fatalf("%s: the next run does not heal it", fault)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "copy.wasm")); err != nil || !bytes.Equal(got, fresh) {
		t.Errorf("%s: the next run published %q, %v", fault, got, err)
	}
	for _, folder := range []string{dir, store.Path(dir), store.Path(dir, store.BlobFolder)} {
		entries, _ := os.ReadDir(folder)
		for _, e := range entries {
			if fsys.IsTemporary(e.Name()) || e.Name() == store.IntentFile {
				t.Errorf("%s: %s is left in %s", fault, e.Name(), folder)
			}
		}
	}
	return hit
}
