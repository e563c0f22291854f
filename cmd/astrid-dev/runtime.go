package main

import (
	"context"
	"os/exec"
	"regexp"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

// runtimeFlags is --runtime: the releases of Astrid's runtime that must take a capsule.
type runtimeFlags []string

func (f *runtimeFlags) register(cmd *cobra.Command, use string) {
	cmd.Flags().StringArrayVar((*[]string)(f), "runtime", nil, use)
}

// releases are those that were asked for. One that is not known is a wrong call.
func (f runtimeFlags) releases() (list []*astrid.Release, err error) {
	if list, err = astrid.FindAll(f); err != nil {
		return nil, usage.New(err)
	}
	return list, nil
}

// versions are the same as text, once releases had no complaint.
func (f runtimeFlags) versions() []string {
	list, _ := f.releases()
	return astrid.Versions(list)
}

// installed is the release of the astrid in PATH, which judges when none was asked for.
func (f runtimeFlags) installed() string {
	if len(f) > 0 {
		return ""
	}
	return installedRuntime()
}

// askingTakes is how long the runtime may take to tell its version: it does so in
// milliseconds, and no build waits for one that hangs.
const askingTakes = 2 * time.Second

// installedRuntime is the known release that is closest to the astrid in PATH, "" without
// one. It is asked once: a run judges by one release from its beginning to its end.
var installedRuntime = sync.OnceValue(func() string {
	ctx, cancel := context.WithTimeout(context.Background(), askingTakes)
	defer cancel()
	cmd := exec.CommandContext(ctx, "astrid", "--version")
	cmd.WaitDelay = askingTakes / 10 // for a grandchild that holds the pipe
	said := &firstBytes{left: 4 << 10}
	cmd.Stdout = said
	if cmd.Run() != nil {
		return ""
	}
	if closest := astrid.Closest(versionText.FindString(string(said.kept))); closest != nil {
		return closest.Version
	}
	return ""
})

var versionText = regexp.MustCompile(`[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?`)

// firstBytes keeps the beginning of what a program writes, and takes all of it.
type firstBytes struct {
	kept []byte
	left int
}

func (w *firstBytes) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	w.kept, w.left = append(w.kept, p[:n]...), w.left-n
	return len(p), nil
}
