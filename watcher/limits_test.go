package watcher

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Instances are used up: everything is polled, it is said once, and the watches
// come when an instance is free again.
func TestNoInstance(t *testing.T) {
	root := folderOf(t)
	mkdir(t, filepath.Join(root, "a"))
	var free atomic.Bool
	var s spy
	w := start(t, false, Plan{Roots: []string{root}}, s.option, func(c *Config) {
		c.seams.retryAfter = time.Nanosecond
		c.seams.open = func() (*notify, error) {
			if !free.Load() {
				return nil, fmt.Errorf("couldn't initialize inotify: %w", syscall.EMFILE)
			}
			return openNotify()
		}
	})
	w.warned("watch-instances", "sysctl fs.inotify.max_user_instances=")
	w.probe(root)
	free.Store(true)
	w.until(func() bool { w.quiet(); return s.polled.Load() == 0 && s.watches.Load() > 0 })
	w.probe(root)
	w.noWarning()
}

// Watches are used up: the folders without one are polled.
func TestNoWatchesLeft(t *testing.T) {
	root := folderOf(t)
	for i := range 20 {
		mkdir(t, filepath.Join(root, fmt.Sprint(i), "sub"))
	}
	var budget atomic.Int64
	budget.Store(1)
	var s spy
	w := start(t, false, Plan{Roots: []string{root}}, s.option, func(c *Config) {
		c.seams.retryAfter = time.Nanosecond
		c.seams.descriptors = func(string) int { return 1 }
		c.seams.budget = func() int { return int(budget.Load()) + 9 }
	})
	w.warned("watch-files", "ulimit -n")
	if s.limited.Load() == 0 {
		t.Error("no folder is polled for want of a watch")
	}
	w.eachReported(folders(t, root, nil))
	mkdir(t, filepath.Join(root, "new", "sub"))
	write(t, filepath.Join(root, "new", "sub", "f"), "x")
	w.await(filepath.Join(root, "new", "sub", "f"))
	w.eachReported(folders(t, root, nil))
	budget.Store(1000)
	w.until(func() bool { w.quiet(); return s.limited.Load() == 0 })
	w.probe(root)
	w.noWarning()
}

// eachReported writes a file in each folder and waits for all of them.
func (w *watching) eachReported(dirs []string) {
	w.t.Helper()
	var files []string
	for _, dir := range dirs {
		w.serial++
		files = append(files, filepath.Join(dir, fmt.Sprint("each", w.serial)))
		write(w.t, files[len(files)-1], "")
	}
	for _, file := range files {
		w.await(file)
	}
}

// A file system without events, mounted below a root that has them, is polled.
func TestSilentFileSystem(t *testing.T) {
	root := folderOf(t)
	mkdir(t, filepath.Join(root, "net", "sub"))
	mkdir(t, filepath.Join(root, "disk"))
	net := filepath.Join(root, "net")
	mountTmpfs(t, net)
	mkdir(t, filepath.Join(net, "sub"))
	var s spy
	w := start(t, false, Plan{Roots: []string{root}}, s.option, func(c *Config) {
		c.seams.fileSystem = func(path string) (string, bool, error) {
			if path == net || below(path, net) {
				return "9p", false, nil
			}
			return "ext4", true, nil
		}
	})
	w.warned("polled-file-system", net)
	if got := s.polled.Load(); got != 2 {
		t.Errorf("%d folders are polled, want 2", got)
	}
	w.eachReported(folders(t, root, nil))
	w.noWarning()
}

// A machine that slept has lost whatever a file server's other users did.
func TestSleep(t *testing.T) {
	both(t, func(t *testing.T, poll bool) {
		root := folderOf(t)
		var slept atomic.Int64
		w := start(t, poll, Plan{Roots: []string{root}}, oftenTick, func(c *Config) {
			c.seams.slept = func() time.Duration { return time.Duration(slept.Load()) }
		})
		slept.Store(int64(time.Hour))
		w.awaitLost()
		w.rest()
	})
}

func TestSleepClock(t *testing.T) {
	clock := newSleepClock()
	first := clock()
	if first < 0 {
		t.Errorf("slept for %s before", first)
	}
	if d := clock() - first; d.Abs() > noticeableSleep/2 {
		t.Errorf("slept for %s between two looks", d)
	}
}

func TestAtLeast(t *testing.T) {
	if got := atLeast(512, 256); got != 512 {
		t.Errorf("got %d", got)
	}
	if got := atLeast(512, 1025); got != 2048 {
		t.Errorf("got %d", got)
	}
}

// warned waits for a warning with this code and text.
func (w *watching) warned(code, text string) {
	w.t.Helper()
	select {
	case got := <-w.warnings:
		if !strings.HasPrefix(got, code+":") || !strings.Contains(got, text) {
			w.t.Errorf("warned %q, want %s and %q", got, code, text)
		}
	case <-time.After(patience):
		w.t.Fatalf("not warned of %s", code)
	}
}

func (w *watching) noWarning() {
	w.t.Helper()
	select {
	case got := <-w.warnings:
		w.t.Errorf("warned again: %q", got)
	default:
	}
}

// A watcher at rest does not wake before the tick.
func TestIdle(t *testing.T) {
	root := folderOf(t)
	var s spy
	begin := time.Now()
	w := start(t, false, Plan{Roots: []string{root}}, s.option)
	write(t, filepath.Join(root, "f"), "x")
	w.await(filepath.Join(root, "f"))
	w.rest()
	if next := time.Unix(0, s.nextDue.Load()); next.Before(begin.Add(idleTick)) {
		t.Errorf("wakes %s after its start, want %s at the earliest", next.Sub(begin), idleTick)
	}
}

// A system without file-system events at all is polled.
func TestNoEventsAtAll(t *testing.T) {
	root := folderOf(t)
	w := start(t, false, Plan{Roots: []string{root}}, func(c *Config) {
		c.seams.open = func() (*notify, error) { return nil, syscall.ENOSYS }
	})
	w.warned("watch-instances", "no file-system events")
	w.probe(root)
}

// A system that refuses to watch folders which can be read is polled, and says so.
func TestRefusedWatches(t *testing.T) {
	for _, refusal := range []error{syscall.EPERM, syscall.EACCES} {
		root := folderOf(t)
		w := start(t, false, Plan{Roots: []string{root}}, func(c *Config) {
			c.seams.add = func(*notify, string) error { return refusal }
		})
		w.warned("watch-refused", "refuses to watch")
		w.probe(root)
	}
}
