// Package doctor judges this machine: watch limits, file systems, git's rules of this user
// and the tools of every capsule language.
package doctor

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

// Examination is what was found. Files in it are absolute.
type Examination struct {
	Findings    []finding.Finding `json:"findings"`    // sorted
	Capsules    int               `json:"capsules"`    // that were found
	Unbuildable int               `json:"unbuildable"` // those of them that cannot be built here
	Each        []Capsule         `json:"each"`        // all of them, by folder
}

// Capsule says whether one can be built here. What keeps it from that is among the findings, with
// a file in its folder.
type Capsule struct {
	Name      string `json:"capsule"` // the folder's, where the manifest cannot be read
	Dir       string `json:"dir"`
	Buildable bool   `json:"buildable"`
}

func (e *Examination) add(list ...finding.Finding) { e.Findings = append(e.Findings, list...) }

// Examine says what on this machine keeps the capsules below roots from being watched or
// built. env is what builds are given. Nothing is built or written.
func Examine(ctx context.Context, roots, env []string) Examination {
	e := Examination{Each: []Capsule{}}
	e.add(watchFindings(ctx, roots)...)
	for _, root := range roots {
		e.add(fileSystemFinding(root))
	}
	e.add(excludesFindings(ctx, roots)...)
	e.add(toolchain.Doctor(ctx, env)...)
	e.capsules(ctx, roots, env)
	e.Findings = withoutRepeated(e.Findings)
	finding.Sort(e.Findings)
	return e
}

// withoutRepeated leaves out what is said of the machine and of a capsule as well.
func withoutRepeated(list []finding.Finding) []finding.Finding {
	said := map[string]bool{}
	for _, f := range list {
		if f.File != "" {
			said[string(f.Code)+" "+f.Message] = true
		}
	}
	return slices.DeleteFunc(list, func(f finding.Finding) bool { return f.File == "" && said[string(f.Code)+" "+f.Message] })
}

// Text writes e for a person: what is wrong comes first, with what to do, and what is well in one
// line; all says each note of its own. The last line sums up.
func (e Examination) Text(w io.Writer, all bool) error {
	var b strings.Builder
	list := slices.Clone(e.Findings)
	for i := range list {
		if list[i].File != "" {
			list[i].File = paths.Short(list[i].File)
		}
	}
	if !all {
		said := func(f finding.Finding) bool {
			return f.Severity == finding.Note && f.File == "" && f.Code != finding.GitExcludes
		}
		well := wellLines(slices.DeleteFunc(slices.Clone(list), func(f finding.Finding) bool { return !said(f) }))
		console.Findings(&b, "", slices.DeleteFunc(list, said))
		for _, line := range well {
			fmt.Fprintln(&b, text.Name(line))
		}
	} else {
		console.Findings(&b, "", list)
	}
	fmt.Fprintln(&b, e.summary())
	_, err := io.WriteString(w, b.String())
	return err
}

func (e Examination) summary() string {
	capsules := text.Count(e.Capsules, "capsule")
	switch {
	case e.Capsules == 0:
		return "no capsule found"
	case e.Unbuildable > 0:
		return fmt.Sprintf("%s: %d cannot be built here (%s)", capsules, e.Unbuildable, e.unbuildable())
	}
	return capsules + ": nothing here keeps a build from beginning"
}

// unbuildable names those that cannot be built here.
func (e Examination) unbuildable() string {
	var names []string
	for _, c := range e.Each {
		if !c.Buildable {
			names = append(names, text.Name(c.Name))
		}
	}
	return strings.Join(names, ", ")
}

// wellLines are notes about this machine in a line or two: the names of tools are enough there.
func wellLines(notes []finding.Finding) (lines []string) {
	var tools, other, absent []string
	for _, f := range notes {
		name, _, _ := strings.Cut(f.Message, ":")
		switch f.Code {
		case finding.ToolFound:
			tools = append(tools, name)
		case finding.ToolMissing:
			name, _, _ = strings.Cut(name, " ")
			absent = append(absent, name)
		default:
			other = append(other, f.Message)
		}
	}
	if len(tools) > 0 {
		other = append([]string{strings.Join(tools, ", ")}, other...)
	}
	if len(other) > 0 {
		lines = append(lines, "well: "+strings.Join(other, "; "))
	}
	if len(absent) > 0 {
		lines = append(lines, "not here, and not needed: "+strings.Join(absent, ", ")+" (--verbose says for what)")
	}
	return lines
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
	return []finding.Finding{aboutLimits(folders, limits)}
}

// aboutLimits holds so many folders against the limits; those of a system without are zeros.
func aboutLimits(folders int, limits watcher.InotifyLimits) finding.Finding {
	f := finding.Finding{Code: finding.WatchLimit, Severity: finding.Note}
	if limits == (watcher.InotifyLimits{}) {
		f.Message = fmt.Sprintf("%d folders to watch, of which this system tells no limit", folders)
		return f
	}
	f.Message = fmt.Sprintf("%d folders to watch; the limit is %d watches and %d instances", folders, limits.Watches, limits.Instances)
	if folders > limits.Watches {
		f.Severity = finding.Warning
		f.Hint = fmt.Sprintf("folders beyond the limit are polled; run: sudo sysctl fs.inotify.max_user_watches=%d", 2*folders)
	}
	return f
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
