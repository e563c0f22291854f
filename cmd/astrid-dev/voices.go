package main

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/astrid-runtime/astrid-dev/orchestrator/announce"
)

// voices are all that events are told to: a person on stderr, a program on
// stdout when --format json asks for it, a command.
type voices struct {
	announce announce.Announcer
	output   func(capsule string) io.Writer
	console  *announce.Console
	ndjson   *announce.NDJSON // nil: nobody reads events
	hook     *announce.Hook   // nil: there is none
}

// newVoices sets them up for s. once: the program ends by itself.
func newVoices(cmd *cobra.Command, h hook, once bool, s *session) (*voices, error) {
	v := &voices{}
	if h.command != "" {
		var err error
		v.hook, err = announce.NewHook(announce.HookOptions{Command: h.command, Env: os.Environ(), Timeout: h.timeout, Warn: s.hookFailed, Running: s.hooked,
			Output: func(capsule string) io.Writer { return v.console.Writer(capsule) }})
		if err != nil {
			return nil, usage(err)
		}
	}
	v.console = newConsole(cmd, once)
	v.output = v.console.Writer
	all := []announce.Announcer{v.console.Announce}
	if asJSON(cmd) {
		v.ndjson = announce.NewNDJSON(cmd.OutOrStdout(), func(error) { s.cancel() }) // the reader of stdout is gone
		all = append(all, v.ndjson.Announce)
	}
	if v.hook != nil {
		all = append(all, v.hook.Announce)
	}
	v.announce = announce.Fan(all...)
	return v, nil
}

// newConsole tells people. Beside --format json it keeps to what matters.
func newConsole(cmd *cobra.Command, once bool) *announce.Console {
	dir, _ := os.Getwd() // without it paths are shown whole
	o := announce.ConsoleOptions{Dir: dir, Quiet: asJSON(cmd), Once: once}
	if fd := int(os.Stderr.Fd()); term.IsTerminal(fd) {
		o.Colour = !announce.NoColour(os.Getenv)
		o.Width = func() int {
			width, _, err := term.GetSize(fd)
			if err != nil {
				return 0
			}
			return width
		}
	}
	return announce.NewConsole(cmd.ErrOrStderr(), o)
}

// hookGrace is how long a command that a reload started may go on when
// the program ends: long enough to notice the end, within the two seconds of P6.
const hookGrace = 500 * time.Millisecond

// close ends the voices in the order in which they speak to each other. A
// reader of stdout that went away is how pipes end, and no error.
func (v *voices) close() error {
	var err error
	if v.hook != nil {
		ctx, cancel := context.WithTimeout(context.Background(), hookGrace)
		v.hook.Wait(ctx)
		cancel()
		v.hook.Close()
	}
	v.console.Close() // who cannot be written to cannot be told so either
	if v.ndjson != nil {
		if err = v.ndjson.Close(); errors.Is(err, syscall.EPIPE) {
			err = nil
		}
	}
	return err
}
