package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain CODE...",
		Short: "Say what a code means, with an example and the remedy",
		Long: `explain says of each code, as it stands in brackets behind a message, what it means, what
brings it about and what to do. check --list lists all codes.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage.Hint(errors.New("explain takes a code"), "as in astrid-dev explain kernel-wasi; astrid-dev check --list lists all")
			}
			return nil
		},
		RunE: explain,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return codeNames(), nothingElse
		},
	}
}

func explain(cmd *cobra.Command, args []string) error {
	var rules []finding.Rule
	for _, arg := range args {
		rule, err := ruleOf(strings.Trim(arg, "[]"))
		if err != nil {
			return err
		}
		rules = append(rules, rule)
	}
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string][]finding.Rule{"codes": rules})
	}
	var b strings.Builder
	for i, r := range rules {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s (%s, of %s)\n  %s\n  example: %s\n  help: %s\n", r.Code, r.Severities(), r.Part, r.Summary, r.Example, r.Remedy)
		if r.Fixable {
			b.WriteString("  astrid-dev check --fix can mend it, if not in every case\n")
		}
	}
	_, err := io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

// ofRustc are the codes of Rust's compiler, which explains them itself.
var ofRustc = regexp.MustCompile(`^E\d{4}$`)

// ruleOf is the rule of a code, by one of its older names too.
func ruleOf(name string) (finding.Rule, error) {
	if rule, known := finding.Code(name).Rule(); known {
		return rule, nil
	}
	for _, rule := range finding.Codes() {
		for _, old := range rule.Was {
			if string(old) == name {
				return rule, nil
			}
		}
	}
	hint := "astrid-dev check --list lists all"
	if near := capsule.Nearest(name, codeNames()); near != "" {
		hint = "did you mean " + near + "?"
	}
	if ofRustc.MatchString(name) {
		hint = "it is one of Rust's compiler: rustc --explain " + name
	}
	return finding.Rule{}, usage.Hint(fmt.Errorf("%q is no code of astrid-dev", name), hint)
}

func codeNames() (names []string) {
	for _, rule := range finding.Codes() {
		names = append(names, string(rule.Code))
	}
	return names
}
