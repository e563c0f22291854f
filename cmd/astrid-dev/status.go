package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/ask"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

func newStatus() *cobra.Command {
	var json bool
	cmd := &cobra.Command{
		Use:   "status [PATH...]",
		Short: "Say how each capsule stands, with a running watch or without",
		Long: `status prints a line for each capsule below the paths (the current folder without any), what
failed first: as a running watch knows it, else from the records of the last builds, held
against what is on disk. It exits with 1 when a capsule failed or is held.`,
		RunE: func(cmd *cobra.Command, args []string) error { return status(cmd, args, json || asJSON(cmd)) },
	}
	cmd.Flags().BoolVar(&json, "json", false, "one line of JSON, as --format json")
	return cmd
}

// statusAnswer is what status says.
type statusAnswer struct {
	Capsules []standing `json:"capsules"`
	ask.Pending
	Page string `json:"page,omitempty"` // the URL of the watch's page
}

// standing is one line of status.
type standing struct {
	event.Standing
	Watched bool      `json:"watched"`
	Built   time.Time `json:"built,omitzero"` // not watched: when its modules were published
	Differs bool      `json:"differs"`        // not watched: what is on disk was not built yet
	Reason  string    `json:"reason,omitempty"`
}

func status(cmd *cobra.Command, args []string, asJSON bool) error {
	answer, err := standings(cmd, args)
	if err != nil {
		return err
	}
	failed := 0
	for _, s := range answer.Capsules {
		if s.State == event.Failed || s.State == event.OnHold {
			failed++
		}
	}
	if asJSON {
		if err := writeJSON(cmd, answer); err != nil {
			return err
		}
	} else {
		for _, s := range answer.Capsules {
			fmt.Fprintln(cmd.OutOrStdout(), s.line())
		}
		tellPending(cmd.OutOrStdout(), answer.Pending)
		if answer.Page != "" {
			fmt.Fprintln(cmd.OutOrStdout(), "page     "+answer.Page)
		}
	}
	if failed > 0 {
		return &failedError{count: failed, said: true}
	}
	return nil
}

// standings are those of the capsules on the paths, with what is pending and where the page is: of the
// watch that is there, else recorded.
func standings(cmd *cobra.Command, args []string) (answer statusAnswer, err error) {
	answer.Pending = ask.Pending{Holds: []ask.Hold{}, Waits: []ask.Waiting{}}
	w, at, err := watchOf(args)
	var nobody *exitError
	if errors.As(err, &nobody) {
		answer.Capsules, err = recorded(cmd, at)
		return answer, err
	}
	if err != nil {
		return answer, err
	}
	snapshot, pending, err := w.Status(cmd.Context())
	if errors.Is(err, ask.ErrEnded) { // it was killed just now, and its socket lived a moment longer
		answer.Capsules, err = recorded(cmd, at)
		return answer, err
	}
	if err != nil {
		return answer, usage.New(err)
	}
	list := []standing{}
	for _, s := range snapshot.Standing {
		if slices.ContainsFunc(at, func(path string) bool { return fsys.Related(path, s.Dir) }) {
			list = append(list, standing{Standing: s, Watched: true})
		}
	}
	return statusAnswer{sorted(list), pending.About(at), snapshot.Page}, nil
}

// watches are those of single capsules, each asked once.
type watches map[string]event.Standing // by folder

// of is how the watch of the capsule in dir, if there is one, says that it stands.
func (w watches) of(ctx context.Context, dir string) (event.Standing, bool) {
	if s, known := w[dir]; known {
		return s, true
	}
	found, err := ask.Find([]string{dir})
	if err != nil {
		return event.Standing{}, false
	}
	snapshot, _, err := found.Status(ctx)
	if err != nil {
		return event.Standing{}, false // it ended just now
	}
	for _, s := range snapshot.Standing {
		w[s.Dir] = s
	}
	s, known := w[dir]
	return s, known
}

// recorded is what is known of capsules that no one watch has all of.
func recorded(cmd *cobra.Command, at []string) ([]standing, error) {
	roots, err := paths.Existing(at)
	if err != nil {
		return nil, err
	}
	found, err := paths.Find(cmd.Context(), roots, false)
	if err != nil {
		return nil, err
	}
	b := builder.New(builder.Options{Debug: true}) // a debug module that a watch left behind is good as well
	list, asked := []standing{}, watches{}
	for _, dir := range found.Dirs {
		if s, is := asked.of(cmd.Context(), dir); is {
			list = append(list, standing{Standing: s, Watched: true})
			continue
		}
		s := standing{Standing: event.Standing{Subject: event.Subject{Dir: dir}, State: event.Failed}}
		k, err := b.Known(cmd.Context(), dir)
		if err != nil {
			s.Reason = err.Error()
			list = append(list, s)
			continue
		}
		in := k.Inputs
		s.Capsule, s.SourceHash, s.Key, s.Built = in.Name, in.SourceHash, in.Key, k.Built
		switch {
		case k.Failed != nil:
			s.Reason = k.Failed.Error()
		case in.Current != nil:
			s.State, s.Quality = event.Good, event.Quality(in.Current.Quality)
		case !in.Buildable:
			s.State = event.Good
		default:
			s.State, s.Differs = event.Unknown, true
		}
		list = append(list, s)
	}
	return sorted(list), nil
}

// sorted puts what failed first.
func sorted(list []standing) []standing {
	rank := map[event.State]int{event.Failed: 0, event.OnHold: 1, event.Unknown: 2, event.Good: 3}
	slices.SortStableFunc(list, func(a, b standing) int {
		return cmp.Or(cmp.Compare(rank[a.State], rank[b.State]), cmp.Compare(a.Dir, b.Dir))
	})
	return list
}

// line is s for a person.
func (s standing) line() string {
	parts := []string{fmt.Sprintf("%-7s  %s", s.State, text.Name(cmp.Or(s.Capsule, paths.Short(s.Dir))))}
	if s.State == event.Good && s.Quality == event.Debug {
		parts = append(parts, "debug")
	}
	switch {
	case s.Watched:
		if s.Generation > 0 {
			parts = append(parts, fmt.Sprintf("#%d", s.Generation))
		}
		if !s.Since.IsZero() {
			parts = append(parts, age(s.Since))
		}
		if s.Building {
			parts = append(parts, "building")
		}
		if s.Tests != nil && len(s.Tests.Failed) > 0 {
			parts = append(parts, text.Count(len(s.Tests.Failed), "failed test"))
		}
		switch {
		case s.Live == nil:
		case s.Live.Runs:
			parts = append(parts, "live")
		default:
			parts = append(parts, "not live: "+text.Name(s.Live.Reason))
		}
	default:
		parts = append(parts, "not watched")
		if s.Built.IsZero() {
			parts = append(parts, "never built")
		} else {
			parts = append(parts, "last built "+age(s.Built))
		}
		if s.Differs && !s.Built.IsZero() {
			parts = append(parts, "what it is built from differs")
		}
		if s.Reason != "" {
			parts = append(parts, text.Name(s.Reason))
		}
	}
	return strings.Join(parts, "  ")
}
