package main

import (
	"context"
	"os"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/terminal"
)

// unknownWidth is that of a terminal which does not tell its own.
const unknownWidth = 80

// dumb reports whether the terminal can do nothing but print lines.
func dumb() bool { return os.Getenv("TERM") == "dumb" }

// consoleOptions are those of the console on stderr. Beside --format json it keeps to
// what matters.
func consoleOptions(cmd *cobra.Command) console.Options {
	dir, _ := os.Getwd() // without it paths are shown whole
	o := console.Options{Dir: dir, Quiet: asJSON(cmd), Short: format(cmd) == "short"}
	fd := int(os.Stderr.Fd())
	if !term.IsTerminal(fd) || dumb() || o.Short {
		return o
	}
	o.Colour = !console.NoColour(os.Getenv)
	o.Width = func() int {
		if width, _, err := term.GetSize(fd); err == nil && width > 0 {
			return width
		}
		return unknownWidth
	}
	o.Changed = theScreen.changes()
	return o
}

// theScreen is the terminal of this process: signals concern it, whatever command runs.
var theScreen = &screen{}

// screen is a terminal with a last line and keys, as far as a command has them.
type screen struct {
	mu       sync.Mutex // guards all below
	keyboard *terminal.Keyboard
	changed  chan struct{}
}

// changes tells when the terminal's last line must be drawn again.
func (s *screen) changes() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{}, 1)
		signals := make(chan os.Signal, 1)
		resized(signals)
		go func() {
			for range signals {
				s.change()
			}
		}()
	}
	return s.changed
}

func (s *screen) change() {
	select {
	case s.changed <- struct{}{}:
	default: // it is told already
	}
}

// keys are those that a person types from now on, until close; nil: nobody can.
func (s *screen) keys() <-chan rune {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keyboard = terminal.Open(os.Stdin)
	return s.keyboard.Keys()
}

// close gives the terminal its mode back.
func (s *screen) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keyboard != nil {
		s.keyboard.Close()
	}
}

// suspend leaves the terminal to the shell, with nothing on the line that it goes on in.
func (s *screen) suspend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed != nil {
		_, _ = os.Stderr.WriteString("\r\x1b[K")
	}
	if s.keyboard != nil {
		s.keyboard.Suspend()
	}
}

// resume takes it again.
func (s *screen) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keyboard != nil {
		s.keyboard.Resume()
	}
	if s.changed != nil {
		s.change()
	}
}

// question is the line that a person types, of which nothing more is read. A read of a terminal
// cannot be cancelled: it goes on until the program ends.
func question(ctx context.Context) (string, error) {
	typed := make(chan string, 1)
	go func() {
		var line []byte
		from := terminal.NewReader(os.Stdin)
		for b := make([]byte, 1); ; {
			n, err := from.Read(b)
			if err != nil || n == 1 && b[0] == '\n' {
				typed <- string(line)
				return
			}
			line = append(line, b[:n]...)
		}
	}()
	select {
	case line := <-typed:
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
