package verify

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// A journal is a file in which a run notes every capsule that passed, as soon as it has. A run
// that was killed is begun again with the same file, and builds the others only. A line counts
// for the inputs and the flags that it was written for; half a line, the last of a killed run,
// is none. A run that ends by itself removes the file.
type journal struct {
	mu    sync.Mutex
	file  *os.File
	known map[string]report.Capsule // by key
}

// line is one of the file.
type line struct {
	Key     string         `json:"key"`
	Capsule report.Capsule `json:"capsule"`
}

// journalLimit bounds what is read: 100,000 capsules with many findings.
const journalLimit = 1 << 30

// openJournal reads what an earlier run noted, and goes on behind it.
func openJournal(path string) (*journal, error) {
	j := &journal{known: map[string]report.Capsule{}}
	data, err := fsys.Read(path, journalLimit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, usage.New(fmt.Errorf("the journal: %w", err))
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	for one := range bytes.Lines(whole) {
		var l line
		if json.Unmarshal(one, &l) != nil {
			return nil, usage.Hint(fmt.Errorf("%s is no journal of verify", path), "name another file, or remove it")
		}
		j.known[l.Key] = l.Capsule
	}
	if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
		j.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	}
	if err == nil {
		err = j.file.Truncate(int64(len(whole)))
	}
	if err != nil {
		return nil, usage.New(fmt.Errorf("the journal: %w", err))
	}
	return j, nil
}

// journaled reports whether an earlier run has seen j pass, from these inputs and with these
// flags; j is as it was then. One whose module others take is built again: they need it.
func (r *run) journaled(j *job, in *builder.Inputs) bool {
	if r.journal == nil || in.Portable == "" || j.feeds || j.helper {
		return false
	}
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	was, ok := r.journal.known[r.journalKey(j, in)]
	if !ok {
		return false
	}
	check := *j.capsule.Step(report.StepCheck) // is of this run
	j.capsule = was
	*j.capsule.Step(report.StepCheck) = check
	j.made = true
	return true
}

// note writes down that j passed. Where the tool told only in the build what else it read, the
// inputs as they were before it say too little.
func (r *run) note(j *job) {
	if r.journal == nil || j.proven == nil || j.helper {
		return
	}
	data, err := json.Marshal(line{r.journalKey(j, j.proven), j.capsule})
	if err != nil {
		return // it is built again
	}
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	_, _ = r.journal.file.Write(append(data, '\n')) // a full disk costs a build after a kill
}

// journalKey is of everything that a verdict goes by.
func (r *run) journalKey(j *job, in *builder.Inputs) string {
	text := fmt.Sprintf("%s\x00%s\x00%s\x00%v %v %v\x00%v\x00%s", r.Tool, in.Portable, j.capsule.Dir, r.Strict, r.Repro, r.Isolated != nil, in.Judges, r.Installed)
	sum := blake3.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// close ends the journal; ended is whether the run came to its end by itself. What cannot be
// removed is read by the next run, and is true.
func (j *journal) close(ended bool) {
	if j == nil {
		return
	}
	_ = j.file.Close() // what was not written is built again
	if ended {
		_ = os.Remove(j.file.Name())
	}
}
