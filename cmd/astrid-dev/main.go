// Command astrid-dev watches Astrid OS capsules, rebuilds what really changed,
// smoke-loads the result and announces the hot reload.
//
// One file holds one command. A command returns an error; main prints it and
// turns it into an exit code. Nothing else exits.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
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
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	ctx, stop := interruptible()
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	out := newOutputs(root, stop)
	cmd, err := root.ExecuteContextC(ctx)
	if unwritten := out.answer(cmd).unwritten(err); unwritten != nil {
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

// oneSignal is how long the same signal may echo: timeout(1), terminals and supervisors
// signal a process and its group, within milliseconds. Nobody types so fast.
const oneSignal = 250 * time.Millisecond

// interruptible is a context that the first signal ends. The second one ends
// the program at once: the guardians of what still runs see that and clean up.
// Ctrl-Z stops what runs for us as well, until fg or bg continue it.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup means it
		signal.Notify(signals, syscall.SIGHUP)
	}
	// A closed pipe is an error of the write that met it, not the program's end.
	signal.Ignore(syscall.SIGPIPE)
	go func() {
		first, came := <-signals, time.Now()
		cancel()
		for second := range signals {
			if second != first || time.Since(came) > oneSignal {
				os.Exit(exitInterrupted)
			}
		}
	}()
	go suspendable()
	return ctx, cancel
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
	root.PersistentFlags().String("format", "text", "text for people, json for programs (stdout)")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return checkFormat(cmd) }
	root.AddCommand(newWatch(), newBuild(), newSmoke(), newHash(), newDoctor(), newNew(), newVersion(), newCheck(), newVerify(), newPack())
	root.SetHelpCommand(newHelp())
	addCompletion(root)
	return root
}

func checkFormat(cmd *cobra.Command) error {
	switch f := format(cmd); f {
	case "text", "json":
		return nil
	default:
		return usage.New(fmt.Errorf("unknown format %q: use text or json", f))
	}
}

func format(cmd *cobra.Command) string { return cmd.Flag("format").Value.String() }

func asJSON(cmd *cobra.Command) bool { return format(cmd) == "json" }

// isFailed reports whether err says that capsules failed, which outweighs an interruption.
func isFailed(err error) bool {
	var f *failedError
	return errors.As(err, &f)
}
