package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/ask"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

func newWhy() *cobra.Command {
	var json bool
	cmd := &cobra.Command{
		Use:   "why [PATH]",
		Short: "Say why a capsule was built last, would be built now, or why a file does not count",
		Long: `why names what differed between the last two verdicts on the capsule that PATH (the current
folder without one) is or lies in: files with their hashes before and after, variables, tools, settings; and
what differs now. Of a file that does not count it names the rule that leaves it out, with its file and
line. It reads records, and needs no watch; one that runs there says who waits for the capsule, and who
has it left alone.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return why(cmd, args, json || asJSON(cmd)) },
	}
	cmd.Flags().BoolVar(&json, "json", false, "one line of JSON, as --format json")
	return cmd
}

// reasons is what why answers.
type reasons struct {
	Dir     string          `json:"dir"`
	Last    *builder.Causes `json:"-"`
	Verdict *lastVerdict    `json:"last,omitempty"`
	Now     []builder.Cause `json:"now,omitempty"`  // what differs from it on disk now
	Path    string          `json:"path,omitempty"` // a file was asked about
	Counts  bool            `json:"counts"`         // it is a source or an input, or a capsule was asked about
	Rule    string          `json:"rule,omitempty"` // what leaves it out
	File    string          `json:"rule_file,omitempty"`
	Line    int             `json:"rule_line,omitempty"`
	// Of a watch that runs there.
	Building bool        `json:"building"` // the capsule is being built now
	Pending  ask.Pending `json:"pending"`
}

// lastVerdict is what is recorded of the newest verdict, without all of its files.
type lastVerdict struct {
	Key    string          `json:"key"`
	At     string          `json:"at"`
	First  bool            `json:"first,omitempty"`
	Causes []builder.Cause `json:"causes"`
}

func why(cmd *cobra.Command, args []string, asJSON bool) error {
	list, err := paths.Absolute(args)
	if err != nil {
		return err
	}
	path := list[0]
	dir := capsuleOf(path)
	if dir == "" {
		return usage.Hint(fmt.Errorf("%s lies in no capsule", paths.Short(path)), "give a path at or below a folder with a "+tree.ManifestName)
	}
	r, err := reasonsFor(cmd.Context(), dir, path)
	if err != nil {
		return usage.New(err)
	}
	if asJSON {
		return writeJSON(cmd, r)
	}
	r.tell(cmd.OutOrStdout())
	return nil
}

// capsuleOf is the innermost capsule that path is or lies in; "": none.
func capsuleOf(path string) string {
	for dir := path; ; dir = filepath.Dir(dir) {
		if tree.IsCapsule(dir) {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

func reasonsFor(ctx context.Context, dir, path string) (r *reasons, err error) {
	b := builder.New(builder.Options{Installed: astrid.Installed()})
	r = &reasons{Dir: dir, Counts: true}
	if r.Last, r.Now, err = b.Why(ctx, dir); err != nil {
		return nil, err
	}
	r.Pending, r.Building = pendingAt(ctx, dir)
	if r.Last != nil {
		r.Verdict = &lastVerdict{r.Last.Key, r.Last.At.Format("2006-01-02T15:04:05.000Z07:00"), r.Last.First, r.Last.Causes}
	}
	if path == dir || path == filepath.Join(dir, tree.ManifestName) {
		return r, nil
	}
	rule, left, err := b.Rule(ctx, dir, path)
	if err != nil {
		return nil, err
	}
	r.Path, r.Counts, r.Rule, r.File, r.Line = path, !left, rule.Text, rule.File, rule.Line
	return r, nil
}

// tell says it to a person.
func (r *reasons) tell(w io.Writer) {
	if r.Path != "" {
		if !r.Counts {
			at := "built in"
			if r.File != "" {
				at = paths.Short(r.File)
			}
			if r.Line > 0 {
				at = fmt.Sprintf("%s:%d", at, r.Line)
			}
			fmt.Fprintf(w, "%s does not count: %s (%s)\n", text.Name(paths.Short(r.Path)), text.Name(r.Rule), text.Name(at))
			return
		}
		if _, err := os.Lstat(r.Path); err != nil {
			fmt.Fprintf(w, "%s is not there; it would count\n", text.Name(paths.Short(r.Path)))
		} else {
			fmt.Fprintf(w, "%s counts: a change of it is built\n", text.Name(paths.Short(r.Path)))
		}
	}
	name := text.Name(paths.Short(r.Dir))
	if r.Building {
		fmt.Fprintf(w, "%s: it is being built now\n", name)
	}
	tellPending(w, r.Pending)
	switch {
	case r.Last == nil:
		fmt.Fprintf(w, "%s: nothing is recorded of a build\n", name)
		return
	case r.Last.First:
		fmt.Fprintf(w, "%s: the verdict of %s was the first\n", name, age(r.Last.At))
	default:
		fmt.Fprintf(w, "%s: the verdict of %s was due because of\n", name, age(r.Last.At))
		tellCauses(w, r.Last.Causes)
	}
	if len(r.Now) == 0 {
		fmt.Fprintln(w, "nothing that it depends on differs since")
		return
	}
	fmt.Fprintln(w, "since then differ")
	tellCauses(w, r.Now)
}

func tellCauses(w io.Writer, list []builder.Cause) {
	for _, c := range list {
		line := fmt.Sprintf("  %-11s  %s", c.Kind, text.Name(c.Name))
		switch c.Kind {
		case builder.CauseFault:
		case builder.CauseTool, builder.CauseRuntime:
			if c.New == "" {
				line += "  is gone"
			} else {
				line += "  is new"
			}
		default:
			line += "  " + cmp.Or(shortHash(c.Old), "(not there)") + " -> " + cmp.Or(shortHash(c.New), "(not there)")
		}
		fmt.Fprintln(w, line)
	}
}

// shortHash is enough of a hash to tell it from others.
func shortHash(h string) string {
	if len(h) == 64 {
		return h[:8]
	}
	return h
}
