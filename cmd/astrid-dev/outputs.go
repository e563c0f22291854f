package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/orchestrator/answer"
)

// outputs are those of the program. Commands get them as cobra's.
type outputs struct{ stdout, stderr *answer.Output }

// newOutputs gives root's commands their outputs. When nobody reads any more what watch or
// build tell people, stop ends them.
func newOutputs(root *cobra.Command, stop func()) outputs {
	o := outputs{answer.New(os.Stdout, "stdout"), answer.New(os.Stderr, "stderr")}
	root.SetOut(o.stdout)
	root.SetErr(o.stderr)
	before := root.PersistentPreRunE
	root.PersistentPreRunE = func(cmd *cobra.Command, args []string) error {
		if o.answer(cmd) == o.stderr {
			o.stderr.WhenGone(stop)
		}
		return before(cmd, args)
	}
	return o
}

// answer is where cmd answers: watch and build tell people on stderr.
func (o outputs) answer(cmd *cobra.Command) *answer.Output {
	if cmd != nil && (cmd.Name() == "watch" || cmd.Name() == "build") && format(cmd) == "text" && !cmd.Flags().Changed("help") {
		return o.stderr
	}
	return o.stdout
}
