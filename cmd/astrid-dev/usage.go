package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

// This file words what the command line library would say of a wrong call in
// its own way, or would not call wrong at all.

// flagError says what is wrong with a flag of cmd.
func flagError(cmd *cobra.Command, err error) error {
	var invalid interface { // the flag library's error about a value
		error
		GetValue() string
		Unwrap() error
	}
	if errors.As(err, &invalid) {
		cause := invalid.Unwrap()
		err = errors.New(strings.TrimSuffix(invalid.Error(), cause.Error()) + takes(cause))
	}
	if name, unknown := strings.CutPrefix(err.Error(), "unknown flag: --"); unknown {
		if near := capsule.Nearest(name, flagNames(cmd.Flags())); near != "" {
			return usage.Hint(err, "did you mean --"+near+"? S"+seeHelp(cmd)[1:])
		}
	}
	return usage.Hint(err, seeHelp(cmd))
}

// takes says what a flag takes that did not take a value because of cause.
func takes(cause error) string {
	var number *strconv.NumError
	switch {
	case errors.As(cause, &number) && number.Func == "ParseBool":
		return "it takes true or false"
	case errors.As(cause, &number):
		return "it takes a whole number"
	case strings.HasPrefix(cause.Error(), "time: "):
		return "it takes a time with its unit, as in 500ms or 2s"
	}
	return cause.Error()
}

func seeHelp(cmd *cobra.Command) string { return "see " + cmd.CommandPath() + " --help" }

// noArguments is for commands that take none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	name := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
	return usage.Hint(fmt.Errorf("%s takes no arguments, not %q", name, args[0]), seeHelp(cmd))
}

// knownCommand is for the program without a command: an argument is one that does not exist.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return unknownCommand(root, args[:1])
}

// unknownCommand names the commands that are spelled almost like the first of words.
func unknownCommand(root *cobra.Command, words []string) error {
	err := fmt.Errorf("unknown command %q", strings.Join(words, " "))
	root.SuggestionsMinimumDistance = min(2, len(words[0])/2) // two letters swapped are two changes; of a short word little would be left
	similar := root.SuggestionsFor(words[0])
	if len(similar) == 0 || slices.Contains(similar, words[0]) {
		return usage.Hint(err, seeHelp(root))
	}
	return usage.Hint(err, "did you mean "+strings.Join(similar, " or ")+"? S"+seeHelp(root)[1:])
}
