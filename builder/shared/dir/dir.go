package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Store is a folder. Use Open.
type Store struct {
	folder  string
	options Options
	tidied  atomic.Int64 // when this process looked last, in nanoseconds
}

// Open makes the folder where it is missing. Its limits are kept, and what killed processes left is
// swept up, where something is put.
func Open(folder string, options Options) (*Store, error) {
	for _, part := range []string{"entries", "blobs"} {
		if err := os.MkdirAll(filepath.Join(folder, part), 0o755); err != nil {
			return nil, err
		}
	}
	return &Store{folder: folder, options: options}, nil
}

// Close does nothing.
func (s *Store) Close() error { return nil }

var isName = regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString

// path is where what has this name lies.
func (s *Store) path(part, name string) (string, error) {
	if !isName(name) {
		return "", fmt.Errorf("%.80q is no digest", name)
	}
	return filepath.Join(s.folder, part, name[:2], name), nil
}

// Entry implements shared.Store.
func (s *Store) Entry(_ context.Context, key string) ([]byte, error) {
	path, err := s.path("entries", key)
	if err != nil {
		return nil, err
	}
	data, err := fsys.Read(path, shared.MaxEntry)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, shared.ErrNone
	}
	s.used(path)
	return data, err
}

// used notes that somebody wanted the file at path.
func (s *Store) used(path string) {
	now := time.Now()
	_ = os.Chtimes(path, now, now) // a folder that may only be read is trimmed by nobody who reads
}

// Blob implements shared.Store.
func (s *Store) Blob(_ context.Context, id shared.ID, w io.Writer) error {
	path, err := s.path("blobs", id.BLAKE3)
	if err != nil {
		return err
	}
	f, err := fsys.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return shared.ErrNone
	}
	if err != nil {
		return err
	}
	defer f.Close()
	s.used(path)
	_, err = io.Copy(w, f)
	return err
}

// Put implements shared.Store.
func (s *Store) Put(ctx context.Context, key string, entry []byte, blobs []shared.Blob) error {
	for _, b := range blobs {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.put(b); err != nil {
			return full(err)
		}
	}
	path, err := s.path("entries", key)
	if err != nil {
		return err
	}
	err = full(s.write(path, func(w io.Writer) error {
		_, err := w.Write(entry)
		return err
	}))
	s.tidy()
	return err
}

// put stores a module. One that is there and whole stays: a damaged one is written again.
func (s *Store) put(b shared.Blob) error {
	path, err := s.path("blobs", b.BLAKE3)
	if err != nil {
		return err
	}
	if there, err := shared.Identify(path); err == nil && there == b.ID {
		s.used(path)
		return nil
	}
	return s.write(path, func(w io.Writer) error {
		f, err := fsys.Open(b.Path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	})
}

// write makes what fill writes the content of path, whole or not at all.
func (s *Store) write(path string, fill func(io.Writer) error) error {
	if s.options.Unsynced {
		return fsys.ReplaceUnsynced(path, 0o600, fill)
	}
	return fsys.Replace(path, 0o644, fill)
}

// full marks the errors of a disk that takes no more.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || err != nil && strings.Contains(err.Error(), "disk quota exceeded") {
		return fmt.Errorf("%w: %w", shared.ErrFull, err)
	}
	return err
}
