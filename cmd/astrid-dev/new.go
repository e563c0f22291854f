package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/scaffold"
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
		RunE: func(cmd *cobra.Command, args []string) error { return writeNew(cmd, args[0], lang) },
	}
	cmd.Flags().StringVar(&lang, "lang", "", "language: "+strings.Join(scaffold.Languages(), ", "))
	cmd.RegisterFlagCompletionFunc("lang", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return scaffold.Languages(), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func writeNew(cmd *cobra.Command, path, lang string) error {
	if path == "" {
		return usage.Hint(errors.New("an empty name was given"), "astrid-dev new greeter --lang go")
	}
	if lang == "" {
		return usage.Hint(errors.New("no language was given"), "add --lang and one of "+strings.Join(scaffold.Languages(), ", "))
	}
	files, err := scaffold.Scaffold(lang, filepath.Base(path))
	if err != nil {
		return usage.New(err)
	}
	if err := writeFolder(path, files); err != nil {
		return err
	}
	return tellNew(cmd, path, lang, slices.Sorted(maps.Keys(files)))
}

// tellNew says what was written, and what to do first and then.
func tellNew(cmd *cobra.Command, path, lang string, files []string) error {
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		dir, err := filepath.Abs(path)
		if err != nil {
			return usage.New(err)
		}
		return json.NewEncoder(out).Encode(struct {
			Dir   string   `json:"dir"`
			Files []string `json:"files"` // relative to dir
		}{dir, files})
	}
	fmt.Fprintf(out, "wrote %s\n", path)
	for _, name := range files {
		fmt.Fprintf(out, "  %s\n", name)
	}
	if prepare := scaffold.Prepare(lang); prepare != nil {
		fmt.Fprintf(out, "first:  cd %s && %s\n", path, strings.Join(prepare, " "))
	}
	_, err := fmt.Fprintf(out, "then:   astrid-dev watch %s\n", path)
	return err
}

// writeFolder makes the new folder path whole: it is written beside it and
// renamed, so that nothing half-written stays and nothing of anybody's is touched.
func writeFolder(path string, files map[string][]byte) error {
	if _, err := os.Lstat(path); err == nil {
		return usage.Hint(fmt.Errorf("%s is there already", path), "choose another name, or remove it")
	}
	parent := filepath.Dir(filepath.Clean(path))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return writing(path, err)
	}
	draft, err := os.MkdirTemp(parent, "."+filepath.Base(path)+".")
	if err != nil {
		return writing(path, err)
	}
	defer os.RemoveAll(draft) // gone already when the rename came to pass
	for name, data := range files {
		file := filepath.Join(draft, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, data, fs.FileMode(0o644))); err != nil {
			return writing(path, err)
		}
	}
	return writing(path, errors.Join(os.Chmod(draft, 0o755), os.Rename(draft, path)))
}

// writing names path, where err may name a draft that nobody has seen.
func writing(path string, err error) error {
	if err == nil {
		return nil
	}
	return usage.New(fmt.Errorf("writing %s: %w", path, err))
}
