package main

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/announce"
	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// session is one run of the loop: watch's or build's.
type session struct {
	ctx      context.Context
	cancel   func()
	cfg      orchestrator.Config
	warnings chan announce.Event
	hooks    chan orchestrator.HookRun
	voices   *voices
}

// hook is the command of --on-reload; none when command is "".
type hook struct {
	command string
	timeout time.Duration
}

// warningsHeld is how many warnings may wait for the loop: more than a round
// of it ever makes, so that nobody who warns has to wait.
const warningsHeld = 256

// newSession sets a run up. once: it ends at the first idle.
func newSession(cmd *cobra.Command, roots []string, f buildFlags, h hook, once bool) (*session, error) {
	s := &session{warnings: make(chan announce.Event, warningsHeld), hooks: make(chan orchestrator.HookRun)}
	s.ctx, s.cancel = context.WithCancel(cmd.Context())
	var err error
	if s.voices, err = newVoices(cmd, h, once, s); err != nil {
		s.cancel()
		return nil, err
	}
	b := builder.New(builder.Options{Jobs: f.jobs, Strict: f.strict, Say: func(dir string, found finding.Finding) {
		s.send(announce.Event{Type: announce.Warning, Dir: dir, Code: found.Code, Message: found.Message, Hint: found.Hint})
	}})
	s.cfg = orchestrator.Config{
		Jobs: f.jobs, Roots: roots, Plans: make(chan watcher.Plan, 1), Warn: s.warnings, Hooks: s.hooks,
		Find:    func(ctx context.Context) ([]string, error) { return s.find(ctx, roots) },
		Examine: b.Examine, Build: b.Build, Publish: b.Publish,
		LastChange: builder.LastChange,
		Exists:     func(path string) bool { _, err := os.Lstat(path); return err == nil },
		Announce:   s.voices.announce, Output: s.voices.output,
	}
	return s, nil
}

// close waits for the hooks and writes out what is still to be said.
func (s *session) close() error {
	s.cancel()
	return s.voices.close()
}

// send hands a warning to the loop, unless the program ends first.
func (s *session) send(e announce.Event) {
	select {
	case s.warnings <- e:
	case <-s.ctx.Done():
	}
}

// hooked tells the loop of a run of the --on-reload command.
func (s *session) hooked(dir string, running bool) {
	select {
	case s.hooks <- orchestrator.HookRun{Dir: dir, Running: running}:
	case <-s.ctx.Done():
	}
}

func (s *session) warn(code, message, hint string) {
	s.send(announce.Event{Type: announce.Warning, Code: code, Message: message, Hint: hint})
}

// find is the loop's search for capsules. Folders that cannot be read are named and passed over.
func (s *session) find(ctx context.Context, roots []string) ([]string, error) {
	dirs, err := tree.FindCapsules(ctx, roots)
	var partial *tree.PartialError
	if !errors.As(err, &partial) {
		return dirs, err
	}
	for _, e := range partial.Errs {
		if !errors.Is(e, fs.ErrNotExist) {
			s.warn("unreadable-folder", e.Error(), "make it readable; capsules in it are not seen")
		}
	}
	return dirs, nil
}

// readLines calls do with every line that a person types. It goes on until the
// program ends: a read of a terminal cannot be cancelled. In the background of a
// shell nothing is read, and nothing is stopped either.
func readLines(do func(line string)) {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return
	}
	go func() {
		for lines := bufio.NewScanner(newTerminalReader(os.Stdin)); lines.Scan(); {
			do(lines.Text())
		}
	}()
}
