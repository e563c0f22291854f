// Command record plays a session of astrid-dev in a terminal and writes it as an animated
// picture. It wants tmux:
//
//	go run ./internal/record docs/session.svg
//
// The files call one way, from top to bottom:
//
//	main.go      the session
//	terminal.go  what a terminal shows, and when
//	svg.go       the picture of that
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/record FILE.svg")
		os.Exit(2)
	}
	if err := record(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

// The size of the terminal, in characters.
const (
	columns = 92
	rows    = 17
)

// record plays the session in a new folder: a capsule is watched, edited, broken and mended.
func record(file string) error {
	dir, err := os.MkdirTemp("", "record")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t, err := openTerminal(dir)
	if err != nil {
		return err
	}
	defer t.close()
	source := filepath.Join(dir, "greeter", "capsule.c")
	steps := []func() error{
		func() error { return t.enter("astrid-dev new greeter --lang c", "then:") },
		func() error { return t.enter("clear", "") },
		func() error { return t.enter("astrid-dev watch greeter", "reload     greeter  #1") },
		func() error { return replace(source, "'#'", "'*'") },
		func() error { return t.until("#2") },
		func() error { return replace(source, "'*'", "'*' +") },
		func() error { return t.until("failed     greeter") },
		func() error { return replace(source, "'*' +", "'#'") },
		func() error { return t.until("#3") },
		func() error { return t.key("C-c") },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
		t.rest(1500 * time.Millisecond)
	}
	return os.WriteFile(file, picture(t.frames), 0o644)
}

// replace edits a file as a person does.
func replace(file, from, to string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !strings.Contains(string(data), from) {
		return fmt.Errorf("%s has no %s", file, from)
	}
	return os.WriteFile(file, []byte(strings.Replace(string(data), from, to, 1)), 0o644)
}
