package session

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/calls"
)

// obey does what the keys ask for that a person types, until the session ends.
func (s *session) obey(keys <-chan rune, notes []string) {
	for {
		select {
		case <-s.ctx.Done():
			return
		case key := <-keys:
			s.press(key, notes)
		}
	}
}

func (s *session) press(key rune, notes []string) {
	screen := s.readers.console
	switch key {
	case 'q', 'Q':
		s.cancel()
	case 'r', 'R':
		s.request(orchestrator.Retry{})
	default:
		if screen != nil {
			s.display(key, notes)
		}
	}
}

// display does what keys ask for that are about the screen.
func (s *session) display(key rune, notes []string) {
	screen := s.readers.console
	switch key {
	case 'f', 'F':
		failing := screen.Failing()
		if len(failing) == 0 {
			screen.Note("again", "", "nothing is failed or held; r looks at everything")
			return
		}
		s.request(orchestrator.Retry{Paths: failing})
	case 'e', 'E':
		screen.Errors()
	case 'v', 'V':
		screen.Verbose()
	case 'c', 'C':
		screen.Clear()
	case 't', 'T':
		s.tools()
	default: // ? and h, and whatever else somebody tries
		screen.Help(notes...)
	}
}

// request hands the loop what somebody asks for.
func (s *session) request(r orchestrator.Request) {
	select {
	case s.requests <- r:
	case <-s.ctx.Done():
	}
}

// tools shows the tools of the capsules that are sound, once for each press.
func (s *session) tools() {
	screen := s.readers.console
	dirs, names := screen.Sound()
	if len(dirs) == 0 {
		screen.Note("tools", "", "no capsule is sound")
		return
	}
	s.asking.Go(func() {
		for i, dir := range dirs {
			lines, err := toolLines(s.ctx, dir)
			switch {
			case s.ctx.Err() != nil:
				return
			case err != nil:
				screen.Note("tools", names[i], err.Error())
			case len(lines) == 0:
				screen.Note("tools", names[i], "it describes none")
			default:
				screen.Note("tools", names[i], "", lines...)
			}
		}
	})
}

// toolLines are what the published module in dir describes, a line a tool.
func toolLines(ctx context.Context, dir string) ([]string, error) {
	at := dir
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, dir); err == nil {
			at = rel // calls tells of paths as they are given
		}
	}
	c, err := calls.Open(ctx, at, calls.Options{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	list, err := c.Tools(ctx)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	var b bytes.Buffer
	if err := calls.TableText(&b, list); err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n"), nil
}
