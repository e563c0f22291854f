package builder

import (
	"context"
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
