//go:build unix

package tree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

func mkfifo(t testing.TB, path string) {
	t.Helper()
	check(t, syscall.Mkfifo(path, 0o644))
}

// asUser runs fn without root's right to read everything; root is a t.TempDir.
func asUser(t *testing.T, root string, fn func()) {
	t.Helper()
	check(t, os.Chmod(filepath.Dir(root), 0o755))
	if os.Geteuid() == 0 {
		const nobody = 65534
		check(t, syscall.Setreuid(-1, nobody))
		defer func() { check(t, syscall.Setreuid(-1, 0)) }()
	}
	fn()
}

func TestUnreadableSourceIsNamed(t *testing.T) {
	for _, path := range []string{"secret", "d/secret", "d/secret/"} {
		root := t.TempDir()
		plant(t, root, "a", "1", "z/a", "1", path, "2")
		full := filepath.Join(root, path)
		check(t, os.Chmod(full, 0))
		asUser(t, root, func() {
			_, err := Take(context.Background(), root, Astrid())
			var pe *fs.PathError
			if !errors.As(err, &pe) || pe.Path != full || !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: error %v, want one that names it", path, err)
			}
			if errors.Is(err, ErrChanging) {
				t.Errorf("%s: %v claims a change", path, err)
			}
		})
		check(t, os.Chmod(full, 0o755))
	}
}

func TestWalkAndFindGoOnPastUnreadableFolders(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a/Capsule.toml", "", "secret/Capsule.toml", "", "z/Capsule.toml", "")
	check(t, os.Chmod(root+"/secret", 0))
	defer os.Chmod(root+"/secret", 0o755)
	asUser(t, root, func() {
		var partial *PartialError
		found, err := findCapsules(context.Background(), []string{root})
		if !errors.As(err, &partial) || len(partial.Errs) != 1 || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("FindCapsules: error %v, want a PartialError with one permission error", err)
		}
		wantPaths(t, found, root+"/a", root+"/z")
		var seen []string
		err = Walk(context.Background(), root, Astrid(), func(e Entry) error {
			seen = append(seen, e.Path)
			return nil
		})
		if !errors.As(err, &partial) || !errors.Is(err, fs.ErrPermission) {
			t.Errorf("Walk: error %v, want a PartialError", err)
		}
		wantPaths(t, seen, "", "a", "a/Capsule.toml", "z", "z/Capsule.toml")
	})
}

// swaps are what may happen to a file between the reading of its folder and its opening.
var swaps = map[string]func(t *testing.T, path string){
	"removed":       func(t *testing.T, path string) {},
	"pipe":          func(t *testing.T, path string) { mkfifo(t, path) },
	"link":          func(t *testing.T, path string) { check(t, os.Symlink("/dev/zero", path)) },
	"folder":        func(t *testing.T, path string) { check(t, os.Mkdir(path, 0o755)) },
	"linked folder": func(t *testing.T, path string) { check(t, os.Symlink(".", path)) },
	"linked file":   func(t *testing.T, path string) { check(t, os.Symlink("../a", path)) },
	"socket":        listen,
}

func listen(t *testing.T, path string) {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	check(t, err)
	t.Cleanup(func() { syscall.Close(fd) })
	t.Chdir(filepath.Dir(path)) // a socket's address is short
	check(t, syscall.Bind(fd, &syscall.SockaddrUnix{Name: filepath.Base(path)}))
}

func TestFileSwappedBeforeItIsOpened(t *testing.T) {
	for name, swap := range swaps {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			plant(t, root, "a", "1", "d/b", "2", "z", "3")
			var once sync.Once
			s, err := take(context.Background(), root, Astrid(), func(path string) {
				if path == root+"/d/b" {
					once.Do(func() {
						check(t, os.Remove(path))
						swap(t, path)
					})
				}
			})
			check(t, err)
			if s.Digest != mustTake(t, root, Astrid()).Digest {
				t.Errorf("took %q", pathsOf(s))
			}
			wantPaths(t, pathsOf(s), "a", "z")
		})
	}
}

// A folder swapped for a link after it was read: the file behind the link is another tree's.
func TestFolderSwappedBeforeItsFileIsOpened(t *testing.T) {
	root, other := t.TempDir(), t.TempDir()
	plant(t, root, "d/b", "mine")
	plant(t, other, "b", "theirs")
	want := mustTake(t, root, Astrid()).Digest
	s, err := take(context.Background(), root, Astrid(), func(path string) {
		check(t, os.Rename(root+"/d", root+"/target"))
		check(t, os.Symlink(other, root+"/d"))
	})
	check(t, err)
	if s.Digest != want {
		t.Error("the link was followed")
	}
}

func TestFolderSwappedForALinkBeforeItIsOpened(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "d/a", "", "other/a", "")
	d, err := fsys.OpenDir(root)
	check(t, err)
	defer d.Release()
	check(t, os.RemoveAll(root+"/d"))
	check(t, os.Symlink("other", root+"/d"))
	if sub, err := d.Open("d"); err == nil {
		sub.Release()
		t.Error("the link was followed")
	} else if !gone(err) {
		t.Errorf("error %v, want one that says it was swapped", err)
	}
}

func TestTreeThatNeverHoldsStill(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a", "1")
	_, err := take(context.Background(), root, Astrid(), func(path string) {
		// Renamed away just before it is opened, each time.
		check(t, os.Rename(path, path+"x"))
	})
	var changing *ChangingError
	if !errors.Is(err, ErrChanging) || !errors.As(err, &changing) || filepath.Dir(changing.Path) != root {
		t.Errorf("error %v, want a ChangingError that names the file", err)
	}
}

// A file rewritten in place within one tick of the kernel's clock keeps its
// times, so a second reading must tell. (Newer kernels never let it be seen.)
func TestChangeThatTheTimesDoNotShow(t *testing.T) {
	path := t.TempDir() + "/a"
	plant(t, filepath.Dir(path), "a", "before")
	r := newReader(context.Background(), nil, 0)
	r.cur = r.take()
	it := item{full: path, path: "a"}
	s, err := fsys.OpenSource(path)
	check(t, err)
	defer s.Close()
	is, err := s.Stat()
	check(t, err)
	st := fileOf("", is)
	handed, err := r.content(s, it, st.Size)
	check(t, err)
	check(t, r.settled(s, it, st, time.Now(), handed))
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	check(t, err)
	_, err = f.WriteString("after!")
	check(t, err)
	check(t, f.Close())
	if err := r.settled(s, it, st, time.Now(), handed); !errors.Is(err, ErrChanging) {
		t.Errorf("its times changed, but: %v", err)
	}
	if r.same(s, r.cur.data) {
		t.Error("another content is the same")
	}
	check(t, os.WriteFile(path, []byte("before"), 0o644))
	if !r.same(s, r.cur.data) {
		t.Error("the same content is another")
	}
}

// A log that grows while it is hashed, and one that is cut: the digest is of a
// content that the file had, or there is an error; never of half a content.
func TestFileWrittenWhileItIsRead(t *testing.T) {
	root := t.TempDir()
	path := root + "/log"
	plant(t, root, "log", "")
	const chunk = 300 << 10 // beyond a block, so that the length is handed on before the content
	sums := map[string]bool{}
	for _, size := range []int64{chunk, 2 * chunk} {
		check(t, os.Truncate(path, size))
		sums[mustTake(t, root, Astrid()).Digest.String()] = true
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for size := int64(chunk); ; size = 3*chunk - size {
			select {
			case <-stop:
				return
			default:
				os.Truncate(path, size)
			}
		}
	}()
	defer func() { close(stop); <-done }()
	taken, refused := 0, 0
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
		s, err := Take(context.Background(), root, Astrid())
		switch {
		case err == nil && !sums[s.Digest.String()]:
			t.Fatalf("digest %s of a content that never was", s.Digest)
		case err == nil:
			taken++
		case errors.Is(err, ErrChanging):
			refused++
		default:
			t.Fatal(err)
		}
	}
	t.Logf("%d taken, %d refused", taken, refused)
	if taken+refused == 0 {
		t.Error("nothing was tried")
	}
}
