package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	every   = 50 * time.Millisecond // how often the screen is looked at
	atMost  = 2 * time.Minute       // for what is waited for to be shown
	longest = 2 * time.Second       // nothing is shown for longer in the picture
)

// frame is what the screen showed, with its colours, and for how long.
type frame struct {
	screen string
	shown  time.Duration
}

// terminal is one of tmux's, in which a shell runs.
type terminal struct {
	socket string
	frames []frame
}

func openTerminal(dir string) (*terminal, error) {
	program := filepath.Join(dir, "bin", "astrid-dev")
	if out, err := exec.Command("go", "build", "-o", program, "./cmd/astrid-dev").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	t := &terminal{socket: filepath.Join(dir, "tmux")}
	shell := fmt.Sprintf("cd %s && PS1='$ ' HOME=%s PATH=%s:$PATH exec bash --norc --noprofile", dir, dir, filepath.Dir(program))
	_, err := t.tmux("-f", os.DevNull, "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows), shell)
	return t, err
}

func (t *terminal) close() { _, _ = t.tmux("kill-server") }

func (t *terminal) tmux(args ...string) (string, error) {
	out, err := exec.Command("tmux", append([]string{"-S", t.socket}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("tmux %s: %w: %s", args[0], err, out)
	}
	return string(out), nil
}

// look takes in what is shown now.
func (t *terminal) look() error {
	screen, err := t.tmux("capture-pane", "-p", "-e")
	if err != nil {
		return err
	}
	if last := len(t.frames) - 1; last >= 0 && t.frames[last].screen == screen {
		t.frames[last].shown += every
	} else {
		t.frames = append(t.frames, frame{screen, every})
	}
	time.Sleep(every)
	return nil
}

// rest looks on for so long.
func (t *terminal) rest(pause time.Duration) {
	for end := time.Now().Add(pause); time.Now().Before(end); {
		if t.look() != nil {
			return
		}
	}
}

// key presses one.
func (t *terminal) key(key string) error {
	_, err := t.tmux("send-keys", key)
	return err
}

// enter types a command, letter by letter, and waits for text to be shown.
func (t *terminal) enter(command, text string) error {
	for _, letter := range strings.Split(command, "") {
		if _, err := t.tmux("send-keys", "-l", letter); err != nil {
			return err
		}
		if err := t.look(); err != nil {
			return err
		}
	}
	if err := t.key("Enter"); err != nil {
		return err
	}
	return t.until(text)
}

// until looks on until text is shown.
func (t *terminal) until(text string) error {
	for end := time.Now().Add(atMost); time.Now().Before(end); {
		if err := t.look(); err != nil {
			return err
		}
		if strings.Contains(sgr.ReplaceAllString(t.frames[len(t.frames)-1].screen, ""), text) {
			return nil
		}
	}
	return fmt.Errorf("%q is not shown, but\n%s", text, t.frames[len(t.frames)-1].screen)
}
