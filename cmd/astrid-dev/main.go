// Command astrid-dev watches Astrid OS capsules, rebuilds what really changed,
// smoke-loads the result and announces the hot reload.
//
// One file holds one command. A command returns an error; main prints it and
// turns it into an exit code. Nothing else exits.
package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder"
	_ "github.com/astrid-runtime/astrid-dev/builder/early"
	"github.com/astrid-runtime/astrid-dev/orchestrator/terminal"
)

// The exit codes. Scripts read them.
const (
	exitOK          = 0
	exitFailed      = 1   // a capsule failed
	exitUsage       = 2   // the call or the environment is wrong
	exitInterrupted = 130 // a signal ended a command other than watch
)

func main() {
	if code, handled := builder.Main(os.Args[1:]); handled {
		os.Exit(code)
	}
	if code, handled := terminal.Main(os.Args[1:]); handled {
		os.Exit(code)
	}
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	ctx, stop := interruptible()
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	out := newOutputs(root, stop)
	addCompletion(root) // keeps the outputs that there are now
	cmd, err := root.ExecuteContextC(ctx)
	if unwritten := out.answer(cmd).Unwritten(err); unwritten != nil {
		return report(os.Stderr, unwritten)
	}
	if err == nil {
		return exitOK
	}
	if ctx.Err() != nil && !isFailed(err) {
		return exitInterrupted
	}
	return report(os.Stderr, err)
}

func newRoot() *cobra.Command {
	var showVersion bool
	root := &cobra.Command{
		Use:   "astrid-dev",
		Short: "Watch Astrid OS capsules, rebuild what changed, announce the hot reload",
		Long: `astrid-dev watches Astrid OS capsules (folders with a Capsule.toml), rebuilds
what really changed, smoke-loads the result and announces the hot reload.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return printVersion(cmd)
			}
			return cmd.Help()
		},
	}
	root.SetFlagErrorFunc(flagError)
	root.Flags().BoolVarP(&showVersion, "version", "V", false, "print the version")
	root.PersistentFlags().String("format", "text", "text for people; on stdout json for programs, and of watch, build and check short, a line a finding, for problem matchers")
	root.PersistentPreRunE = func(cmd *cobra.Command, args []string) error {
		given, err := daily(cmd, args)
		if len(given) > 0 {
			cmd.Annotations = map[string]string{dailyKey: "from " + given[0] + ": " + strings.Join(given[1:], " ")}
		}
		if err != nil {
			return err
		}
		return checkFormat(cmd)
	}
	root.AddCommand(newWatch(), newBuild(), newSmoke(), newHash(), newDoctor(), newNew(), newVersion(), newCheck(), newVerify(), newPack(), newTools(), newCall(), newTest(), newKey(), newReport(), newVerifyAttestation(), newSBOM())
	root.AddCommand(newStatus(), newWait(), newHold(), newRelease(), newWhy(), newMCP(), newEvents(), newRebuild(), newStop(), newExplain(), newMan())
	completed(root)
	root.SetHelpCommand(newHelp())
	return root
}
