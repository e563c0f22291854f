//go:build !unix

package watcher

import (
	"io/fs"
	"os"
)

// lstat describes path without following a link; what cannot be told is missing.
func lstat(path string) stat {
	info, err := os.Lstat(path)
	if err != nil {
		return stat{}
	}
	return statOf(info)
}

// list reads one folder. What vanishes meanwhile is left out.
func list(path string, each func(name string, st stat)) error {
	found, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range found {
		if info, err := e.Info(); err == nil {
			each(e.Name(), statOf(info))
		}
	}
	return nil
}

// statOf has no identity: there is none without opening the file.
func statOf(info fs.FileInfo) stat {
	st := stat{kind: otherKind, mode: uint32(info.Mode()), size: info.Size(), mtime: info.ModTime().UnixNano()}
	switch {
	case info.Mode().IsRegular():
		st.kind = fileKind
	case info.IsDir():
		st.kind = folderKind
	case info.Mode()&fs.ModeSymlink != 0:
		st.kind = linkKind
	}
	return st
}
