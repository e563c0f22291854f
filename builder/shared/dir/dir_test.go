package dir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// writer is how this test's own program is asked to put modules without end.
const writer = "write-shared-results"

func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == writer {
		os.Exit(write(os.Args[2], os.Args[3]))
	}
	if len(os.Args) == 3 && os.Args[1] == holding {
		os.Exit(hold(os.Args[2]))
	}
	os.Exit(m.Run())
}

// write puts the same module, large, and entries that name it, until it is killed.
func write(folder, content string) int {
	s, err := Open(folder, Options{})
	for i := 0; err == nil; i++ {
		var b shared.Blob
		b.Path = content
		if b.ID, err = shared.Identify(content); err == nil {
			err = s.Put(context.Background(), key(i%10), bytes.Repeat([]byte{'0' + byte(i%10)}, 100_000), []shared.Blob{b})
		}
		if err == nil {
			err = os.Remove(filepath.Join(folder, "blobs", b.BLAKE3[:2], b.BLAKE3)) // so that it is written again and again
			if errors.Is(err, os.ErrNotExist) {
				err = nil // another one was faster
			}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func key(n int) string { return fmt.Sprintf("%064x", n) }

func TestStore(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "made")
	s, err := Open(folder, Options{})
	testkit.Check(t, err)
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "m")
	testkit.Write(t, path, "content")
	id, err := shared.Identify(path)
	testkit.Check(t, err)
	if _, err := s.Entry(ctx, key(1)); !errors.Is(err, shared.ErrNone) {
		t.Errorf("an entry before there is one: %v", err)
	}
	if err := s.Blob(ctx, id, io.Discard); !errors.Is(err, shared.ErrNone) {
		t.Errorf("a module before there is one: %v", err)
	}
	testkit.Check(t, s.Put(ctx, key(1), []byte("entry"), []shared.Blob{{ID: id, Path: path}}))
	again, err := Open(folder, Options{})
	testkit.Check(t, err)
	var got bytes.Buffer
	testkit.Check(t, again.Blob(ctx, id, &got))
	if data, err := again.Entry(ctx, key(1)); err != nil || string(data) != "entry" || got.String() != "content" {
		t.Errorf("%q, %q, %v", data, got.String(), err)
	}
	// a damaged module is mended by the next that is put
	testkit.Write(t, filepath.Join(folder, "blobs", id.BLAKE3[:2], id.BLAKE3), "c0ntent")
	testkit.Check(t, s.Put(ctx, key(2), []byte("entry"), []shared.Blob{{ID: id, Path: path}}))
	got.Reset()
	if err := s.Blob(ctx, id, &got); err != nil || got.String() != "content" {
		t.Errorf("a damaged module stayed: %q, %v", got.String(), err)
	}
	if _, err := s.Entry(ctx, "../../etc/passwd"); err == nil || errors.Is(err, shared.ErrNone) {
		t.Errorf("a path was taken for a key: %v", err)
	}
}

func TestSweep(t *testing.T) {
	folder := t.TempDir()
	old, fresh := filepath.Join(folder, "blobs", "aa", ".x.1.tmp"), filepath.Join(folder, "blobs", "aa", ".x.2.tmp")
	testkit.Write(t, old, "")
	testkit.Write(t, fresh, "")
	before := time.Now().Add(-2 * abandoned)
	testkit.Check(t, os.Chtimes(old, before, before))
	s, err := Open(folder, Options{})
	testkit.Check(t, err)
	s.tidy()
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was abandoned is there: %v", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("what somebody writes is gone: %v", err)
	}
}

// Several processes write at once and are killed in the middle: what can be read is whole,
// at every moment and at the end.
func TestKilled(t *testing.T) {
	folder, content := t.TempDir(), filepath.Join(t.TempDir(), "m")
	testkit.Write(t, content, strings.Repeat("content ", 200_000))
	id, err := shared.Identify(content)
	testkit.Check(t, err)
	s, err := Open(folder, Options{})
	testkit.Check(t, err)
	rounds := testkit.Rounds(3, 8)
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		kill := start(t, folder, content)
		seen := 0
		testkit.Wait(t, "modules are written", func() bool {
			if whole(t, s, id) {
				seen++
			}
			return seen > 5
		})
		kill()
		whole(t, s, id)
		for i := range 10 {
			data, err := s.Entry(t.Context(), key(i))
			if !errors.Is(err, shared.ErrNone) && (err != nil || len(data) != 100_000 || bytes.Count(data, data[:1]) != len(data)) {
				t.Errorf("entry %d is not whole: %d bytes, %v", i, len(data), err)
			}
		}
	}
}

// whole reports whether the module is there, which must be whole then.
func whole(t *testing.T, s *Store, id shared.ID) bool {
	t.Helper()
	var got bytes.Buffer
	err := s.Blob(t.Context(), id, &got)
	if errors.Is(err, shared.ErrNone) {
		return false
	}
	if err != nil && runtime.GOOS == "windows" {
		return false // it is being replaced
	}
	if err != nil || int64(got.Len()) != id.Size {
		t.Errorf("%d bytes instead of %d, %v", got.Len(), id.Size, err)
	}
	return true
}

// start starts three writers; kill kills them, and waits until they have ended.
func start(t *testing.T, folder, content string) (kill func()) {
	t.Helper()
	var writers []*exec.Cmd
	for range 3 {
		cmd := exec.Command(os.Args[0], writer, folder, content)
		cmd.Stderr = os.Stderr
		testkit.Check(t, cmd.Start())
		writers = append(writers, cmd)
	}
	var once sync.Once
	kill = func() {
		once.Do(func() {
			for _, cmd := range writers {
				if err := cmd.Process.Kill(); err != nil {
					t.Errorf("a writer had ended: %v", err)
				}
				_ = cmd.Wait() // it was killed
			}
		})
	}
	t.Cleanup(kill)
	return kill
}
