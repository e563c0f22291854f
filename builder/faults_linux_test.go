package builder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/store"
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
		if errors.As(err, &f) {
			fmt.Fprintln(os.Stderr, f.Findings[0].Hint)
		}
		return 1
	}
	return 0
}

// Each system call by which a publication changes the disk fails, or is the last one of
// its process. Whatever it is, what stands published is the old module or the new one,
// success means the new one, and the next run heals everything and leaves nothing lying.
func TestFaultsInPublication(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		if os.Getenv("ASTRID_DEV_NO_SKIP") != "" {
			t.Fatal(err)
		}
		t.Skip("no strace, so no fault is injected")
	}
	dir := capsuleDir(t, copies)
	publish(t, New(Options{}), dir)
	content, failed := 0, 0
	for call, times := range map[string]int{"renameat": 7, "fsync": 7, "unlinkat": 2, "mkdirat": 2, "fchmodat": 1, "flock": 1} {
		for when := 1; when <= times; when++ {
			for _, fault := range []string{"error=EIO", "error=ENOSPC", "signal=KILL"} {
				if fault == "error=ENOSPC" && when%2 == 0 {
					continue // the two errors take the same ways: half of them will do
				}
				content++
				old, err := os.ReadFile(filepath.Join(dir, "copy.wasm"))
				if err != nil {
					t.Fatal(err)
				}
				fresh := variant(fmt.Sprint(content))
				write(t, filepath.Join(dir, "src.bin"), string(fresh))
				if inject(t, strace, fmt.Sprintf("inject=%s:%s:when=%d", call, fault, when), dir, old, fresh) {
					failed++
				}
			}
		}
	}
	if failed < 10 {
		t.Errorf("%d of %d runs failed: no faults are injected here", failed, content)
	}
}

// inject runs the row with a fault, and once more without. failed: the fault stopped it.
func inject(t *testing.T, strace, fault, dir string, old, fresh []byte) (failed bool) {
	t.Helper()
	injected := exec.Command(strace, "-f", "-qq", "-o", "/dev/null", "-e", fault, os.Args[0], rowArgument, dir)
	var said bytes.Buffer
	injected.Stderr = &said
	runErr := injected.Run()
	got, err := os.ReadFile(filepath.Join(dir, "copy.wasm"))
	switch {
	case err != nil || !bytes.Equal(got, old) && !bytes.Equal(got, fresh):
		t.Errorf("%s: published %q, %v", fault, got, err)
	case runErr == nil && !bytes.Equal(got, fresh):
		t.Errorf("%s: it ended well and published nothing", fault)
	case strings.Contains(said.String(), "panic:"):
		t.Errorf("%s: %s", fault, said.String())
	case runErr != nil && !strings.Contains(fault, "KILL") && strings.TrimSpace(said.String()) == "":
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
	return runErr != nil
}
