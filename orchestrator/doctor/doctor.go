// Package doctor judges this machine: watch limits, file systems, git's rules of this user
// and the tools of every capsule language.
package doctor

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Examine says what on this machine keeps the capsules below roots from being watched or
// built, sorted. env is what builds are given.
func Examine(ctx context.Context, roots, env []string) []finding.Finding {
	found := watchFindings(ctx, roots)
	for _, root := range roots {
		found = append(found, fileSystemFinding(root))
	}
	found = append(found, excludesFindings(ctx, roots)...)
	found = append(found, toolchain.Doctor(ctx, env)...)
	found = append(found, rustupFindings(ctx, roots, env)...)
	finding.Sort(found)
	return found
}

// rustupFindings are about toolchains that capsules below roots ask rustup for. Folders that
// cannot be read are told by the commands that build.
func rustupFindings(ctx context.Context, roots, env []string) (list []finding.Finding) {
	capsules, err := paths.Search(ctx, tree.Search{Roots: roots})
	if err != nil {
		return nil
	}
	for dir, f := range toolchain.DoctorRustup(capsules.Dirs, env) {
		if f.File != "" {
			f.File = filepath.Join(dir, f.File)
		}
		list = append(list, f)
	}
	return list
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
