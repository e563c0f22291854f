//go:build unix

package watcher

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// lstat describes path without following a link; what cannot be told is missing.
func lstat(path string) stat {
	var st unix.Stat_t
	for {
		err := unix.Lstat(path, &st)
		if err == nil {
			return statOf(&st)
		}
		if err != unix.EINTR {
			return stat{}
		}
	}
}

// list reads one folder, which must not be a link. What vanishes meanwhile is left out.
func list(path string, each func(name string, st stat)) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	dir := os.NewFile(uintptr(fd), path)
	defer dir.Close() // nothing was written to it
	found, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range found {
		var st unix.Stat_t
		err := unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		for errors.Is(err, unix.EINTR) {
			err = unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		}
		if err == nil {
			each(name, statOf(&st))
		}
	}
	return nil
}

func statOf(st *unix.Stat_t) stat {
	return stat{
		kind: kindOf(uint32(st.Mode)),
		id:   identity{dev: uint64(st.Dev), ino: uint64(st.Ino)},
		mode: uint32(st.Mode), size: st.Size,
		mtime: st.Mtim.Nano(), ctime: st.Ctim.Nano(),
	}
}

func kindOf(mode uint32) kind {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return fileKind
	case unix.S_IFDIR:
		return folderKind
	case unix.S_IFLNK:
		return linkKind
	}
	return otherKind
}
