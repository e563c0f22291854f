//go:build unix

package fsys

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A child that is just being started has a copy of the file: that keeps nobody out.
func TestUnlockThoughCopied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first, second := open(), open()
	defer Unlock(second)
	if mine, err := TryLock(first); err != nil || !mine {
		t.Fatal(mine, err)
	}
	if mine, err := TryLock(second); err != nil || mine {
		t.Fatalf("two have the lock: %v", err)
	}
	child, err := syscall.Dup(int(first.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(child)
	Unlock(first)
	if mine, err := TryLock(second); err != nil || !mine {
		t.Errorf("a copy of the file keeps the lock: %v", err)
	}
}
