package fsys

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace makes what fill writes the content of path, whole or not at all: it goes into a
// new file beside path, is synced, and renamed over it. path is no link; the file gets mode.
func Replace(path string, mode fs.FileMode, fill func(io.Writer) error) error {
	if err := replace(path, mode, fill, (*os.File).Sync); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil // a folder that can be written but not listed: the rename is done all the same
	}
	defer d.Close()
	return Sync(d)
}

// ReplaceUnsynced is Replace for what may be lost: after a crash of the machine path may hold anything.
func ReplaceUnsynced(path string, mode fs.FileMode, fill func(io.Writer) error) error {
	return replace(path, mode, fill, func(*os.File) error { return nil })
}

func replace(path string, mode fs.FileMode, fill func(io.Writer) error, sync func(*os.File) error) error {
	temp, err := Beside(path)
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // fails when it was renamed, as it should
	err = fill(temp)
	if err == nil {
		err = temp.Chmod(mode)
	}
	if err == nil {
		err = sync(temp)
	}
	if err := errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// Beside makes a new file beside path, and the folders above it.
func Beside(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	base := filepath.Base(path)
	base = base[:min(len(base), 200)] // leaves room in the 255 bytes of a file's name for what CreateTemp adds
	return os.CreateTemp(filepath.Dir(path), "."+base+".*.tmp")
}
