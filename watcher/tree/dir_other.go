//go:build !unix

package tree

import (
	"io"
	"io/fs"
	"os"
)

// dir is a folder known by its path; here nothing is opened relative to a folder.
type dir struct{ path string }

func openRoot(path string) (*dir, error) {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: path, Err: fs.ErrInvalid}
	}
	return &dir{path: path}, err
}

func (d *dir) open(name string) (*dir, error) {
	path := join(d.path, name)
	info, err := os.Lstat(path)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return &dir{path: path}, err
}

func (d *dir) read() ([]fs.DirEntry, error) {
	f, err := os.Open(d.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadDir(-1)
}

func (d *dir) hold()    {}
func (d *dir) release() {}

func (d *dir) stat(name string) (File, fs.FileMode, error) {
	info, err := os.Lstat(join(d.path, name))
	if err != nil {
		return File{}, 0, err
	}
	return fileOf(info), info.Mode().Type(), nil
}

// source is an open file whose bytes are read.
type source struct{ file *os.File }

func openSource(d *dir, name, path string) (source, error) {
	stat := os.Stat
	if d != nil {
		path, stat = join(d.path, name), os.Lstat
	}
	info, err := stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	if err != nil {
		return source{}, err
	}
	f, err := os.Open(path)
	return source{file: f}, err
}

func (s source) close() { s.file.Close() }

func (s source) stat() (File, bool, error) {
	info, err := s.file.Stat()
	if err != nil {
		return File{}, false, err
	}
	return fileOf(info), info.Mode().IsRegular(), nil
}

func (s source) read(p []byte) (int, error) {
	n, err := s.file.Read(p)
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// readAgain reads from the beginning until p is full, the end, or an error.
func (s source) readAgain(p []byte) int {
	n, _ := s.file.ReadAt(p, 0) // a short reading differs from the first
	return n
}

// fileOf knows no inode and no change time here.
func fileOf(info fs.FileInfo) File {
	return File{Size: info.Size(), Mtime: info.ModTime().UnixNano()}
}

func swapped(error) bool { return false }

// openListed opens a folder by its path.
func openListed(d folder) (*dir, error) { return openRoot(d.path) }
