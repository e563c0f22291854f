package slots

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// taking is how this test's own program is asked to take a place and keep it.
const taking = "take-a-place"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == taking {
		s, err := Open(os.Args[2], 1)
		if err == nil {
			fmt.Println("waits")
			_, err = s.Take(context.Background())
		}
		fmt.Println("has", err)
		select {}
	}
	os.Exit(m.Run())
}

func open(t *testing.T, folder string, places int) *Slots {
	t.Helper()
	s, err := Open(folder, places)
	testkit.Check(t, err)
	return s
}

func take(t *testing.T, s *Slots) func() {
	t.Helper()
	leave, err := s.Take(t.Context())
	testkit.Check(t, err)
	return leave
}

// left are the files that tell of somebody who waits.
func left(t *testing.T, s *Slots) []uint64 {
	t.Helper()
	list, err := s.waiting()
	testkit.Check(t, err)
	return list
}

// However many processes there are, no more builds run than there are places, and all run.
func TestNoMoreThanPlaces(t *testing.T) {
	folder := t.TempDir()
	var inside, most, done atomic.Int64
	var wg sync.WaitGroup
	for range 12 {
		s := open(t, folder, 3)
		wg.Go(func() {
			for range 4 {
				leave, err := s.Take(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				n := inside.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				time.Sleep(time.Millisecond)
				inside.Add(-1)
				leave()
				leave()
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if most.Load() > 3 || done.Load() != 48 {
		t.Errorf("%d builds at once, %d in all", most.Load(), done.Load())
	}
	if waiting := left(t, open(t, folder, 3)); len(waiting) > 0 {
		t.Errorf("numbers are left: %v", waiting)
	}
}

// Who came first is first, whoever else comes.
func TestInTurn(t *testing.T) {
	folder := t.TempDir()
	first := open(t, folder, 1)
	leave := take(t, first)
	var mu sync.Mutex
	var order []int
	var wg sync.WaitGroup
	for i := range 5 {
		s := open(t, folder, 1)
		wg.Go(func() {
			leave, err := s.Take(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			leave()
		})
		testkit.Wait(t, "a number to be drawn", func() bool { return len(left(t, first)) == i+1 })
	}
	leave()
	wg.Wait()
	if !slices.Equal(order, []int{0, 1, 2, 3, 4}) {
		t.Errorf("in the order %v", order)
	}
}

// Who gives up is waited for by nobody, and has no place.
func TestGivesUp(t *testing.T) {
	s := open(t, t.TempDir(), 1)
	leave := take(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Take(ctx); err == nil {
		t.Error("a place that is taken was taken")
	}
	if waiting := left(t, s); len(waiting) > 0 {
		t.Errorf("numbers are left: %v", waiting)
	}
	leave()
	take(t, s)()
}

// The kernel gives back what a killed process had: its place, and its number.
func TestOfTheDead(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder, 1)
	start := func(says string) *exec.Cmd {
		cmd := exec.Command(os.Args[0], taking, folder)
		out, err := cmd.StdoutPipe()
		testkit.Check(t, err)
		testkit.Check(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() && lines.Text() != says {
		}
		return cmd
	}
	builds := start("has <nil>")
	waits := start("waits")
	testkit.Wait(t, "a number to be drawn", func() bool { return len(left(t, s)) == 1 })
	testkit.Check(t, waits.Process.Kill())
	_ = waits.Wait()
	if len(left(t, s)) != 1 {
		t.Fatal("the dead one's number is gone: this test looks at nothing")
	}
	testkit.Check(t, builds.Process.Kill())
	_ = builds.Wait()
	take(t, s)()
	if waiting := left(t, s); len(waiting) > 0 {
		t.Errorf("numbers are left: %v", waiting)
	}
}

// A build that takes long lends its place.
func TestLends(t *testing.T) {
	s := open(t, t.TempDir(), 1)
	s.lend = 10 * time.Millisecond
	slow := take(t, s)
	take(t, s)() // would wait for ever
	slow()
}

// Who may run more builds at once has places that others do not know of.
func TestMorePlaces(t *testing.T) {
	folder := t.TempDir()
	take(t, open(t, folder, 1))
	take(t, open(t, folder, 2))()
}

func TestNoFolder(t *testing.T) {
	take(t, nil)()
	file := filepath.Join(t.TempDir(), "file")
	testkit.Write(t, file, "")
	if _, err := Open(file, 1); err == nil {
		t.Error("a file was taken for a folder")
	}
	folder := filepath.Join(t.TempDir(), "gone")
	s := open(t, folder, 1)
	testkit.Check(t, os.RemoveAll(folder))
	take(t, s)() // deleted while we run: nobody waits
}
