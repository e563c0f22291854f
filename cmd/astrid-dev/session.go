package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// session is one run of the loop: watch's or build's.
type session struct {
	ctx      context.Context
	cancel   func()
	cfg      orchestrator.Config
	warnings chan orchestrator.Warning
	hooks    chan orchestrator.HookRun
	voices   *voices
	once     bool
	said     map[string]string // warnings about folders, by path; the search's alone
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
	s := &session{warnings: make(chan orchestrator.Warning, warningsHeld), hooks: make(chan orchestrator.HookRun), once: once, said: map[string]string{}}
	s.ctx, s.cancel = context.WithCancel(cmd.Context())
	var err error
	if s.voices, err = newVoices(cmd, h, once, s); err != nil {
		s.cancel()
		return nil, err
	}
	b := builder.New(builder.Options{Jobs: f.jobs, Strict: f.strict, Retry: f.retry, Runtime: f.on.versions(), Installed: f.on.installed(), Say: func(dir string, found finding.Finding) {
		s.send(orchestrator.Warning{Dir: dir, Warning: event.Warning{Code: found.Code, Message: found.Message, Hint: found.Hint}})
	}})
	search := tree.Search{Roots: roots, Nested: f.nested}
	s.cfg = orchestrator.Config{
		Jobs: f.jobs, Roots: roots, Plans: make(chan watcher.Plan, 1), Warn: s.warnings, Hooks: s.hooks,
		Find:    func(ctx context.Context) ([]string, error) { return s.find(ctx, search) },
		Examine: look(b), Build: b.Build,
		Publish: func(ctx context.Context, staged *builder.Staged, _ *builder.Inputs) (*builder.Published, error) {
			return b.Publish(ctx, staged)
		},
		Stands: b.Stands, Restore: b.Restore,
		LastChange: fsys.LastChange,
		Exists:     func(path string) bool { _, err := os.Lstat(path); return err == nil },
		Announce:   s.voices.announce, Output: s.voices.output,
	}
	if !f.nested {
		s.cfg.Foreign = tree.NewForeign(roots).Is
	}
	return s, nil
}

// look examines a capsule after what a crash left half published there was completed.
// What that published is handed on with the first examination that succeeds.
func look(b *builder.Builder) func(ctx context.Context, dir string) (*builder.Inputs, error) {
	var completed sync.Map // capsule folder -> *builder.Published
	return func(ctx context.Context, dir string) (*builder.Inputs, error) {
		recovered, err := b.Recover(ctx, dir)
		if err != nil {
			return nil, err
		}
		if recovered != nil {
			completed.Store(dir, recovered)
		}
		in, err := b.Examine(ctx, dir)
		if err != nil {
			return nil, err
		}
		if p, ok := completed.LoadAndDelete(dir); ok {
			in.Recovered, _ = p.(*builder.Published)
		}
		return in, nil
	}
}

// close waits for the hooks and writes out what is still to be said.
func (s *session) close() error {
	s.cancel()
	return s.voices.close()
}

// end closes the session of a command that ends with err. Events that could not be
// written are the reason then: whoever reads them must not take them for all.
func (s *session) end(err error) error {
	if closed := s.close(); closed != nil {
		return usageHint(fmt.Errorf("writing events: %w", closed), "give stdout to a program that reads it, or a disk that has space")
	}
	return err
}

// send hands a warning to the loop, unless the program ends first.
func (s *session) send(w orchestrator.Warning) {
	select {
	case s.warnings <- w:
	case <-s.ctx.Done():
	}
}

// hookFailed warns of a run of the --on-reload command after e.
func (s *session) hookFailed(e event.Event, w event.Warning) {
	s.send(orchestrator.Warning{Capsule: e.Capsule, Dir: e.Dir, Warning: w})
}

// hooked tells the loop of a run of the --on-reload command.
func (s *session) hooked(dir string, running bool) {
	select {
	case s.hooks <- orchestrator.HookRun{Dir: dir, Running: running}:
	case <-s.ctx.Done():
	}
}

func (s *session) warn(code finding.Code, message, hint string) {
	s.send(orchestrator.Warning{Warning: event.Warning{Code: code, Message: message, Hint: hint}})
}

// find is the loop's search for capsules. Folders that cannot be read, and links that
// look like capsules, are named once and passed over.
func (s *session) find(ctx context.Context, search tree.Search) ([]string, error) {
	found, err := tree.Find(ctx, search)
	var partial *tree.PartialError
	if err != nil && !errors.As(err, &partial) {
		return nil, err
	}
	if partial != nil {
		for _, e := range unreadable(partial) {
			s.warnOnce(e.Path, finding.UnreadableFolder, e.Error(), closedHint)
		}
	}
	for _, link := range strangers(found) {
		if !s.once { // build said it on stderr
			s.warnOnce(link, finding.LinkedCapsule, linkedMessage(link), linkedHint)
		}
	}
	return found.Capsules, nil
}

// warnOnce warns of something that later searches come upon again. Searches never overlap.
func (s *session) warnOnce(about string, code finding.Code, message, hint string) {
	if s.said[about] != message {
		s.said[about] = message
		s.warn(code, message, hint)
	}
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
