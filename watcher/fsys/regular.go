package fsys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// Open opens the regular file at path, or the one that a link there leads to,
// for reading. Anything else is an *fs.PathError: a FIFO would be waited for for
// ever. The caller closes the file.
func Open(path string) (*os.File, error) {
	f, _, err := open(path)
	return f, err
}

func open(path string) (*os.File, fs.FileInfo, error) {
	f, err := openQuick(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// Read is the content of the regular file at path. More than limit bytes are an error.
func Read(path string, limit int64) ([]byte, error) {
	s, err := OpenSource(path)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	data, err := s.whole(limit)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: path, Err: err}
	}
	return data, nil
}

// whole is all of a regular file of up to limit bytes, which is open and was not read from.
func (s Source) whole(limit int64) ([]byte, error) {
	info, err := s.Stat()
	if err != nil {
		return nil, err
	}
	if info.Kind != File {
		return nil, errors.New("not a regular file")
	}
	data := make([]byte, 0, min(info.Size, limit)+1) // the end is seen without more room; it may have grown since, or say no size
	for {
		n, err := s.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case err != nil:
			return nil, err
		case int64(len(data)) > limit:
			return nil, fmt.Errorf("larger than %d bytes", limit)
		case n == 0:
			return data, nil
		case len(data) == cap(data):
			data = slices.Grow(data, 512)
		}
	}
}

// Begins reports whether the content of the regular file at path begins with head. The
// error is Open's.
func Begins(path, head string) (bool, error) {
	f, err := Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	data := make([]byte, len(head))
	n, _ := io.ReadFull(f, data)
	return string(data[:n]) == head, nil
}
