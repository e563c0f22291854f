package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

func newDoctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor [PATH...]",
		Short: "Say what on this machine keeps capsules from being watched or built",
		Long: `doctor looks at the system's watch limits and what these paths need, at the kind
of file system they lie on, and at the tools of every capsule language. It exits
with 1 when something keeps the capsules below the paths from working.`,
		RunE: func(cmd *cobra.Command, args []string) error { return doctor(cmd, args) },
	}
}

func doctor(cmd *cobra.Command, args []string) error {
	roots, err := paths.Existing(args)
	if err != nil {
		return err
	}
	found := examineSystem(cmd.Context(), roots)
	finding.Sort(found)
	if asJSON(cmd) {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"findings": found})
	} else {
		printFindings(cmd.OutOrStdout(), "", found)
	}
	if err != nil {
		return err
	}
	if n := finding.Count(found, finding.Error); n > 0 {
		return &failedError{count: n, what: "check"}
	}
	return nil
}

func examineSystem(ctx context.Context, roots []string) []finding.Finding {
	found := watchFindings(ctx, roots)
	for _, root := range roots {
		found = append(found, fileSystemFinding(root))
	}
	found = append(found, excludesFindings(ctx, roots)...)
	return append(found, toolchain.Doctor(ctx, os.Environ())...)
}

// watchFindings holds the folders to watch against the system's limit.
func watchFindings(ctx context.Context, roots []string) []finding.Finding {
	limits, err := watcher.Limits()
	if err != nil {
		return []finding.Finding{{Code: finding.WatchLimit, Severity: finding.Note, Message: "this system tells no watch limits: " + err.Error()}}
	}
	folders, err := watcher.CountFolders(ctx, watcher.Plan{Roots: roots})
	if err != nil {
		return []finding.Finding{{Code: finding.WatchLimit, Severity: finding.Warning, Message: "counting folders: " + err.Error()}}
	}
	f := finding.Finding{Code: finding.WatchLimit, Severity: finding.Note,
		Message: fmt.Sprintf("%d folders to watch; the limit is %d watches and %d instances", folders, limits.Watches, limits.Instances)}
	if folders > limits.Watches {
		f.Severity = finding.Warning
		f.Hint = fmt.Sprintf("folders beyond the limit are polled; run: sudo sysctl fs.inotify.max_user_watches=%d", 2*folders)
	}
	return []finding.Finding{f}
}

func fileSystemFinding(root string) finding.Finding {
	kind, events, err := watcher.FileSystem(root)
	if err != nil {
		return finding.Finding{Code: finding.FileSystem, Severity: finding.Error, Message: fmt.Sprintf("%s: %v", paths.Short(root), err)}
	}
	return aboutFileSystem(paths.Short(root), kind, events)
}

// aboutFileSystem says what to expect of the file system of this kind that at lies on.
func aboutFileSystem(at, kind string, events bool) finding.Finding {
	f := finding.Finding{Code: finding.FileSystem, Severity: finding.Note}
	known, pseudo := watcher.KnownFileSystem(kind)
	switch {
	case !events:
		f.Severity, f.Message = finding.Warning, fmt.Sprintf("%s lies on %s, which does not tell of all changes", at, kind)
		f.Hint = "it is polled; --poll-interval says how often. A local disk reacts faster"
	case pseudo:
		f.Severity, f.Message = finding.Warning, fmt.Sprintf("%s lies on %s, where the kernel shows its own state and no sources are kept", at, kind)
		f.Hint = "give a folder that holds capsules"
	case !known:
		f.Message = strings.TrimRight(fmt.Sprintf("%s lies on an unknown file system %s", at, kind), " ")
		f.Hint = "if edits are not seen, use --poll"
	default:
		f.Message = fmt.Sprintf("%s lies on %s, which tells of changes", at, kind)
	}
	return f
}
