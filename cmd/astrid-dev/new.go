package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/scaffold"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

func newNew() *cobra.Command {
	var lang string
	cmd := &cobra.Command{
		Use:   "new NAME --lang go|rust|assemblyscript|js|c",
		Short: "Write a new capsule that builds at once",
		Long: `new writes a small capsule into a new folder of its name. NAME may have folders
before it: astrid-dev new capsules/greeter --lang go.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage.Hint(fmt.Errorf("new takes one name, not %d", len(args)), "astrid-dev new greeter --lang go")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			written, err := scaffold.Write(args[0], lang)
			if err != nil {
				return err
			}
			return tellNew(cmd, written)
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "", "language: "+strings.Join(scaffold.Languages(), ", "))
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
	_, err := fmt.Fprintf(out, "then:   astrid-dev watch %s\n", dir)
	return err
}
