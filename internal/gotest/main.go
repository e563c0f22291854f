// Command gotest is go test that says at its end which tests were skipped, and why. Its
// arguments are those of go test, and so are what it prints and its exit code:
//
//	go run ./internal/gotest -timeout 40m ./...
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

func main() {
	code, err := test(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(2)
	}
	os.Exit(code)
}

// test runs go test and returns its exit code.
func test(args []string) (int, error) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	s := newSummary(os.Stdout)
	err = s.read(events)
	s.skips()
	var exit *exec.ExitError
	if waitErr := cmd.Wait(); errors.As(waitErr, &exit) {
		return exit.ExitCode(), err
	} else if waitErr != nil {
		return 0, waitErr
	}
	return 0, err
}
