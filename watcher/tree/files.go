package tree

import (
	"cmp"
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
	hash, size, onDisk, err := Copy(from, out)
	if err == nil {
		err = onDisk()
	}
	return hash, size, err
}

// Copy is CopyTo for who has something to do meanwhile, to one file or to several: the content is on disk when onDisk returns.
func Copy(from string, out ...*os.File) (hash string, size int64, onDisk func() error, err error) {
	h := blake3.New()
	if size, err = copyTo(h, from, out); err != nil {
		for _, f := range out {
			err = errors.Join(err, f.Close())
		}
		return "", 0, nil, err
	}
	done := make(chan error, 1)
	go func() {
		var err error
		for _, f := range out {
			err = cmp.Or(err, f.Sync(), f.Close())
		}
		done <- err
	}()
	return hex.EncodeToString(h.Sum(nil)), size, sync.OnceValue(func() error { return <-done }), nil
}

// copyTo writes a regular file's content to h and to all files.
func copyTo(h io.Writer, from string, out []*os.File) (size int64, err error) {
	in, err := fsys.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	all := []io.Writer{h}
	for _, f := range out {
		all = append(all, f)
	}
	return io.CopyBuffer(io.MultiWriter(all...), plain{in}, make([]byte, copyRoom))
}

// copyRoom is how much is copied at once: a module is some of these.
const copyRoom = 256 << 10

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
	room := rooms.Get().(*[blockRoom]byte)
	defer rooms.Put(room)
	if _, err := io.CopyBuffer(h, plain{in}, room[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
