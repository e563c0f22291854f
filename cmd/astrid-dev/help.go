package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

// This file words the commands that the command line library brings.

// newHelp is the library's help command, but for commands that do not exist.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Say how a command is used",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(cmd.Root(), args)
			}
			about.InitDefaultHelpFlag() // so that it is shown
			return about.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return commandNames(cmd.Root(), args), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// commandNames are the commands below the one that words name.
func commandNames(root *cobra.Command, words []string) []string {
	above, _, err := root.Find(words)
	if err != nil {
		return nil
	}
	var names []string
	for _, c := range above.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// addCompletion adds the library's completion command, which must be told what no shell is.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	i := slices.IndexFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == "completion" })
	completion := root.Commands()[i]
	for _, shell := range completion.Commands() {
		shell.Args = noArguments
	}
	completion.Args = cobra.ArbitraryArgs
	completion.RunE = func(cmd *cobra.Command, args []string) error {
		choose := "choose one of " + strings.Join(commandNames(cmd, nil), ", ")
		if len(args) == 0 {
			return usage.Hint(errors.New("no shell was given"), choose)
		}
		return usage.Hint(fmt.Errorf("there is no completion for %q", args[0]), choose)
	}
}
