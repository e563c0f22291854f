package proc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// holdOpen is how long output is waited for after the command's end, when a
// process outside the job holds it open.
const holdOpen = 100 * time.Millisecond

// Main handles nothing on Windows: a job object takes the guardian's place.
func Main([]string) (code int, handled bool) { return 0, false }

// run starts the command and puts it into a job that the system ends with the
// last handle to it, ours, however this process ends. What the command starts
// before it is in the job escapes.
func run(ctx context.Context, c Command, path string) (Result, error) {
	job, err := newJob()
	if err != nil {
		return Result{ExitCode: -1}, err
	}
	defer windows.CloseHandle(job)
	stopped, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(stopped, path, c.Argv[1:]...)
	cmd.Args[0], cmd.Dir, cmd.Env = c.Argv[0], c.Dir, append([]string{}, c.Env...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = c.Stdout, c.Stderr, holdOpen
	if c.Stdin != nil {
		cmd.Stdin = bytes.NewReader(c.Stdin)
	} else if c.StdinLater != nil {
		cmd.Stdin = &laterReader{ctx: stopped, from: c.StdinLater}
	}
	cmd.Cancel = func() error { return windows.TerminateJobObject(job, 1) }
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return Result{ExitCode: -1}, err
	}
	if err := assign(job, cmd.Process.Pid); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return Result{ExitCode: -1}, err
	}
	timedOut := false
	if c.Timeout > 0 {
		t := time.AfterFunc(c.Timeout, stop)
		defer t.Stop()
	}
	err = cmd.Wait()
	r := Result{ExitCode: cmd.ProcessState.ExitCode(), Duration: time.Since(begun)}
	if err != nil && stopped.Err() != nil {
		r.Cancelled = ctx.Err() != nil
		timedOut = !r.Cancelled
	}
	r.TimedOut = timedOut
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) && stopped.Err() == nil {
		return r, err
	}
	return r, nil
}

// laterReader is the values of a channel as a file.
type laterReader struct {
	ctx  context.Context
	from <-chan []byte
	rest []byte
}

func (r *laterReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		select {
		case input, more := <-r.from:
			if !more {
				return 0, io.EOF
			}
			r.rest = input
		case <-r.ctx.Done():
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func newJob() (windows.Handle, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0, err
	}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	if err != nil {
		windows.CloseHandle(job)
		return 0, err
	}
	return job, nil
}

func assign(job windows.Handle, pid int) error {
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(pid))
	if err != nil {
		return err
	}
	defer windows.CloseHandle(process)
	return windows.AssignProcessToJobObject(job, process)
}
