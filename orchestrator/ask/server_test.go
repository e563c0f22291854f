package ask

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// A watch whose socket, or what says where it is, somebody deletes can be asked again; one that stands is left as it is.
func TestAServerStays(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("XDG_RUNTIME_DIR", "")
	s, err := Listen(Options{Roots: []string{tmp}, Hub: hub.New(), Stop: func() {}})
	testkit.Check(t, err)
	ctx, end := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() { s.Serve(ctx) })
	defer s.Close()
	defer serving.Wait()
	defer end()
	asked := func() bool {
		conn, err := dial(address(s.place.beside))
		if err != nil {
			return false
		}
		conn.Close()
		return s.place.stands()
	}
	for name, remove := range map[string]func() error{
		"nothing":    func() error { return nil },
		"its file":   func() error { return os.Remove(s.place.beside + ".json") },
		"its socket": func() error { sweep(address(s.place.beside)); return nil },
		"its folder": func() error {
			if dir := filepath.Dir(s.place.beside); fsys.Inside(tmp, dir) { // else it is not this test's alone
				return os.RemoveAll(dir)
			}
			return nil
		},
	} {
		testkit.Check(t, remove())
		before := s.listener
		testkit.Check(t, s.Stay())
		if !asked() {
			t.Errorf("without %s: it cannot be asked", name)
		}
		if name == "nothing" && s.listener != before {
			t.Error("what stands was made anew")
		}
	}
}

// What a watch left that was killed goes, and one that lives is left alone.
func TestSweepRemovesWhatTheDeadLeft(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("XDG_RUNTIME_DIR", "")
	listening := func() *Server {
		s, err := Listen(Options{Roots: []string{tmp}, Hub: hub.New(), Stop: func() {}})
		testkit.Check(t, err)
		return s
	}
	living, killed := listening(), listening()
	defer living.Close()
	if l, ok := killed.listener.(*net.UnixListener); ok {
		l.SetUnlinkOnClose(false)
	}
	testkit.Check(t, killed.listener.Close()) // what the kernel does
	Sweep()
	if !living.place.stands() {
		t.Error("a watch that lives is unknown now")
	}
	for _, left := range []string{killed.place.beside + ".json", address(killed.place.beside)} {
		if fsys.Lstat(left).Kind != fsys.Missing {
			t.Errorf("%s is left", left)
		}
	}
}
