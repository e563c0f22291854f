package inputs

import (
	"fmt"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// TooLong warns of the first source below dir whose path is longer than a program can hand
// to the system: it is hashed and watched, and most tools cannot open it. ok is false when
// there is none.
func TooLong(dir string, files []tree.File) (f finding.Finding, ok bool) {
	return tooLong(dir, files, fsys.MaxPath)
}

func tooLong(dir string, files []tree.File, limit int) (f finding.Finding, ok bool) {
	n, first, longest := 0, "", 0
	for _, file := range files {
		if length := len(dir) + 1 + len(file.Path); limit > 0 && length > limit {
			if n == 0 {
				first = file.Path
			}
			n, longest = n+1, max(longest, length)
		}
	}
	if n == 0 {
		return f, false
	}
	return finding.Finding{Code: finding.PathTooLong, Severity: finding.Warning,
		Message: fmt.Sprintf("%d of its files have paths of more than %d bytes (%d at most), which most tools cannot open; the first is %s", n, limit, longest, text.Abbreviated(first)),
		Hint:    "shorten the names of the folders above it, or leave it out with ignore in [package.metadata.astrid-dev]"}, true
}

// sayTooLong says it once for each capsule.
func (t *Taker) sayTooLong(dir string, files []tree.File) {
	f, is := TooLong(dir, files)
	t.mu.Lock()
	said := t.long[dir]
	t.long[dir] = is
	t.mu.Unlock()
	if is && !said {
		t.options.Say(dir, f)
	}
}
