package builder

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Recover never waits: the lock may be held by a build whose outcome waits for the
// examination that Recover is a part of.
func TestRecoverDoesNotWaitForABuild(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	publish(t, b, dir)
	testkit.Write(t, store.Path(dir, fsys.Temporary(store.RecordFile)), "half") // what a killed process leaves
	lock, err := b.lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if p, err := New(Options{}).Recover(ctx, dir); err != nil || p != nil || ctx.Err() != nil {
		t.Errorf("%v %v", p, err)
	}
	lock.Release()
	if _, err := New(Options{}).Recover(ctx, dir); err != nil {
		t.Error(err)
	}
	if store.Interrupted(dir) {
		t.Error("what was left is not swept when the lock is free")
	}
}

// A capsule's first build makes the state folder, and examinations beside it look whether
// something was left there. Neither may take away what the other is just writing.
func TestP8RecoverBesideAFirstBuild(t *testing.T) {
	for range 60 {
		dir := capsuleDir(t, copies)
		stop, done := make(chan struct{}), make(chan error, 2)
		for range 2 {
			go func() {
				b := New(Options{})
				for {
					select {
					case <-stop:
						done <- nil
						return
					default:
					}
					if _, err := b.Recover(t.Context(), dir); err != nil {
						done <- err
						return
					}
				}
			}()
		}
		b := New(Options{})
		for range 3 {
			lock, err := b.lock(t.Context(), dir)
			check(t, err)
			if _, err := store.Finish(dir, nil); err != nil {
				t.Error(err)
			}
			lock.Release()
			check(t, os.RemoveAll(store.Path(dir, "CACHEDIR.TAG")))
		}
		close(stop)
		for range 2 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
	}
}
