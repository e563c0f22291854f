package store

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// recordVersion changes when an old record must not be believed.
const recordVersion = 1

// Record is what a capsule's last publication was built from. It is a cache:
// losing it costs one build.
type Record struct {
	Version    int               `json:"version"`
	Key        string            `json:"key"`
	Quality    string            `json:"quality,omitempty"` // "debug"; "": release
	Inputs     string            `json:"inputs,omitempty"`  // of a debug module: the key of a release from the same inputs
	SourceHash string            `json:"source_hash"`
	Outside    []string          `json:"outside"` // absolute inputs that the toolchain told of
	Modules    []Module          `json:"modules"`
	Reports    []json.RawMessage `json:"reports"` // one a module, to say what the next build changed
	Written    time.Time         `json:"written"`
	Shared     bool              `json:"shared,omitempty"`    // the modules were made elsewhere, and nobody here has what tells of their lines
	CodeHash   string            `json:"code_hash,omitempty"` // SourceHash without the files of tests; "": there were none
	Calls      json.RawMessage   `json:"calls,omitempty"`     // what calls of the first module did; nil: nobody knows
	Changed    json.RawMessage   `json:"changed,omitempty"`   // what they do otherwise than those of the module before; nil: nothing
	Tests      json.RawMessage   `json:"tests,omitempty"`     // what came of the capsule's tests; nil: there were none
	Findings   []finding.Finding `json:"findings,omitempty"`  // warnings and notes of its build and load

	file tree.File // what it was read from, without a name; zero where another one may look the same
}

// Module is a published file as it is recorded: below the capsule, so that a moved capsule keeps its record.
type Module struct {
	ID    string `json:"id"`
	File  string `json:"file"`            // slash path below the capsule
	Found bool   `json:"found,omitempty"` // the author put it there: it is never put back over what stands there now
	Hash  string `json:"hash"`
	Size  int64  `json:"size"`
	Kind  string `json:"kind"`
}

// isWhole reports whether the file at path has the content of m.
func (m Module) isWhole(path string) bool {
	hash, err := tree.HashFile(path)
	return err == nil && hash == m.Hash
}

// Again is the record of dir's last publication now, where r is what Read gave before: r itself, unless the
// file is another one since, or may be.
func (r *Record) Again(dir string) *Record {
	if r != nil && r.file != (tree.File{}) {
		if now, is := tree.Lstat(Path(dir, RecordFile)); is && now == r.file {
			return r
		}
	}
	return Read(dir)
}

// From reports whether r's modules, of whatever quality, were made from the inputs whose key this is.
func (r *Record) From(key string) bool { return r.Key == key || r.Quality != "" && r.Inputs == key }

const (
	keptBlobs   = 5        // so that a consumer that is a few reloads behind still finds its module
	recordLimit = 64 << 20 // bytes: four reports of the greatest length
)

// makeState creates the capsule's state folder. It is called without the lock, so it writes
// no file: who holds the lock sweeps up what looks like a dead process's.
func (f *folder) makeState() error {
	if err := f.checkState(); err != nil {
		return err
	}
	return f.MkdirAll(stateName(WorkFolder), 0o755)
}

// mark has the state folder known as a cache, and ignored by git. The lock is held.
func (f *folder) mark() error {
	for name, content := range map[string]string{".gitignore": "*\n", "CACHEDIR.TAG": cacheTag} {
		if info, err := f.Lstat(stateName(name)); err == nil && info.Mode().IsRegular() {
			continue
		}
		if err := f.Replace(stateName(name), []byte(content)); err != nil {
			return err
		}
	}
	return nil
}

// Read is the record of dir's last publication, nil when there is none that can be believed.
func Read(dir string) *Record { return readRecord(dir, RecordFile) }

// readRecord reads a record or an intent. A missing, broken or foreign one is nil.
func readRecord(dir, name string) *Record {
	file, began := tree.File{}, time.Now()
	if at, is := tree.Lstat(Path(dir, name)); is && at.Settled(began) {
		file = at
	}
	data, err := fsys.Read(Path(dir, name), recordLimit)
	if err != nil {
		return nil
	}
	r := Record{file: file}
	if json.Unmarshal(data, &r) != nil || r.Version != recordVersion {
		return nil
	}
	for _, m := range r.Modules {
		if !filepath.IsLocal(filepath.FromSlash(m.File)) || len(m.Hash) != 64 {
			return nil
		}
	}
	return &r
}

// Prepare reads the record of dir's last publication before it is asked for.
func (s *Store) Prepare(dir string) {
	r := Read(dir)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead[dir] = r
}

// Read is Read, which makes use of what Prepare has read.
func (s *Store) Read(dir string) *Record {
	s.mu.Lock()
	r := s.ahead[dir]
	delete(s.ahead, dir)
	s.mu.Unlock()
	return r.Again(dir)
}

// Lines is where the core module lies of which r's module for file, a slash path below dir, was made, with
// what tells of its source; "" where nobody kept it, or r is nil.
func (r *Record) Lines(dir, file string) string {
	if r == nil {
		return ""
	}
	for _, m := range r.Modules {
		if path := Path(dir, LinesFolder, m.Hash+".wasm"); m.File == file && isFile(path) {
			return path
		}
	}
	return ""
}

func isFile(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}

func (f *folder) writeRecord(name string, r *Record) error {
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("encoding %s: %w", name, err)
	}
	return f.Replace(stateName(name), data)
}
