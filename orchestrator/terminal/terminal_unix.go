//go:build unix

package terminal

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// backgroundLook is how often a program in the background asks whether it is in
// the foreground again: no signal tells, and somebody who types waits for it.
const backgroundLook = time.Second

// mode is a terminal's own mode, and the one that it has while keys are read.
type mode struct{ own, keys unix.Termios }

// modeOf is a terminal's mode now, and the one for keys.
func modeOf(file *os.File) (*mode, error) {
	own, err := unix.IoctlGetTermios(int(file.Fd()), getMode)
	if err != nil {
		return nil, err
	}
	m := &mode{*own, *own}
	m.keys.Lflag &^= unix.ICANON | unix.ECHO | unix.ISIG | unix.IEXTEN
	m.keys.Cc[unix.VMIN], m.keys.Cc[unix.VTIME] = 1, 0
	return m, nil
}

// enter gives the terminal the mode for keys.
func (m *mode) enter(file *os.File) error {
	return unix.IoctlSetTermios(int(file.Fd()), setMode, &m.keys)
}

// leave gives it its own back, unless somebody else has changed it meanwhile.
func (m *mode) leave(file *os.File) {
	if now, err := unix.IoctlGetTermios(int(file.Fd()), getMode); err == nil && now.Lflag == m.keys.Lflag {
		_ = unix.IoctlSetTermios(int(file.Fd()), setMode, &m.own)
	}
}

// signal sends what a terminal sends for the byte b, if it does.
func (m *mode) signal(b byte) bool {
	switch b {
	case 0:
	case m.own.Cc[unix.VINTR]:
		_ = unix.Kill(os.Getpid(), unix.SIGINT)
		return true
	case m.own.Cc[unix.VQUIT]:
		m.leave(os.Stdin)
		_ = unix.Kill(os.Getpid(), unix.SIGQUIT)
		return true
	case m.own.Cc[unix.VSUSP]:
		_ = unix.Kill(0, unix.SIGTSTP) // the whole job: make waits too
		return true
	}
	return false
}

// inForeground reports whether the terminal's keys are meant for this program.
func inForeground(file *os.File) (bool, error) {
	group, err := unix.IoctlGetInt(int(file.Fd()), unix.TIOCGPGRP)
	return group == unix.Getpgrp(), err
}

// terminalReader reads the terminal while the program is in its foreground, and
// waits otherwise. It ends with the terminal.
type terminalReader struct {
	file *os.File
	mine func() // is called before each read in the foreground; nil: nobody wants to know
}

// NewReader reads what is typed in file, a terminal. It ignores the signal that stops a
// program which reads from the background, so that such a read is an error: between a look
// at the terminal's foreground and the read anything may happen, and Ctrl-Z happens during reads.
func NewReader(file *os.File) io.Reader {
	signal.Ignore(unix.SIGTTIN)
	return &terminalReader{file: file}
}

func (r *terminalReader) before(mine func()) { r.mine = mine }

func (r *terminalReader) Read(p []byte) (int, error) {
	for {
		mine, err := inForeground(r.file)
		if err != nil {
			return 0, err
		}
		if mine {
			if r.mine != nil {
				r.mine()
			}
			n, err := r.file.Read(p)
			if !errors.Is(err, unix.EIO) || n > 0 {
				return n, err
			}
			if mine, lost := inForeground(r.file); mine || lost != nil {
				return n, err // the terminal itself is gone
			}
		}
		time.Sleep(backgroundLook)
	}
}

// keeper is a process that gives the mode back when this one has ended.
type keeper struct {
	alive *os.File // closed with this process, whatever ends it
	cmd   *exec.Cmd
}

// keep starts one; nil when that cannot be done. It has a session of its own, so that no signal of the terminal
// reaches it.
func keep(file *os.File, m *mode) *keeper {
	program, err := os.Executable()
	if err != nil {
		return nil
	}
	ended, alive, err := os.Pipe()
	if err != nil {
		return nil
	}
	defer ended.Close()
	cmd := exec.Command(program, keeperArg)
	cmd.Stdin, cmd.ExtraFiles = file, []*os.File{ended}
	cmd.Dir = "/" // no folder is kept from being removed
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if cmd.Start() != nil {
		alive.Close()
		return nil
	}
	if _, err := alive.Write(append(m.bytes(), '\n')); err != nil {
		alive.Close()
		return nil
	}
	return &keeper{alive, cmd}
}

// close ends it: the mode was given back.
func (k *keeper) close() {
	k.alive.Close()
	_ = k.cmd.Wait()
}

// Main is the whole program as a keeper, if args ask for that.
func Main(args []string) (code int, handled bool) {
	if len(args) != 1 || args[0] != keeperArg {
		return 0, false
	}
	signal.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGTTOU)
	from := bufio.NewReader(os.NewFile(3, "alive"))
	line, err := from.ReadBytes('\n')
	m, read := parseMode(line)
	if err != nil || !read {
		return 1, true
	}
	_, _ = io.Copy(io.Discard, from) // until it has ended
	m.leave(os.Stdin)
	return 0, true
}
