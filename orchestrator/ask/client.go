package ask

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// ErrNobody says that no watch of this user's is about a path.
var ErrNobody = errors.New("nothing watches there")

// dialWait is how long a watch may take to take a connection: one that is stopped takes none.
const dialWait = 5 * time.Second

// ErrEnded says that the watch that was asked has ended, and did not answer: from then on nothing watches there.
var ErrEnded = errors.New("the watch ended before it answered")

// Watch is a running watch of this user's.
type Watch struct {
	PID     int
	Started time.Time
	Roots   []string
	address string
	first   net.Conn // what Find connected to see whether somebody answers
}

// Find finds the watch that has all of paths, which are absolute; of several the one whose roots
// are the nearest, and of these the newest. What dead ones left is removed.
func Find(paths []string) (*Watch, error) {
	list := places()
	depth := func(p place) (n int) {
		for i, path := range paths {
			d := p.depth(real(path))
			if d == 0 {
				return 0
			}
			if i == 0 || d < n {
				n = d
			}
		}
		return n
	}
	slices.SortStableFunc(list, func(a, b place) int { return depth(b) - depth(a) })
	for _, p := range list {
		if depth(p) == 0 {
			break
		}
		at := address(p.beside)
		conn, err := dial(at)
		switch {
		case err == nil:
			return &Watch{PID: p.PID, Started: p.Started, Roots: p.Roots, address: at, first: conn}, nil
		case unanswered(err):
			p.remove()
		default:
			return nil, fmt.Errorf("the watch of process %d does not answer: %w", p.PID, err)
		}
	}
	return nil, ErrNobody
}

// Sweep removes what watches left of which nobody answers any more, because they were killed.
func Sweep() {
	for _, p := range places() {
		conn, err := dial(address(p.beside))
		switch {
		case err == nil:
			conn.Close()
		case unanswered(err):
			p.remove()
		}
	}
}

// send asks for r, and returns what is answered with. It ends with ctx.
func (w *Watch) send(ctx context.Context, r request) (*answers, error) {
	conn := w.first
	w.first = nil
	if conn == nil {
		var err error
		if conn, err = dial(w.address); err != nil {
			return nil, fmt.Errorf("asking the watch of process %d: %w", w.PID, err)
		}
	}
	a := &answers{conn: conn, lines: bufio.NewReader(conn), ctx: ctx}
	a.stop = context.AfterFunc(ctx, func() { conn.Close() })
	if err := json.NewEncoder(conn).Encode(r); err != nil {
		a.close()
		return nil, a.failed(err)
	}
	return a, nil
}

// answers are the lines of one answer.
type answers struct {
	ctx   context.Context
	conn  net.Conn
	lines *bufio.Reader
	stop  func() bool
}

func (a *answers) close() {
	a.stop()
	a.conn.Close()
}

// next is the next line; an error that the watch says is one.
func (a *answers) next() (r reply, err error) {
	line, err := a.lines.ReadBytes('\n')
	if err != nil {
		return r, a.failed(err)
	}
	if err = json.Unmarshal(line, &r); err == nil && r.Error != "" {
		err = errors.New(r.Error)
	}
	return r, err
}

// failed words the end of a connection.
func (a *answers) failed(err error) error {
	if a.ctx.Err() != nil {
		return a.ctx.Err()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return ErrEnded
	}
	return err
}

// once asks for r, which has one line of answer.
func (w *Watch) once(ctx context.Context, r request) (reply, error) {
	a, err := w.send(ctx, r)
	if err != nil {
		return reply{}, err
	}
	defer a.close()
	return a.next()
}

// Status is how every capsule stands, and what is pending.
func (w *Watch) Status(ctx context.Context) (*event.Snapshot, *Pending, error) {
	r, err := w.once(ctx, request{Do: doStatus})
	if err != nil {
		return nil, nil, err
	}
	if r.Snapshot == nil {
		return nil, nil, errors.New("the watch gave no answer")
	}
	if r.Pending == nil { // a watch of an older version
		r.Pending = &Pending{}
	}
	return r.Snapshot, r.Pending, nil
}

// About is what of p concerns paths, which are absolute: what is at, around or below them.
func (p *Pending) About(paths []string) Pending {
	concerns := func(list []string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(a string) bool {
			return slices.ContainsFunc(paths, func(b string) bool { return fsys.Related(real(a), real(b)) })
		})
	}
	about := Pending{Holds: []Hold{}, Waits: []Waiting{}}
	for _, h := range p.Holds {
		if concerns(h.Paths) {
			about.Holds = append(about.Holds, h)
		}
	}
	for _, w := range p.Waits {
		if concerns(w.Paths) {
			about.Waits = append(about.Waits, w)
		}
	}
	return about
}

// Verdicts are the newest of each capsule, whether it is about what is on disk now or not.
func (w *Watch) Verdicts(ctx context.Context) ([]Verdict, error) {
	r, err := w.once(ctx, request{Do: doStatus})
	return r.Verdicts, err
}

// Kept are the lines of the events that the watch keeps, up to the newest one now.
func (w *Watch) Kept(ctx context.Context) (lines []string, err error) {
	r, err := w.once(ctx, request{Do: doStatus})
	if err != nil || r.Seq == 0 {
		return nil, err
	}
	a, err := w.send(ctx, request{Do: doEvents})
	if err != nil {
		return nil, err
	}
	defer a.close()
	for {
		line, err := a.lines.ReadBytes('\n')
		if err != nil {
			return lines, a.failed(err)
		}
		lines = append(lines, string(line))
		if e, err := event.Parse(line); err == nil && e.Seq >= r.Seq {
			return lines, nil
		}
	}
}

// Wait returns when the watch has given its verdict on what was on disk at some moment after the
// call, on all capsules at, around and below paths (none: all); or when limit has passed. token is
// that of an answer which timed out, or "". told, which may be nil, is given the token at once.
func (w *Watch) Wait(ctx context.Context, paths []string, token string, limit time.Duration, told func(token string)) (*Answer, error) {
	a, err := w.send(ctx, request{Do: doWait, Paths: paths, Since: token, LimitMS: max(1, limit.Milliseconds())})
	if err != nil {
		return nil, err
	}
	defer a.close()
	for {
		r, err := a.next()
		switch {
		case err != nil:
			return nil, err
		case r.Answer != nil:
			return r.Answer, nil
		case told != nil:
			told(r.Token)
		}
	}
}

// Hold has the capsules at, around and below paths left alone for lease, or until Release.
func (w *Watch) Hold(ctx context.Context, paths []string, lease time.Duration) (id string, err error) {
	r, err := w.once(ctx, request{Do: doHold, Paths: paths, LimitMS: lease.Milliseconds()})
	return r.Hold, err
}

// HoldWhile is Hold until release is called, or this process has ended.
func (w *Watch) HoldWhile(ctx context.Context, paths []string, lease time.Duration) (release func(), err error) {
	a, err := w.send(ctx, request{Do: doHold, Paths: paths, LimitMS: lease.Milliseconds(), Keep: true})
	if err != nil {
		return nil, err
	}
	if _, err = a.next(); err != nil {
		a.close()
		return nil, err
	}
	return a.close, nil
}

// Release ends the hold with this id, or without one all on paths, and tells how many.
func (w *Watch) Release(ctx context.Context, id string, paths []string) (int, error) {
	r, err := w.once(ctx, request{Do: doRelease, ID: id, Paths: paths})
	return r.Ended, err
}

// Rebuild has everything below paths looked at again, and built again what failed.
func (w *Watch) Rebuild(ctx context.Context, paths []string) error {
	_, err := w.once(ctx, request{Do: doRebuild, Paths: paths})
	return err
}

// Stop ends the watch.
func (w *Watch) Stop(ctx context.Context) error {
	_, err := w.once(ctx, request{Do: doStop})
	return err
}

// Events writes the events after the one numbered from to out, until ctx or the watch ends.
func (w *Watch) Events(ctx context.Context, from uint64, out io.Writer) error {
	a, err := w.send(ctx, request{Do: doEvents, From: from})
	if err != nil {
		return err
	}
	defer a.close()
	for {
		line, err := a.lines.ReadBytes('\n')
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if strings.HasPrefix(string(line), `{"error":`) {
			var r reply
			_ = json.Unmarshal(line, &r)
			return errors.New(r.Error)
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
}
