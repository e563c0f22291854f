package script

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// Terminal opens a new terminal: what a person holds, and what a program is given.
func Terminal() (person, program *os.File, err error) {
	person, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, fmt.Errorf("unlocking a terminal: %w", err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		return nil, nil, fmt.Errorf("naming a terminal: %w", err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	size := unix.Winsize{Row: 24, Col: 200}
	return person, program, unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &size)
}

// cmdTTY starts astrid-dev on a terminal of its own: tty NAME ARG...
// What it shows goes to NAME.screen.
func cmdTTY(ts *testscript.TestScript, _ bool, args []string) {
	person, program, err := Terminal()
	ts.Check(err)
	screen, err := os.Create(ts.MkAbs(args[0] + ".screen"))
	ts.Check(err)
	path, err := exec.LookPath("astrid-dev")
	ts.Check(err)
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), program, program, program
	cmd.Env = append(environment(ts), "TERM=xterm-256color")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	ts.Check(cmd.Start())
	program.Close()
	p := &process{cmd: cmd, events: screen.Name(), typed: person, ended: make(chan error, 1)}
	go func() {
		io.Copy(screen, person) // until the last program on it has ended
		screen.Close()
	}()
	go func() { p.ended <- cmd.Wait() }()
	ts.Value(processes).(map[string]*process)[args[0]] = p
	ts.Defer(func() {
		cmd.Process.Kill()
		person.Close()
	})
}

// cmdType types a line: type NAME TEXT.
func cmdType(ts *testscript.TestScript, _ bool, args []string) {
	_, err := fmt.Fprintln(find(ts, args[0]).typed, strings.Join(args[1:], " "))
	ts.Check(err)
}
