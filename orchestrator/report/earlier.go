package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// maxReport is more than a report of all capsules that there are.
const maxReport = 64 << 20

// badReport is a file that holds no report, for what is told of it.
type badReport struct{ error }

func (badReport) Is(target error) bool { return target == ErrNoReport }

// ErrNoReport is what ReadTimes says of a file that is no JSON report.
var ErrNoReport = errors.New("it is no JSON report")

// ReadTimes reads from the JSON report in path how long each capsule took, by folder.
func ReadTimes(path string) (map[string]time.Duration, error) {
	data, err := fsys.Read(path, maxReport)
	if err != nil {
		return nil, err
	}
	var old Report
	if err := json.Unmarshal(data, &old); err != nil {
		return nil, badReport{err}
	}
	times := map[string]time.Duration{}
	for _, c := range old.Capsules {
		if c.Verdict == Passed || c.Verdict == Failed {
			times[c.Dir] = time.Duration(c.DurationMS) * time.Millisecond
		}
	}
	return times, nil
}

// EarlierTimes is ReadTimes for a caller's flag: the error is a *usage.Error. A file that
// is not there is no error, and there are no times then: the first run of a pipeline has
// none, and all its shards lack it.
func EarlierTimes(flag, path string) (map[string]time.Duration, error) {
	times, err := ReadTimes(path)
	switch {
	case err == nil || errors.Is(err, fs.ErrNotExist):
		return times, nil
	case errors.Is(err, ErrNoReport):
		return nil, usage.Hint(fmt.Errorf("reading %s %q: %w", flag, path, err), "give a file that --report json=FILE wrote")
	}
	return nil, usage.New(fmt.Errorf("reading %s: %w", flag, err))
}
