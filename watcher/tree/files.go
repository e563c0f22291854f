package tree

import (
	"encoding/hex"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// CopyTo writes a regular file's content to out, has it on disk, and returns its BLAKE3 and size. It closes out.
func CopyTo(out *os.File, from string) (hash string, size int64, err error) {
	hash, size, onDisk, err := Copy(out, from)
	if err == nil {
		err = onDisk()
	}
	return hash, size, err
}

// Copy is CopyTo for who has something to do meanwhile: the content is on disk when onDisk returns.
func Copy(out *os.File, from string) (hash string, size int64, onDisk func() error, err error) {
	in, err := fsys.Open(from)
	if err != nil {
		return "", 0, nil, errors.Join(err, out.Close())
	}
	defer in.Close()
	h := blake3.New()
	if size, err = pour(io.MultiWriter(out, h), in); err != nil {
		return "", 0, nil, errors.Join(err, out.Close())
	}
	done := make(chan error, 1)
	go func() {
		err := out.Sync()
		if closeErr := out.Close(); err == nil {
			err = closeErr
		}
		done <- err
	}()
	return hex.EncodeToString(h.Sum(nil)), size, sync.OnceValue(func() error { return <-done }), nil
}

// hashers are used again: one takes ten kilobytes, and modules of a thousand capsules are hashed in a row.
var hashers = sync.Pool{New: func() any { return blake3.New() }}

// plain is a file that is read alone: an *os.File would bring a room of its own for each copy.
type plain struct{ io.Reader }

// HashFile is the BLAKE3 of a regular file's content, 64 lower-case hex digits.
func HashFile(path string) (string, error) {
	in, err := fsys.Open(path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	h := hashers.Get().(*blake3.Hasher)
	defer hashers.Put(h)
	h.Reset()
	if _, err := pour(h, in); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// pour writes all that is read, in pieces whose room is used again.
func pour(to io.Writer, from io.Reader) (size int64, err error) {
	room := rooms.Get().(*[blockRoom]byte)
	defer rooms.Put(room)
	return io.CopyBuffer(to, plain{from}, room[:])
}
