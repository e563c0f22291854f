package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/serve"
)

// watchFlags are the flags that only watch has.
type watchFlags struct {
	quiet, settle, maxWait time.Duration
	onReload, onFailed     string
	onMended               string
	notify                 bool
	hookTimeout            time.Duration
	hookEach               bool
	poll                   bool
	pollInterval           time.Duration
	noInitial              bool
	release                bool
	serve                  string
}

// freePort is what --serve alone stands for.
const freePort = "a free port"

func (f *watchFlags) declare(flags *pflag.FlagSet) {
	flags.DurationVar(&f.quiet, "quiet-window", orchestrator.DefaultQuiet, "announce when nothing changed for this long")
	flags.DurationVar(&f.settle, "settle", orchestrator.DefaultSettle, "start an early build after this much quiet")
	flags.DurationVar(&f.maxWait, "max-wait", 0, "build at the latest this long after the first change (0: 4 x quiet window)")
	flags.StringVar(&f.onReload, "on-reload", "", "command to run after each reload; the event is its stdin")
	flags.StringVar(&f.onFailed, "on-failed", "", "command to run when a capsule fails or is held")
	flags.StringVar(&f.onMended, "on-mended", "", "command to run at a capsule's first success after a failure")
	flags.DurationVar(&f.hookTimeout, "on-reload-timeout", 30*time.Second, "end a command of --on-reload, --on-live, --on-failed or --on-mended after this long")
	flags.BoolVar(&f.notify, "notify", false, "when capsules fail, and when all are sound again: the terminal's bell, and a notification where notify-send or osascript is")
	flags.BoolVar(&f.hookEach, "on-reload-each", false, "run the --on-reload command after each build, also when it made the same modules")
	flags.BoolVar(&f.poll, "poll", false, "look at every file again and again instead of asking the system for events")
	flags.DurationVar(&f.pollInterval, "poll-interval", 500*time.Millisecond, "how often to look where there are no events")
	flags.BoolVar(&f.release, "release", false, "build releases only, also while somebody waits (Rust, AssemblyScript)")
	flags.BoolVar(&f.noInitial, "no-initial-build", false, "build nothing until something changes")
	flags.StringVar(&f.serve, "serve", "", "show the watch in a browser at `ADDR`, a port or HOST:PORT (without one a free port of 127.0.0.1)")
	flags.Lookup("serve").NoOptDefVal = freePort
}

func (f watchFlags) check() error {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"quiet-window", f.quiet}, {"settle", f.settle}, {"poll-interval", f.pollInterval}, {"on-reload-timeout", f.hookTimeout}} {
		if d.value <= 0 {
			return usage.New(fmt.Errorf("--%s must be longer than 0, not %s", d.name, d.value))
		}
	}
	if f.maxWait != 0 && f.maxWait < f.quiet {
		return usage.New(fmt.Errorf("--max-wait %s is shorter than the quiet window %s", f.maxWait, f.quiet))
	}
	return nil
}

// page is where the watch is shown in a browser, nil where it is not, and the paths among args: after --serve
// alone, which takes its value with "=" only, a word that is an address and no file is meant for it.
func (f watchFlags) page(cmd *cobra.Command, args []string) ([]string, *string) {
	if !cmd.Flags().Changed("serve") {
		return args, nil
	}
	address := f.serve
	if address == freePort {
		address = ""
		for i, arg := range args {
			if _, err := os.Lstat(arg); err != nil && serve.IsAddress(arg) {
				return slices.Delete(slices.Clone(args), i, i+1), &arg
			}
		}
	}
	return args, &address
}
