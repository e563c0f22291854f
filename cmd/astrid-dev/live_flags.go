package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/live"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/orchestrator/trial"
)

// liveFlags say in which runtime watch keeps what is built live, if in any: in a private one,
// with --isolated, or in the user's, with --live.
type liveFlags struct {
	isolated   isolatedFlags
	live       bool
	approve    bool
	noRollback bool
	onLive     string
}

func (f *liveFlags) register(cmd *cobra.Command) {
	f.isolated.register(cmd)
	flags := cmd.Flags()
	flags.Lookup("isolated").Usage = "install each reload in the real runtime: a private daemon, of which nothing stays"
	flags.Lookup("var").Usage = "NAME=VALUE for the manifests' [env], with --isolated or --live (may be repeated)"
	flags.BoolVar(&f.live, "live", false, "install each reload in your running Astrid runtime")
	flags.BoolVar(&f.approve, "approve-untrusted", false, "approve of what --live installs, which is not signed, without being asked")
	flags.BoolVar(&f.noRollback, "no-rollback", false, "do not put back the last good package when your runtime refuses a new one")
	flags.StringVar(&f.onLive, "on-live", "", "command to run when a reload is live; the event is its stdin")
}

// on reports whether a runtime was asked for.
func (f *liveFlags) on() bool { return f.isolated.on || f.live }

// check finds a wrong call.
func (f *liveFlags) check() error {
	wrong := ""
	switch {
	case f.isolated.on && f.live:
		wrong = "--isolated and --live exclude each other"
	case !f.isolated.on && f.isolated.astrid != "":
		wrong = "--astrid needs --isolated"
	case !f.on() && len(f.isolated.vars) > 0:
		wrong = "--var needs --isolated or --live"
	case !f.on() && f.onLive != "":
		wrong = "--on-live needs --isolated or --live"
	case !f.live && f.approve:
		wrong = "--approve-untrusted needs --live"
	case !f.live && f.noRollback:
		wrong = "--no-rollback needs --live"
	}
	if wrong != "" {
		return usage.New(errors.New(wrong))
	}
	_, err := trial.Values(f.isolated.vars)
	return err
}

// begin finds the runtime that was asked for, and starts a private one; nil when none was.
// The caller calls end, in any case.
func (f *liveFlags) begin(cmd *cobra.Command, roots []string) (o *live.Options, end func(), err error) {
	end = func() {}
	if !f.on() {
		return nil, end, nil
	}
	o = &live.Options{Rollback: !f.noRollback}
	if o.Values, err = trial.Values(f.isolated.vars); err != nil {
		return nil, end, err
	}
	if f.live {
		end, err = f.beginUser(cmd, roots, o)
		return o, end, err
	}
	program, err := daemon.Find(f.isolated.astrid)
	if err != nil {
		return nil, end, err
	}
	private := daemon.New(daemon.Options{Program: program, Env: os.Environ()})
	private.Begin() // it comes up while the first capsule is built
	o.Runtime = live.Isolated(private)
	return o, private.Close, nil
}

// beginUser makes the user's runtime that of o, once the user approves.
func (f *liveFlags) beginUser(cmd *cobra.Command, roots []string, o *live.Options) (end func(), err error) {
	user, err := daemon.FindUser(os.Getenv)
	if err != nil {
		return func() {}, err
	}
	o.Runtime = live.User(user)
	if !f.approve {
		err = approval(cmd, roots, user.Home())
	}
	return user.Close, err
}

// approval asks, once for this session, whether what is built may be installed: nobody signed
// it, and the runtime wants such packages approved.
func approval(cmd *cobra.Command, roots []string, home string) error {
	hint := "with --approve-untrusted it is not asked for"
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return usage.Hint(errors.New("what --live installs is not signed, and nobody is here to approve of it"), "give --approve-untrusted")
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "Install what is built below %s, which is not signed, in the runtime of %s, until this watch ends? [y/N] ", paths.Joined(roots), paths.Short(home))
	switch line, err := question(cmd.Context()); {
	case err != nil:
		return errInterrupted
	case line == "y" || line == "Y" || line == "yes":
		return nil
	}
	return usage.Hint(errors.New("nothing is installed without approval"), hint)
}
