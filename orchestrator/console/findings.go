package console

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// Findings writes one line a finding, and its hint below it. Files are relative to dir and
// shown as seen from the current folder, as editors read them.
func Findings(w io.Writer, dir string, list []finding.Finding) {
	for _, f := range list {
		if f.File != "" && dir != "" && !strings.HasPrefix(f.File, string(os.PathSeparator)) {
			f.File = paths.Short(dir + string(os.PathSeparator) + f.File)
		}
		hint := f.Hint
		f.Hint = ""
		fmt.Fprintln(w, strings.Join(Lines(f), "\n"))
		if hint != "" {
			fmt.Fprintln(w, Help(hint))
		}
	}
}

// Help says below an error what to do; further lines of the hint stand below its first.
func Help(hint string) string {
	return text.Block("  help: "+strings.TrimRight(hint, "\n"), "        ")
}
