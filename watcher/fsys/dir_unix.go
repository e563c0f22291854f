//go:build unix

package fsys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// again repeats a system call that a signal interrupted, which some file systems let happen.
func again(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

// Lstat describes path without following a link; what cannot be told is missing.
func Lstat(path string) Info {
	var st unix.Stat_t
	err := again(func() error { return unix.Lstat(path, &st) })
	if err == unix.ENAMETOOLONG {
		err = again(func() error { return lstatLong(path, &st) })
	}
	if err != nil {
		return Info{}
	}
	return infoOf(&st)
}

// Stat describes what path leads to, following links; what cannot be told is missing.
func Stat(path string) Info {
	var st unix.Stat_t
	if again(func() error { return unix.Stat(path, &st) }) != nil {
		return Info{}
	}
	return infoOf(&st)
}

// Real is path, absolute and clean, with all links resolved.
func Real(path string) (string, error) {
	linked := func(at string) bool { return Lstat(at).Kind != Folder }
	if kind := Lstat(path).Kind; kind != Folder && kind != File || slices.ContainsFunc(Upward(filepath.Dir(path)), linked) {
		return filepath.EvalSymlinks(path)
	}
	return path, nil
}

// List reads one folder, which must not be a link. What vanishes meanwhile is left out.
func List(path string, each func(name string, i Info)) error {
	d, err := OpenRealDir(path)
	if err != nil {
		return err
	}
	defer d.Release()
	names, err := d.listed().Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		if i, err := d.Stat(name); err == nil {
			each(name, i)
		}
	}
	return nil
}

// Dir is an open folder. Files and folders in it are opened relative to its
// descriptor, so that a folder which is moved or swapped for a symbolic link
// in the middle of a walk never leads the walk elsewhere.
type Dir struct {
	Path string // absolute
	fd   int
	file *os.File     // of fd, which it closes then; nil while nobody lists the folder: it costs as much as opening it
	refs atomic.Int32 // the folder is closed when the last holder let go
}

// OpenDir opens a folder, following symbolic links.
func OpenDir(path string) (*Dir, error) { return openDirAt(unix.AT_FDCWD, path, path, 0) }

// OpenRealDir opens a folder that no link stands for.
func OpenRealDir(path string) (*Dir, error) {
	return openDirAt(unix.AT_FDCWD, path, path, unix.O_NOFOLLOW)
}

// Open opens the folder name in d; a symbolic link fails with an error that Swapped knows.
func (d *Dir) Open(name string) (*Dir, error) {
	return openDirAt(d.fd, name, Join(d.Path, name), unix.O_NOFOLLOW)
}

func openDirAt(at int, name, path string, flags int) (*Dir, error) {
	fd, err := openAt(at, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|flags)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	d := &Dir{Path: path, fd: fd}
	d.refs.Store(1)
	return d, nil
}

// Entries lists the folder in no order. It may be called once.
func (d *Dir) Entries() ([]fs.DirEntry, error) { return d.listed().ReadDir(-1) }

// listed is the folder as it is listed.
func (d *Dir) listed() *os.File {
	if d.file == nil {
		d.file = os.NewFile(uintptr(d.fd), d.Path)
	}
	return d.file
}

// Hold keeps the folder open for one more Release.
func (d *Dir) Hold() { d.refs.Add(1) }

// Release closes the folder when nobody holds it any more.
func (d *Dir) Release() {
	switch {
	case d.refs.Add(-1) > 0:
	case d.file != nil:
		d.file.Close() // nothing was written to it
	default:
		unix.Close(d.fd)
	}
}

// Stat describes name in d without following a link.
func (d *Dir) Stat(name string) (Info, error) {
	var st unix.Stat_t
	if err := again(func() error { return unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) }); err != nil {
		return Info{}, &fs.PathError{Op: "stat", Path: Join(d.Path, name), Err: err}
	}
	return infoOf(&st), nil
}

// Source is an open file whose bytes are read, without the cost of an *os.File.
type Source struct{ fd int }

// Flags of a file that is read: it is never waited for, as a FIFO would be.
const sourceFlags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC | unix.O_NOCTTY

// Source opens name in d, which must be no link.
func (d *Dir) Source(name string) (Source, error) {
	return openSource(d.fd, name, Join(d.Path, name), sourceFlags|unix.O_NOFOLLOW)
}

// OpenSource opens path, following links.
func OpenSource(path string) (Source, error) {
	return openSource(unix.AT_FDCWD, path, path, sourceFlags)
}

func openSource(at int, name, path string, flags int) (Source, error) {
	fd, err := openAt(at, name, flags)
	if err != nil {
		return Source{}, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return Source{fd: fd}, nil
}

func openAt(at int, name string, flags int) (fd int, err error) {
	err = again(func() error {
		if fd, err = unix.Openat(at, name, flags, 0); err == unix.ENAMETOOLONG && at == unix.AT_FDCWD {
			fd, err = openLong(name, flags)
		}
		return err
	})
	return fd, err
}

// Close closes the file; nothing was written to it.
func (s Source) Close() { unix.Close(s.fd) }

// Stat describes the open file.
func (s Source) Stat() (Info, error) {
	var st unix.Stat_t
	if err := again(func() error { return unix.Fstat(s.fd, &st) }); err != nil {
		return Info{}, err
	}
	return infoOf(&st), nil
}

// Read returns 0 and no error at the end of the file.
func (s Source) Read(p []byte) (n int, err error) {
	err = again(func() error {
		n, err = unix.Read(s.fd, p)
		return err
	})
	return max(n, 0), err
}

// ReadAgain reads from the beginning until p is full, the end, or an error.
func (s Source) ReadAgain(p []byte) (n int) {
	for n < len(p) {
		m, err := unix.Pread(s.fd, p[n:], int64(n))
		if err == unix.EINTR {
			continue
		}
		if m <= 0 || err != nil {
			break
		}
		n += m
	}
	return n
}

func infoOf(st *unix.Stat_t) Info {
	return Info{
		Kind: kindOf(uint32(st.Mode)),
		ID:   Identity{Dev: uint64(st.Dev), Ino: uint64(st.Ino)},
		Mode: uint32(st.Mode), Size: st.Size,
		Mtime: st.Mtim.Nano(), Ctime: st.Ctim.Nano(),
	}
}

func kindOf(mode uint32) Kind {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return File
	case unix.S_IFDIR:
		return Folder
	case unix.S_IFLNK:
		return Link
	}
	return Other
}

// Swapped reports whether err says that a path is no longer of the kind it was:
// a link or a file where a folder was, a link or a socket where a file was.
func Swapped(err error) bool {
	return errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) ||
		errors.Is(err, unix.ENXIO) || errors.Is(err, unix.EMLINK) || errors.Is(err, unix.ESTALE)
}
