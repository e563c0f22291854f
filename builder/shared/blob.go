package shared

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Identify reads the file at path and names its content.
func Identify(path string) (ID, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return ID{}, err
	}
	defer f.Close()
	s := newSum(io.Discard, -1)
	if _, err := io.Copy(s, f); err != nil {
		return ID{}, err
	}
	return s.id(), nil
}

// ErrLie is in the error of a store that gave other bytes than those that were asked for.
var ErrLie = errors.New("the store gave other bytes than those asked for")

// sum passes bytes on and says what they are. More than limit bytes are refused at once, so
// that a store cannot fill the disk; a negative limit is none.
type sum struct {
	to            io.Writer
	limit         int64
	blake3, sha25 hash.Hash
	size          int64
}

func newSum(to io.Writer, limit int64) *sum {
	return &sum{to: to, limit: limit, blake3: blake3.New(), sha25: sha256.New()}
}

func (s *sum) Write(p []byte) (int, error) {
	if s.limit >= 0 && s.size+int64(len(p)) > s.limit {
		return 0, fmt.Errorf("%w: more than %d bytes", ErrLie, s.limit)
	}
	s.size += int64(len(p))
	s.blake3.Write(p)
	s.sha25.Write(p)
	return s.to.Write(p)
}

func (s *sum) id() ID {
	return ID{hex.EncodeToString(s.blake3.Sum(nil)), hex.EncodeToString(s.sha25.Sum(nil)), s.size}
}

// fetch puts the module id at path, which must not be there yet. What is there after an error
// is to be deleted.
func fetch(ctx context.Context, s Store, id ID, path string) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	counted := newSum(f, id.Size)
	if err := s.Blob(ctx, id, counted); err != nil {
		return err
	}
	if got := counted.id(); got != id {
		return fmt.Errorf("%w: %d bytes with BLAKE3 %s instead of %d with %s", ErrLie, got.Size, got.BLAKE3, id.Size, id.BLAKE3)
	}
	return nil
}

// holds reports whether one of texts stands in the file at path.
func holds(path string, texts []string) (string, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	longest := 1
	for _, t := range texts {
		longest = max(longest, len(t))
	}
	in := bufio.NewReaderSize(f, 1<<20)
	var window []byte
	chunk := make([]byte, 1<<20)
	for {
		n, err := in.Read(chunk)
		window = append(window, chunk[:n]...)
		for _, t := range texts {
			if t != "" && bytes.Contains(window, []byte(t)) {
				return t, nil
			}
		}
		window = append(window[:0], window[max(0, len(window)-longest+1):]...)
		if err == io.EOF {
			return "", nil
		}
		if err != nil {
			return "", err
		}
	}
}
