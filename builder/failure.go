package builder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/store"
)

// stageFailure is err as the disk's refusal, unless ctx ended.
func stageFailure(ctx context.Context, dir string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var refused *store.Refusal
	if errors.As(err, &refused) {
		return &finding.Failure{Step: finding.StepStage, Refused: true, Findings: []finding.Finding{{Code: refused.Code, Message: refused.Message, Hint: refused.Hint}}}
	}
	return &finding.Failure{Step: finding.StepStage, Findings: []finding.Finding{{Code: finding.StageFailed, Message: err.Error(), Hint: stageHint(dir, err)}}}
}

// stageHint is what to do about a refusal of the disk.
func stageHint(dir string, err error) string {
	at := dir
	var where *fs.PathError
	if errors.As(err, &where) && where.Path != "" {
		if at = where.Path; !filepath.IsAbs(at) {
			at = filepath.Join(dir, at)
		}
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free some space on the disk of " + dir
	case errors.Is(err, syscall.EROFS):
		return dir + " is mounted for reading only: make its file system writable"
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("%s and the folder that it lies in must belong to you and be writable; after a run as another user, give them back with chown -R", at)
	case errors.Is(err, syscall.EIO):
		return "the disk of " + dir + " fails: the system's log (dmesg) says how"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many files are open: raise the limit (ulimit -n), or lower --jobs"
	}
	return fmt.Sprintf("%s must be writable and its disk must have space", dir)
}
