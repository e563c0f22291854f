//go:build !unix

package fsys

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Lstat describes path without following a link; what cannot be told is missing.
func Lstat(path string) Info {
	info, err := os.Lstat(path)
	if err != nil {
		return Info{}
	}
	return infoOf(info)
}

// Stat describes what path leads to, following links; what cannot be told is missing.
func Stat(path string) Info {
	info, err := os.Stat(path)
	if err != nil {
		return Info{}
	}
	return infoOf(info)
}

// Real is path, absolute and clean, with all links resolved.
func Real(path string) (string, error) { return filepath.EvalSymlinks(path) }

// List reads one folder. What vanishes meanwhile is left out.
func List(path string, each func(name string, i Info)) error {
	found, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range found {
		if info, err := e.Info(); err == nil {
			each(e.Name(), infoOf(info))
		}
	}
	return nil
}

// Dir is a folder known by its path; here nothing is opened relative to a folder.
type Dir struct{ Path string }

// OpenDir is for a folder, following symbolic links.
func OpenDir(path string) (*Dir, error) { return openDir(path, os.Stat, fs.ErrInvalid) }

// OpenRealDir is for a folder that no link stands for.
func OpenRealDir(path string) (*Dir, error) { return openDir(path, os.Lstat, fs.ErrNotExist) }

// Open is for the folder name in d, no link to one.
func (d *Dir) Open(name string) (*Dir, error) { return OpenRealDir(Join(d.Path, name)) }

func openDir(path string, stat func(string) (fs.FileInfo, error), other error) (*Dir, error) {
	info, err := stat(path)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: path, Err: other}
	}
	return &Dir{Path: path}, err
}

// Entries lists the folder in no order.
func (d *Dir) Entries() ([]fs.DirEntry, error) {
	f, err := os.Open(d.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

// Hold and Release do nothing: nothing is held open.
func (d *Dir) Hold()    {}
func (d *Dir) Release() {}

// Stat describes name in d without following a link.
func (d *Dir) Stat(name string) (Info, error) {
	info, err := os.Lstat(Join(d.Path, name))
	if err != nil {
		return Info{}, err
	}
	return infoOf(info), nil
}

// Source is an open file whose bytes are read.
type Source struct{ file *os.File }

// Source opens name in d, which must be no link.
func (d *Dir) Source(name string) (Source, error) { return openSource(Join(d.Path, name), os.Lstat) }

// OpenSource opens path, following links.
func OpenSource(path string) (Source, error) { return openSource(path, os.Stat) }

func openSource(path string, stat func(string) (fs.FileInfo, error)) (Source, error) {
	info, err := stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	if err != nil {
		return Source{}, err
	}
	f, err := os.Open(path)
	return Source{file: f}, err
}

// Close closes the file; nothing was written to it.
func (s Source) Close() { s.file.Close() }

// Stat describes the open file.
func (s Source) Stat() (Info, error) {
	info, err := s.file.Stat()
	if err != nil {
		return Info{}, err
	}
	return infoOf(info), nil
}

// Read returns 0 and no error at the end of the file.
func (s Source) Read(p []byte) (int, error) {
	n, err := s.file.Read(p)
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// ReadAgain reads from the beginning until p is full, the end, or an error.
func (s Source) ReadAgain(p []byte) int {
	n, _ := s.file.ReadAt(p, 0) // a short reading differs from the first
	return n
}

// infoOf has no identity and no change time: there is none without opening the file.
func infoOf(info fs.FileInfo) Info {
	i := Info{Kind: Other, Mode: uint32(info.Mode()), Size: info.Size(), Mtime: info.ModTime().UnixNano()}
	switch {
	case info.Mode().IsRegular():
		i.Kind = File
	case info.IsDir():
		i.Kind = Folder
	case info.Mode()&fs.ModeSymlink != 0:
		i.Kind = Link
	}
	return i
}

// Swapped is for systems whose errors say that a path is of another kind than it was.
func Swapped(error) bool { return false }
