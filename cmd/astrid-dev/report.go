package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	reports "github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

func newReport() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Work with the reports of verify",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newReportMerge())
	return cmd
}

func newReportMerge() *cobra.Command {
	var targets []string
	cmd := &cobra.Command{
		Use:   "merge FILE...",
		Short: "Make one report of those of a run's shards",
		Long: `merge reads the JSON reports (--report json=FILE) of all shards of one verify run and
answers as verify would have without --shard, exit code included. A shard that is missing
or there twice, or that was run with other flags, is an error.`,
		RunE: func(cmd *cobra.Command, args []string) error { return mergeReports(cmd, args, targets) },
	}
	cmd.Flags().StringArrayVar(&targets, "report", nil, "FORMAT=FILE: write the report as json, junit, sarif or markdown; may be repeated")
	return cmd
}

func mergeReports(cmd *cobra.Command, files, given []string) error {
	targets, err := reports.ParseTargets(given)
	if err != nil {
		return usage.New(err)
	}
	var parts []reports.Report
	for _, file := range files {
		part, err := reports.Read(file)
		switch {
		case errors.Is(err, reports.ErrNoReport):
			return usage.Hint(fmt.Errorf("reading %s: %w", text.Name(file), err), "give files that --report json=FILE wrote")
		case err != nil:
			return usage.New(fmt.Errorf("reading a report: %w", err))
		}
		parts = append(parts, part)
	}
	whole, err := reports.Merge(parts)
	if err != nil {
		return usage.Hint(err, "give the JSON reports of all shards of one run, in any order")
	}
	if err := reports.Probe(targets); err != nil {
		return usage.Hint(err, "name files in a folder that can be written; missing folders are made")
	}
	out := reports.Outputs{Files: targets, Answer: cmd.OutOrStdout(), JSON: asJSON(cmd), Nothing: "no shard had a capsule"}
	if err := out.Write(whole); err != nil {
		return usage.New(err)
	}
	return verdict(cmd.Context(), &whole)
}
