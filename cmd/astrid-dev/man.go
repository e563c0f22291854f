package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

// manSection is that of programs for users.
const manSection = "1"

func newMan() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "man [COMMAND]",
		Short: "Print the manual page of the program or of a command",
		Long: `man prints a manual page: astrid-dev man watch | man -l - shows it. With --dir it writes
all of them into a folder, as in --dir ~/.local/share/man/man1, where man finds them.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if dir != "" {
				if len(args) > 0 {
					return usage.New(errors.New("--dir writes all pages: give no command with it"))
				}
				return manPages(cmd.Root(), dir)
			}
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(cmd.Root(), args)
			}
			return doc.GenMan(about, manHeader(), cmd.OutOrStdout())
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return commandNames(cmd.Root(), args), nothingElse
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "write the pages of all commands into this folder")
	return cmd
}

// manHeader is that of each page. Its date is that of SOURCE_DATE_EPOCH, else today's.
func manHeader() *doc.GenManHeader {
	return &doc.GenManHeader{Section: manSection, Source: "astrid-dev " + version(), Manual: "astrid-dev"}
}

func manPages(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return usage.Hint(fmt.Errorf("--dir: %w", err), "give a folder that you may write to")
	}
	disableDates(root)
	if err := doc.GenManTree(root, manHeader(), dir); err != nil {
		return usage.Hint(fmt.Errorf("--dir: %w", err), "give a folder that you may write to")
	}
	return nil
}

// disableDates leaves out of each page when it was made.
func disableDates(c *cobra.Command) {
	c.DisableAutoGenTag = true
	for _, below := range c.Commands() {
		disableDates(below)
	}
}
