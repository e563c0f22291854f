//go:build unix

package proc

import (
	"errors"
	"io"
	"os"
	"reflect"
	"sync"
	"syscall"
	"time"
)

// drainLimit is how much is read after everything has ended: more than a pipe
// holds by default (64 KiB), and as much as an unprivileged process can make one hold.
const drainLimit = 1 << 20

// pipes are the command's standard streams.
type pipes struct {
	stdin, stdout, stderr *os.File // the command's ends

	input   []byte
	later   <-chan []byte // input that is not known yet
	over    chan struct{} // closed by finish
	feed    *os.File      // our end of stdin, nil without input
	readers []*reader
	wait    sync.WaitGroup
}

type reader struct {
	from *os.File
	to   io.Writer // nil after it failed
}

func newPipes(c Command) (*pipes, error) {
	p := &pipes{input: c.Stdin, later: c.StdinLater, over: make(chan struct{})}
	if err := p.open(c); err != nil {
		p.closeChildEnds()
		p.abandon()
		return nil, err
	}
	return p, nil
}

// open opens all streams of c. After an error some may be open.
func (p *pipes) open(c Command) (err error) {
	if c.Stdin == nil && c.StdinLater == nil {
		p.stdin, err = os.Open(os.DevNull)
	} else {
		p.stdin, p.feed, err = os.Pipe()
	}
	if err != nil {
		return err
	}
	if p.stdout, err = p.output(c.Stdout); err != nil {
		return err
	}
	if c.Stderr != nil && sameWriter(c.Stdout, c.Stderr) {
		p.stderr = p.stdout
		return nil
	}
	p.stderr, err = p.output(c.Stderr)
	return err
}

// sameWriter compares as long as the types can be compared.
func sameWriter(a, b io.Writer) bool {
	return a != nil && reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.TypeOf(a).Comparable() && a == b
}

func (p *pipes) output(to io.Writer) (*os.File, error) {
	if to == nil {
		return os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.readers = append(p.readers, &reader{from: r, to: to})
	return w, nil
}

func (p *pipes) closeChildEnds() {
	for _, f := range []*os.File{p.stdin, p.stdout, p.stderr} {
		if f != nil {
			f.Close() // stderr may be stdout: closing twice is harmless
		}
	}
}

func (p *pipes) abandon() {
	if p.feed != nil {
		p.feed.Close()
	}
	for _, r := range p.readers {
		r.from.Close()
	}
}

// begin starts the goroutines that finish joins.
func (p *pipes) begin() {
	if p.feed != nil {
		p.wait.Go(func() {
			defer p.feed.Close()
			if p.later == nil {
				_, _ = p.feed.Write(p.input) // a command may end without reading all
				return
			}
			p.tell()
		})
	}
	for _, r := range p.readers {
		p.wait.Go(r.copy)
	}
}

// tell writes what is received later, until there is no more, or nobody to read it.
func (p *pipes) tell() {
	for {
		select {
		case input, more := <-p.later:
			if !more {
				return
			}
			if _, err := p.feed.Write(input); err != nil {
				return
			}
		case <-p.over:
			return
		}
	}
}

// finish is called when every process of the command has ended: it reads what
// is left in the pipes and does not wait for a stray that holds them open.
func (p *pipes) finish() {
	close(p.over)
	if p.feed != nil {
		p.feed.Close() // ends a write that nobody reads
	}
	for _, r := range p.readers {
		_ = r.from.SetReadDeadline(time.Unix(1, 0)) // wakes a Read; pipes support it
	}
	p.wait.Wait()
	for _, r := range p.readers {
		r.from.Close()
	}
}

func (r *reader) copy() {
	buf := make([]byte, 32<<10) // half a pipe: the command can write while we do
	for {
		n, err := r.from.Read(buf)
		r.write(buf[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			r.drain(buf)
			return
		}
		if err != nil {
			return
		}
	}
}

// drain reads what is in the pipe now.
func (r *reader) drain(buf []byte) {
	if r.from.SetReadDeadline(time.Time{}) != nil {
		return
	}
	raw, err := r.from.SyscallConn()
	if err != nil {
		return
	}
	for total := 0; total < drainLimit; {
		n := 0
		err := raw.Read(func(fd uintptr) bool {
			n, err = syscall.Read(int(fd), buf) // the descriptor does not block
			for err == syscall.EINTR {
				n, err = syscall.Read(int(fd), buf)
			}
			return true
		})
		if err != nil || n <= 0 {
			return
		}
		r.write(buf[:n])
		total += n
	}
}

func (r *reader) write(p []byte) {
	if r.to == nil || len(p) == 0 {
		return
	}
	if _, err := r.to.Write(p); err != nil {
		r.to = nil
	}
}
