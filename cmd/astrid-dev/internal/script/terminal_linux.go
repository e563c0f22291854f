package script

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
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
	return person, program, resize(program, fmt.Sprint(columns))
}

// columns of a terminal unless $COLUMNS says otherwise.
const columns = 200

// cmdTTY starts astrid-dev on a terminal of its own: tty NAME ARG..., or another program:
// tty NAME -- PROGRAM ARG... What it shows goes to NAME.screen. $COLUMNS is its width, and
// $TERM its kind.
func cmdTTY(ts *testscript.TestScript, _ bool, args []string) {
	person, program, err := Terminal()
	ts.Check(err)
	screen, err := os.Create(ts.MkAbs(args[0] + ".screen"))
	ts.Check(err)
	program0, rest := "astrid-dev", args[1:]
	if len(rest) > 1 && rest[0] == "--" {
		program0, rest = rest[1], rest[2:]
	}
	path, err := exec.LookPath(program0)
	ts.Check(err)
	ts.Check(resize(program, cmp.Or(ts.Getenv("COLUMNS"), fmt.Sprint(columns))))
	cmd := exec.Command(path, rest...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), program, program, program
	cmd.Env = append(environment(ts), "TERM="+cmp.Or(ts.Getenv("TERM"), "xterm-256color"))
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

// resize gives a terminal another width.
func resize(terminal *os.File, width string) error {
	n, err := strconv.ParseUint(width, 10, 16)
	if err != nil {
		return err
	}
	return unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(n)})
}

// cmdResize gives NAME's terminal another width: resize NAME COLUMNS.
func cmdResize(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(resize(find(ts, args[0]).typed.(*os.File), args[1]))
}

// cmdMode waits until the terminal of NAME shows what is typed, and makes signals of it, or
// does neither, as while single keys are read: mode NAME own|keys.
func cmdMode(ts *testscript.TestScript, _ bool, args []string) {
	terminal := find(ts, args[0]).typed.(*os.File)
	for deadline := time.Now().Add(testkit.Patience); ; time.Sleep(5 * time.Millisecond) {
		mode, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		ts.Check(err)
		keys := mode.Lflag&(unix.ECHO|unix.ICANON|unix.ISIG) == 0
		if keys == (args[1] == "keys") {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the terminal's mode is not %s", args[1])
		}
	}
}

// cmdPress presses keys, without Enter: press NAME KEYS. ^C is Ctrl-C.
func cmdPress(ts *testscript.TestScript, _ bool, args []string) {
	keys := args[1]
	if control, is := strings.CutPrefix(keys, "^"); is {
		keys = string(rune(control[0] & 0x1f))
	}
	_, err := io.WriteString(find(ts, args[0]).typed, keys)
	ts.Check(err)
}

// cmdType types a line: type NAME TEXT.
func cmdType(ts *testscript.TestScript, _ bool, args []string) {
	_, err := fmt.Fprintln(find(ts, args[0]).typed, strings.Join(args[1:], " "))
	ts.Check(err)
}
