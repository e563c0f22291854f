package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// This file is what a shell completes beside the names of commands and flags.

const (
	nothingElse = cobra.ShellCompDirectiveNoFileComp
	folders     = cobra.ShellCompDirectiveFilterDirs

	completeWithin = time.Second // who presses a key waits no longer
)

type completer = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// oneOf completes one of some words.
func oneOf(words ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) { return words, nothingElse }
}

// completes are the values of flags, whichever command has them.
func completes() map[string]completer {
	return map[string]completer{
		"format": completeFormat,
		"rules":  oneOf("default", "astrid"),
		"report": func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"json=", "junit=", "sarif=", "markdown="}, nothingElse | cobra.ShellCompDirectiveNoSpace
		},
		"shard-times": func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		"dir": func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) { return nil, folders },
		"runtime": func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return astrid.Versions(astrid.Releases()), nothingElse
		},
		"only": completeCapsules,
	}
}

func completeFormat(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	words := []string{"text", "json"}
	if takesShort(cmd) {
		words = append(words, "short")
	}
	return words, nothingElse
}

// completeCapsules are the names of the capsules below the paths.
func completeCapsules(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	roots, err := paths.Existing(args)
	if err != nil {
		return nil, nothingElse
	}
	ctx, cancel := context.WithTimeout(context.Background(), completeWithin)
	defer cancel()
	found, err := paths.Search(ctx, tree.Search{Roots: roots})
	if err != nil {
		return nil, nothingElse
	}
	var names []string
	for _, dir := range found.Dirs {
		name := filepath.Base(dir)
		if m, err := capsule.Load(dir); err == nil {
			name = m.Package.Name
		}
		names = append(names, name)
	}
	return names, nothingElse
}

// completed gives all commands below root their completions.
func completed(root *cobra.Command) {
	for _, cmd := range append(root.Commands(), root) {
		for name, complete := range completes() {
			if cmd.Flags().Lookup(name) != nil || cmd.PersistentFlags().Lookup(name) != nil {
				if _, has := cmd.GetFlagCompletionFunc(name); !has {
					_ = cmd.RegisterFlagCompletionFunc(name, complete) // there is one already: it stays
				}
			}
		}
		if cmd.ValidArgsFunction == nil && takesFolders[cmd.Name()] {
			cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) { return nil, folders }
		}
	}
}

// takesFolders are the commands whose arguments are capsules' folders, or those around them.
var takesFolders = map[string]bool{"watch": true, "build": true, "verify": true, "check": true, "doctor": true, "tools": true, "call": true, "test": true,
	"pack": true, "hash": true, "wait": true, "status": true, "hold": true, "release": true, "events": true, "rebuild": true, "stop": true}
