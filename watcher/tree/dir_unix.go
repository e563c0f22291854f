//go:build unix

package tree

import (
	"errors"
	"io/fs"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// dir is an open folder. Files and folders in it are opened relative to its
// descriptor, so that a folder which is moved or swapped for a symbolic link
// in the middle of a walk never leads the walk elsewhere.
type dir struct {
	path string // absolute
	file *os.File
	fd   int          // of file
	refs atomic.Int32 // the folder is closed when the last holder let go
}

// openRoot opens a folder, following symbolic links: a root may be one.
func openRoot(path string) (*dir, error) {
	return openDirAt(unix.AT_FDCWD, path, path, 0)
}

// open opens the folder name in d; a symbolic link fails with an error that swapped knows.
func (d *dir) open(name string) (*dir, error) {
	return openDirAt(d.fd, name, join(d.path, name), unix.O_NOFOLLOW)
}

func openDirAt(at int, name, path string, flags int) (*dir, error) {
	fd, err := openAt(at, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|flags)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	d := &dir{path: path, file: os.NewFile(uintptr(fd), path), fd: fd}
	d.refs.Store(1)
	return d, nil
}

// read lists the folder in no order. It may be called once.
func (d *dir) read() ([]fs.DirEntry, error) { return d.file.ReadDir(-1) }

func (d *dir) hold() { d.refs.Add(1) }

func (d *dir) release() {
	if d.refs.Add(-1) == 0 {
		d.file.Close() // nothing was written to it
	}
}

// stat describes name in d without following a link.
func (d *dir) stat(name string) (File, fs.FileMode, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		if err == nil {
			return fileOf(&st), modeOf(&st), nil
		}
		if err != unix.EINTR {
			return File{}, 0, &fs.PathError{Op: "stat", Path: join(d.path, name), Err: err}
		}
	}
}

// source is an open file whose bytes are read.
type source struct {
	fd   int
	path string
}

// openSource opens name in d, or path itself when d is nil. It never waits on a
// FIFO and, in a folder, never follows a link.
func openSource(d *dir, name, path string) (source, error) {
	at, flags := unix.AT_FDCWD, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY
	if d != nil {
		at, flags = d.fd, flags|unix.O_NOFOLLOW
	} else {
		name = path
	}
	fd, err := openAt(at, name, flags)
	if err != nil {
		if d != nil {
			path = join(d.path, name)
		}
		return source{}, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return source{fd: fd, path: path}, nil
}

func openAt(at int, name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(at, name, flags, 0)
		if err != unix.EINTR { // a signal may interrupt an open on some file systems
			return fd, err
		}
	}
}

func (s source) close() { unix.Close(s.fd) }

// stat describes the open file; regular is false for anything but a plain file.
func (s source) stat() (f File, regular bool, err error) {
	var st unix.Stat_t
	for {
		err := unix.Fstat(s.fd, &st)
		if err == nil {
			return fileOf(&st), st.Mode&unix.S_IFMT == unix.S_IFREG, nil
		}
		if err != unix.EINTR {
			return File{}, false, err
		}
	}
}

// read returns 0 and no error at the end of the file.
func (s source) read(p []byte) (int, error) {
	for {
		n, err := unix.Read(s.fd, p)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// readAgain reads from the beginning until p is full, the end, or an error.
func (s source) readAgain(p []byte) (n int) {
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

func fileOf(st *unix.Stat_t) File {
	return File{Size: st.Size, Ino: uint64(st.Ino), Mtime: st.Mtim.Nano(), Ctime: st.Ctim.Nano(), Exec: st.Mode&0o111 != 0}
}

func modeOf(st *unix.Stat_t) fs.FileMode {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return 0
	case unix.S_IFDIR:
		return fs.ModeDir
	case unix.S_IFLNK:
		return fs.ModeSymlink
	}
	return fs.ModeIrregular
}

// swapped reports whether err says that a path is no longer of the kind it was:
// a link or a file where a folder was, a link or a socket where a file was.
func swapped(err error) bool {
	return errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) ||
		errors.Is(err, unix.ENXIO) || errors.Is(err, unix.EMLINK) || errors.Is(err, unix.ESTALE)
}

// openListed opens a folder by its path; only a root may be a link.
func openListed(d folder) (*dir, error) {
	flags := unix.O_NOFOLLOW
	if d.root {
		flags = 0
	}
	return openDirAt(unix.AT_FDCWD, d.path, d.path, flags)
}
