//go:build unix

package proc

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// helperMain is what the test binary does when a test starts it as a command.
func helperMain(args []string) (code int, handled bool) {
	if len(args) == 0 {
		return 0, false
	}
	switch args[0] {
	case "helper-exit":
		code, _ = strconv.Atoi(args[1])
		return code, true
	case "helper-args":
		fmt.Printf("%q", args[1:])
	case "helper-spew":
		spew(args[1])
	case "helper-spin":
		for n := 1; n != 0; n += 2 { // never, though no tool can tell
		}
	case "helper-hold":
		hold(args[1:])
	case "helper-start":
		helperStart(args[1:])
	case "helper-run":
		// A program that runs a command, to be killed by a test.
		_, err := Run(context.Background(), Command{Argv: args[1:], Env: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr})
		fmt.Println("ended:", err)
	default:
		return 0, false
	}
	return 0, true
}

func spew(megabytes string) {
	n, _ := strconv.Atoi(megabytes)
	block := append(bytes.Repeat([]byte{'x'}, 1<<20-1), '\n')
	for range n {
		os.Stdout.Write(block)
	}
	os.Stdout.WriteString("the last line\n")
}

// hold prints "ready PID PPID" and stays. "deaf" ignores signals, "group" makes
// a process group, "stopped" stops itself.
func hold(how []string) {
	if slices.Contains(how, "deaf") {
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	}
	if slices.Contains(how, "group") {
		if err := syscall.Setpgid(0, 0); err != nil {
			fmt.Println("setpgid:", err)
		}
	}
	fmt.Println("ready", os.Getpid(), os.Getppid())
	if slices.Contains(how, "stopped") {
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
	time.Sleep(time.Hour)
}

// helperStart starts "helper-hold" with the options in how[1], in a session of
// its own when it says "session", then waits, leaves or holds too.
func helperStart(args []string) {
	then, how := args[0], strings.Split(args[1], ",")
	cmd := exec.Command(os.Args[0], append([]string{"helper-hold"}, how...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: slices.Contains(how, "session")}
	if err := cmd.Start(); err != nil {
		fmt.Println("starting:", err)
		return
	}
	switch then {
	case "wait":
		_ = cmd.Wait()
	case "hold":
		time.Sleep(time.Hour)
	case "leave":
	}
}
