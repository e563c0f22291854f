package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/scaffold"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

func newNew() *cobra.Command {
	var lang string
	var list bool
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write a new capsule that builds at once",
		Long: `new writes a small capsule into a new folder of its name. NAME may have folders
before it: astrid-dev new capsules/greeter. Without --lang it is one in Rust on the
Astrid SDK, which the runtime loads; --list says what there is besides.`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case list && len(args) > 0:
				return usage.New(errors.New("--list writes nothing: give no name with it"))
			case !list && len(args) != 1:
				return usage.Hint(fmt.Errorf("new takes one name, not %d", len(args)), "astrid-dev new greeter")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if list {
				return listTemplates(cmd)
			}
			written, err := scaffold.Write(args[0], lang)
			if err != nil {
				return err
			}
			return tellNew(cmd, written)
		},
	}
	cmd.Flags().StringVar(&lang, "lang", scaffold.Default, "what to write: "+strings.Join(scaffold.Languages(), ", "))
	cmd.Flags().BoolVar(&list, "list", false, "say what can be written, and what the runtime does with it")
	cmd.RegisterFlagCompletionFunc("lang", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return scaffold.Languages(), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// tellNew says what was written, and what to do first and then.
func tellNew(cmd *cobra.Command, w *scaffold.Written) error {
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		dir, err := filepath.Abs(w.Dir)
		if err != nil {
			return usage.New(err)
		}
		return json.NewEncoder(out).Encode(struct {
			Dir   string   `json:"dir"`
			Files []string `json:"files"` // relative to dir
		}{dir, w.Files})
	}
	dir := text.Name(w.Dir)
	fmt.Fprintf(out, "wrote %s\n", dir)
	for _, name := range w.Files {
		fmt.Fprintf(out, "  %s\n", name)
	}
	if w.Prepare != nil {
		fmt.Fprintf(out, "first:  cd %s && %s\n", dir, strings.Join(w.Prepare, " "))
	}
	if w.Why != "" {
		fmt.Fprintf(out, "note:   the runtime does not load it: %s\n", w.Why)
	}
	_, err := fmt.Fprintf(out, "then:   astrid-dev watch %s\n", dir)
	return err
}

func listTemplates(cmd *cobra.Command) error {
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		return json.NewEncoder(out).Encode(map[string][]scaffold.Template{"templates": scaffold.Templates()})
	}
	var b strings.Builder
	for _, t := range scaffold.Templates() {
		loads := "the runtime loads it"
		if !t.Ready {
			loads = "the runtime does not load it: " + t.Why
		}
		fmt.Fprintf(&b, "%-15s %s\n%-15s %s\n", t.Name, t.About, "", loads)
	}
	_, err := io.WriteString(out, b.String())
	return err
}
