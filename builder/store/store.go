package store

import (
	"path/filepath"
	"sync"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// The names below <capsule>/target/astrid-dev.
const (
	Folder        = "target/astrid-dev"
	RecordFile    = "record.json"
	IntentFile    = "intent.json"  // a record whose publication was begun
	verdictFile   = "verdict.json" // the newest build, when it failed
	LockFile      = "lock"
	RunNote       = "run"       // when the last build command ran
	SeenNote      = "seen"      // the inputs of that run
	DebugRunNote  = "debug-run" // the same of debug builds
	DebugSeenNote = "debug-seen"
	CauseNote     = "cause" // what the newest verdict went by, and what had changed
	LookNote      = "look"  // the sources as they were at the newest look
	BlobFolder    = "blobs"
	WorkFolder    = "work"
	LinesFolder   = "lines"  // of each blob the core module with what tells of its source
	WorkShared    = "shared" // in a build's folder: what another machine made
)

// Path is a path below dir's state folder.
func Path(dir string, names ...string) string {
	return filepath.Join(append([]string{dir, filepath.FromSlash(Folder)}, names...)...)
}

// BlobPath is where the copy of a module with that hash lies.
func BlobPath(dir, hash string) string { return Path(dir, BlobFolder, hash+".wasm") }

// Store remembers what need not be asked of the disk again. Use New.
type Store struct {
	mu     sync.Mutex            // guards all below
	locked map[string]bool       // capsule folders whose lock is held by us
	hashed map[string]hashedFile // published path -> its hash at a stat
	ahead  map[string]*Record    // capsule folder -> its record, which Prepare read and nobody has asked for yet
}

// New returns a Store that remembers nothing.
func New() *Store {
	return &Store{locked: map[string]bool{}, hashed: map[string]hashedFile{}, ahead: map[string]*Record{}}
}

// Refusal is a write that would cost somebody a file that is not ours.
type Refusal struct {
	Code          finding.Code
	Message, Hint string
}

func (e *Refusal) Error() string { return e.Message }
