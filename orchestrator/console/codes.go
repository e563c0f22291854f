package console

import (
	"fmt"
	"io"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// Codes writes every code of list with its severities, its meaning and its remedy.
func Codes(w io.Writer, list []finding.Rule) error {
	var b strings.Builder
	for _, c := range list {
		more := ""
		if c.Fixable {
			more = " (--fix)"
		}
		for _, old := range c.Was {
			more += fmt.Sprintf(" (was %s)", old)
		}
		fmt.Fprintf(&b, "%s: %s%s\n  %s\n  help: %s\n", c.Code, c.Severities(), more, c.Summary, c.Remedy)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
