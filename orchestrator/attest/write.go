package attest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/astrid-runtime/astrid-dev/builder/seal"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Write writes to path an envelope for each capsule of r that passed and was built, signed by
// key; nil leaves them without a signature. It says how many there are. The file is whole or as
// it was. Nothing is said of a capsule that did not pass, and nothing at all of a run without one.
func Write(ctx context.Context, path string, r *report.Report, key *seal.Key) (n int, err error) {
	from := sourceOf(ctx, r.Root, r.Commit)
	var lines []byte
	for _, c := range r.Capsules {
		if c.Verdict != report.Passed || c.Proof == nil || len(c.Artifacts) == 0 {
			continue
		}
		statement, err := json.Marshal(of(r, c, from))
		if err != nil {
			return 0, fmt.Errorf("the statement about %s: %w", c.Dir, err)
		}
		line, err := seal.Sign(key, Type, statement)
		if err != nil {
			return 0, err
		}
		lines = append(append(lines, line...), '\n')
		n++
	}
	return n, fsys.Replace(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(lines)
		return err
	})
}
