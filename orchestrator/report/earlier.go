package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

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

// AppendSummary adds the page to a CI step's summary in path, which earlier commands of
// the step may have begun; "" is nowhere.
func AppendSummary(path string, r Report) error {
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(filepath.Clean(path), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("writing the step summary: %w", err)
	}
	return errors.Join(Markdown(file, r), file.Close())
}
