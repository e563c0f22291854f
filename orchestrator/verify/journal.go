package verify

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
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
// is none. A run that ends by itself removes the file. While a run lives nobody else may write there.
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
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	j := &journal{known: map[string]report.Capsule{}}
	if err == nil {
		j.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	}
	if err != nil {
		return nil, usage.New(fmt.Errorf("the journal: %w", err))
	}
	if err := j.read(path); err != nil {
		return nil, errors.Join(err, j.file.Close())
	}
	return j, nil
}

// read takes the file for this run, and reads it. The error is a *usage.Error.
func (j *journal) read(path string) error {
	opened, err := j.file.Stat()
	if err != nil || !opened.Mode().IsRegular() {
		return usage.New(errors.Join(fmt.Errorf("the journal %s is no file", path), err))
	}
	mine, err := fsys.TryLock(j.file)
	if err != nil {
		return usage.New(fmt.Errorf("the journal: %w", err))
	}
	there, err := os.Stat(path) // not the one that a run which just ended has removed
	if !mine || err != nil || !os.SameFile(opened, there) {
		return usage.Hint(fmt.Errorf("another run writes the journal %s", path), "give each run a journal of its own")
	}
	data, err := io.ReadAll(io.LimitReader(j.file, journalLimit))
	if err != nil {
		return usage.New(fmt.Errorf("the journal: %w", err))
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	sound := begins(data[len(whole):])
	for one := range bytes.Lines(whole) {
		var l line
		sound = sound && begins(one) && json.Unmarshal(one, &l) == nil
		j.known[l.Key] = l.Capsule
	}
	if !sound {
		return usage.Hint(fmt.Errorf("%s is no journal of verify", path), "name another file, or remove it")
	}
	if err := j.file.Truncate(int64(len(whole))); err != nil {
		return usage.New(fmt.Errorf("the journal: %w", err))
	}
	return nil
}

var beginning = regexp.MustCompile(`^\{"key":"[0-9a-f]{64}","capsule":\{`)

// begins reports whether text is the beginning of a line of ours: whole, or cut.
func begins(text []byte) bool {
	const like = `{"key":"0000000000000000000000000000000000000000000000000000000000000000","capsule":{`
	return len(text) < len(like) && beginning.MatchString(string(text)+like[len(text):]) || beginning.Match(text)
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
	check, changed := *j.capsule.Step(report.StepCheck), j.capsule.Changed // are of this run
	j.capsule = was
	j.capsule.Changed = changed
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

// journalKey is of everything that a verdict goes by: of the flags those that do not only choose capsules.
func (r *run) journalKey(j *job, in *builder.Inputs) string {
	flags := r.report.Options
	flags.Shard, flags.ChangedSince, flags.FailFast = "", "", false
	text := fmt.Sprintf("%s\x00%s\x00%s\x00%+v\x00%s\x00%v %v\x00%v\x00%s", r.Tool, in.Portable, j.capsule.Dir, flags, r.at.Commits(), r.Prove, r.MachineOnly, in.Judges, r.Installed)
	sum := blake3.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// close ends the journal; ended is whether the run came to its end by itself. What cannot be
// removed is read by the next run, and is true.
func (j *journal) close(ended bool) {
	if j == nil {
		return
	}
	if name := j.file.Name(); ended && os.Remove(name) != nil {
		defer os.Remove(name) // Windows removes no file that is open
	}
	fsys.Unlock(j.file)
}
