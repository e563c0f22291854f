package store

import (
	"encoding/json"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Note keeps data under a name until the next one. Where it cannot be written nothing can
// be staged either, and the older note stays.
func Note(dir, name string, data []byte) {
	_ = inFolder(dir, func(f *folder) error { return f.Replace(stateName(name), data) })
}

// NoteUnsynced is Note for what the reader can tell to be whole: a crash of the machine may leave anything.
func NoteUnsynced(dir, name string, data []byte) {
	_ = inFolder(dir, func(f *folder) error { return f.ReplaceUnsynced(stateName(name), data) })
}

// Made reports whether dir has a state folder: who only looks makes none.
func Made(dir string) bool { return fsys.Lstat(Path(dir)).Kind == fsys.Folder }

// ReadNote is what was noted; more than limit bytes are an error.
func ReadNote(dir, name string, limit int64) ([]byte, error) {
	return fsys.Read(Path(dir, name), limit)
}

// NoteBegins reports whether what was noted begins with head: most of a note need not be read for that.
func NoteBegins(dir, name, head string) bool {
	begins, err := fsys.Begins(Path(dir, name), head)
	return err == nil && begins
}

// Verdict is a failed build of a capsule as it is recorded, so that nobody waits for a
// compiler to say the same again. It is a cache: losing it costs one build.
type Verdict struct {
	Version  int               `json:"version"`
	Key      string            `json:"key"`
	Strict   bool              `json:"strict"` // one that is less strict might publish it
	Step     finding.Step      `json:"step"`
	ExitCode int               `json:"exit_code"`
	Findings []finding.Finding `json:"findings"`
	Tail     string            `json:"tail"`
	Written  time.Time         `json:"written"`
}

// WriteVerdict records a failure. The lock is held. What cannot be written costs another build.
func WriteVerdict(dir string, v Verdict) {
	v.Version = recordVersion
	if data, err := json.MarshalIndent(v, "", " "); err == nil {
		Note(dir, verdictFile, data)
	}
}

// ReadVerdict is the recorded failure of a build from key; nil when there is none.
func ReadVerdict(dir, key string) *Verdict {
	data, err := ReadNote(dir, verdictFile, recordLimit)
	if err != nil {
		return nil
	}
	var v Verdict
	if json.Unmarshal(data, &v) != nil || v.Version != recordVersion || v.Key != key {
		return nil
	}
	return &v
}

// dropVerdict forgets it: something else was published since.
func (f *folder) dropVerdict() { _ = f.Remove(stateName(verdictFile)) }
