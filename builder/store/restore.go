package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Published modules may be deleted or overwritten by somebody else at any time: a broom
// (git clean), a checkout, another tool's build. They are put back from their blobs, which
// are known by their hashes, so that nothing has to be built.

// ErrNoCopy is Restore's answer when what was published cannot be put back: record or
// blobs are gone too, or of something else. It takes a build.
var ErrNoCopy = errors.New("there is no copy of what was published")

// Stands reports whether the modules that r published stand in dir, whole, but for those that
// no build makes. They are read anew: what replaced one may have its size and its time.
func (s *Store) Stands(dir string, r *Record) bool {
	s.forget(dir, r)
	return s.Intact(dir, made(r))
}

func (s *Store) forget(dir string, r *Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range r.Modules {
		delete(s.hashed, filepath.Join(dir, filepath.FromSlash(m.File)))
	}
}

// Restore puts what r published back where it does not stand as it was published, and names
// the files below dir that it wrote; none when all of it stands again. What is not ours is left
// alone, and a *Refusal says so. The lock is held.
func (s *Store) Restore(dir string, r *Record) (files []string, err error) {
	s.forget(dir, r)
	missing, err := s.missing(dir, r)
	if err != nil {
		return nil, err
	}
	if err := putBack(dir, missing, r); err != nil {
		return nil, err
	}
	for _, m := range missing {
		files = append(files, m.File)
	}
	return files, nil
}

// made are the modules of r that a build makes. One that the author put at its published
// path by hand is a source of theirs: an older copy of it is not put back over a newer one.
func made(r *Record) (list []Module) {
	for _, m := range r.Modules {
		if !m.Found {
			list = append(list, m)
		}
	}
	return list
}

// missing are the modules of r that do not stand as they were published. All of them have
// whole blobs, else the error is ErrNoCopy: nothing is put back by halves.
func (s *Store) missing(dir string, r *Record) (missing []Module, err error) {
	for _, m := range made(r) {
		if s.Intact(dir, []Module{m}) {
			continue
		}
		if !m.isWhole(BlobPath(dir, m.Hash)) {
			return nil, ErrNoCopy
		}
		missing = append(missing, m)
	}
	return missing, nil
}

func putBack(dir string, missing []Module, last *Record) error {
	return inFolder(dir, func(f *folder) error {
		for _, m := range missing {
			if err := f.place(m, last, ""); err != nil {
				return fmt.Errorf("putting %s back: %w", m.File, err)
			}
		}
		return nil
	})
}

// hashedFile is a published file's hash, believed while its stat stays the same.
type hashedFile struct {
	size  int64
	mtime time.Time
	hash  string
}

// Intact reports whether every module stands as it was published.
func (s *Store) Intact(dir string, modules []Module) bool {
	for _, m := range modules {
		path := filepath.Join(dir, filepath.FromSlash(m.File))
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() || info.Size() != m.Size || s.hash(path, info) != m.Hash {
			return false
		}
	}
	return true
}

func (s *Store) hash(path string, info fs.FileInfo) string {
	s.mu.Lock()
	known, ok := s.hashed[path]
	s.mu.Unlock()
	if ok && known.size == info.Size() && known.mtime.Equal(info.ModTime()) {
		return known.hash
	}
	hash, err := tree.HashFile(path)
	if err != nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hashed[path] = hashedFile{info.Size(), info.ModTime(), hash}
	return hash
}
