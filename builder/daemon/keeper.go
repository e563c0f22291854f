package daemon

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

const keeperArgument = "__runtime" // hidden first argument of the binary

// Main is the keeper's side: with args (os.Args without the program) that begin with the hidden
// argument it runs a daemon, and removes the daemon's folder when that ends or when it is told
// to end. Every program that uses a Daemon, and the TestMain of every test that does, calls it
// before anything else and exits with code when handled.
func Main(args []string) (code int, handled bool) {
	if len(args) < 3 || args[0] != keeperArgument {
		return 0, false
	}
	return keep(args[1], args[2:]), true
}

// keep runs argv and removes folder at its end. Nothing that the daemon could still write is
// worth a wait: when it is to end, it is killed.
func keep(folder string, argv []string) int {
	told := make(chan os.Signal, 2)
	signal.Notify(told, syscall.SIGTERM, os.Interrupt)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		_ = os.RemoveAll(folder)
		return 2
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-told:
		_ = cmd.Process.Kill()
		<-ended
	}
	_ = os.RemoveAll(folder) // what stays is swept by the next one
	return cmd.ProcessState.ExitCode()
}
