package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/mcp"
)

func newMCP() *cobra.Command {
	return &cobra.Command{
		Use:   "mcp",
		Short: "Answer a coding agent over the Model Context Protocol, on stdin and stdout",
		Long: `mcp is a server of the Model Context Protocol on stdin and stdout. Its tools are wait, status, why, tools
and call; its resources are the events and the diagnostics of the watch of the current folder.
docs/agents.md says how an agent is told of it.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := os.Getwd()
			if err != nil {
				return usage.New(err)
			}
			server := mcp.New(mcp.Options{Dir: dir, Version: version(), Status: statusText(cmd), Why: whyText})
			err = server.Run(cmd.Context(), &sdk.IOTransport{Reader: io.NopCloser(cmd.InOrStdin()), Writer: writer{cmd.OutOrStdout()}})
			if err != nil && !errors.Is(err, io.EOF) && cmd.Context().Err() == nil {
				return usage.New(err)
			}
			return nil
		},
	}
}

// writer is stdout, which nobody closes.
type writer struct{ io.Writer }

func (writer) Close() error { return nil }

// statusText is status for an agent.
func statusText(cmd *cobra.Command) func(ctx context.Context, path string) (string, error) {
	return func(_ context.Context, path string) (string, error) {
		answer, err := standings(cmd, []string{path})
		var lines strings.Builder
		for _, s := range answer.Capsules {
			lines.WriteString(s.line() + "\n")
		}
		tellPending(&lines, answer.Pending)
		return lines.String(), err
	}
}

// whyText is why for an agent.
func whyText(ctx context.Context, path string) (string, error) {
	dir := capsuleOf(path)
	if dir == "" {
		return "", errors.New("that lies in no capsule")
	}
	r, err := reasonsFor(ctx, dir, path)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	r.tell(&text)
	return text.String(), nil
}
