package fsys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
	f, info, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content := bytes.NewBuffer(make([]byte, 0, min(info.Size(), limit)+1+bytes.MinRead)) // it may have grown since, or say no size
	_, err = content.ReadFrom(io.LimitReader(f, limit+1))
	data := content.Bytes()
	if err == nil && int64(len(data)) > limit {
		err = &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %d bytes", limit)}
	}
	if err != nil {
		return nil, err
	}
	return data, nil
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
