package main

import (
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
)

// consoleOptions are those of the console on stderr. Beside --format json it keeps to
// what matters.
func consoleOptions(cmd *cobra.Command) console.Options {
	dir, _ := os.Getwd() // without it paths are shown whole
	o := console.Options{Dir: dir, Quiet: asJSON(cmd)}
	if fd := int(os.Stderr.Fd()); term.IsTerminal(fd) {
		o.Colour = !console.NoColour(os.Getenv)
		o.Width = func() int {
			width, _, err := term.GetSize(fd)
			if err != nil {
				return 0
			}
			return width
		}
	}
	return o
}
