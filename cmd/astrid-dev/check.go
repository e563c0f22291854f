package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/mend"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// checkFlags are check's own.
type checkFlags struct {
	fix, list, strict, nested bool
	runtime                   runtimeFlags
}

func newCheck() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Find what is wrong with capsules without building them",
		Long: `check reads the manifest of every capsule below the paths (the current folder
without any) and the files around it, and says what is wrong, where, and which
line to write. Nothing is built. It exits with 1 when there is an error; with
--strict a warning is enough.

--fix mends what leaves no choice and says which files it changed; comments and
the order of the lines stay. --list prints every code that check and verify
give, without looking at any capsule.`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	cmd.Flags().BoolVar(&f.fix, "fix", false, "mend what can be mended without guessing")
	cmd.Flags().BoolVar(&f.list, "list", false, "print every code with its severity, meaning and remedy")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "a warning fails too")
	f.runtime.register(cmd, "hold astrid-version against this release of the runtime, as in 2026.10.1 (may be repeated)")
	includeNested(cmd.Flags(), &f.nested)
	return cmd
}

// options are those of the check; an unknown release is a wrong call.
func (f checkFlags) options() (check.Options, error) {
	o := check.Options{Env: os.Environ()}
	var err error
	o.Runtime, err = f.runtime.releases()
	return o, err
}

func (f checkFlags) run(cmd *cobra.Command, args []string) error {
	if f.list {
		if len(args) > 0 || f.fix {
			return usage.New(errors.New("--list looks at no capsule: give neither paths nor --fix with it"))
		}
		return listCodes(cmd)
	}
	roots, err := paths.Existing(args)
	if err != nil {
		return err
	}
	found, err := capsules(cmd, roots, f.nested)
	if err != nil {
		return err
	}
	options, err := f.options()
	if err != nil {
		return err
	}
	look := mend.Check
	if f.fix {
		look = mend.Fix
	}
	checked, err := look(cmd.Context(), found.Dirs, options)
	if err != nil {
		return err
	}
	return f.tell(cmd, append(checked, closedFolders(found.Closed)...))
}

// closedFolders stand beside the capsules: what is in them is not known to be sound.
func closedFolders(list []*fs.PathError) (closed []mend.Capsule) {
	for _, err := range list {
		closed = append(closed, mend.Capsule{Dir: err.Path, Findings: []finding.Finding{paths.ClosedFinding(err)}, Closed: true})
	}
	return closed
}

// counts are the findings of a check, for the last line and for programs.
type counts struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Notes    int `json:"notes"`
}

func (f checkFlags) tell(cmd *cobra.Command, list []mend.Capsule) error {
	var n counts
	failed, closed := 0, 0
	for _, c := range list {
		errs, warnings := finding.Count(c.Findings, finding.Error), finding.Count(c.Findings, finding.Warning)
		n.Errors, n.Warnings, n.Notes = n.Errors+errs, n.Warnings+warnings, n.Notes+finding.Count(c.Findings, finding.Note)
		if c.Closed {
			closed++
		} else if errs > 0 || f.strict && warnings > 0 {
			failed++
		}
	}
	tell := checkText
	if asJSON(cmd) {
		tell = checkJSON
	}
	err := tell(cmd.OutOrStdout(), list, n)
	if err == nil && failed+closed > 0 {
		return &failedError{count: failed, closed: closed}
	}
	return err
}

// checkText is for people and editors: file:line:column from the current folder.
func checkText(w io.Writer, list []mend.Capsule, n counts) error {
	var b strings.Builder
	capsules := 0
	for _, c := range list {
		for _, file := range c.Fixed {
			fmt.Fprintln(&b, "fixed "+paths.Short(filepath.Join(c.Dir, filepath.FromSlash(file))))
		}
		if c.Closed {
			c.Findings[0].File = "."
		} else {
			capsules++
		}
		console.Findings(&b, c.Dir, c.Findings)
	}
	fmt.Fprintf(&b, "%s: %s, %s, %s\n", text.Count(capsules, "capsule"), text.Count(n.Errors, "error"), text.Count(n.Warnings, "warning"), text.Count(n.Notes, "note"))
	_, err := io.WriteString(w, b.String())
	return err
}

func checkJSON(w io.Writer, list []mend.Capsule, n counts) error {
	return json.NewEncoder(w).Encode(struct {
		Capsules []mend.Capsule `json:"capsules"`
		counts
	}{list, n})
}

func listCodes(cmd *cobra.Command) error {
	w := cmd.OutOrStdout()
	if asJSON(cmd) {
		return json.NewEncoder(w).Encode(map[string][]finding.Rule{"codes": finding.Codes()})
	}
	var b strings.Builder
	for _, c := range finding.Codes() {
		more := ""
		if c.Fixable {
			more = " (--fix)"
		}
		for _, old := range c.Was {
			more += fmt.Sprintf(" (was %s)", old)
		}
		fmt.Fprintf(&b, "%s: %s%s\n  %s\n  help: %s\n", c.Code, c.Severities(), more, c.Summary, c.Remedy)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
