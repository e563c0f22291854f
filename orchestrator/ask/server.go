package ask

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

const (
	requestLimit = 1 << 20          // bytes of one request
	requestWait  = 10 * time.Second // for it to be written
	unread       = 64 << 20         // bytes of events that may wait for one reader
	longest      = 24 * time.Hour   // a wait or a hold
)

// Options are what a Server needs.
type Options struct {
	Roots    []string
	Hub      *hub.Hub
	Requests chan<- orchestrator.Request // to the loop, which takes them until Serve's context ends
	Stop     func()                      // ends the watch
}

// Server answers for one watch.
type Server struct {
	o      Options
	asking sync.WaitGroup
	ends   <-chan struct{} // closed when nobody takes requests any more
	alive  context.Context // of all connections
	cut    func()          // ends it

	mu       sync.Mutex // guards place.beside and the next two; what else place says does not change
	place    place
	listener net.Listener // nil: there is no room for one
	closed   bool
	ears     chan net.Listener // the newest listener, until Serve takes it
}

// Listen makes a watch known. The caller calls Serve, then Close.
func Listen(o Options) (*Server, error) {
	s := &Server{o: o, place: place{PID: os.Getpid(), Started: time.Now(), Run: newName()}, ears: make(chan net.Listener, 1)}
	s.alive, s.cut = context.WithCancel(context.Background())
	for _, root := range o.Roots {
		s.place.Roots = append(s.place.Roots, real(root))
	}
	if err := s.settle(); err != nil {
		s.cut()
		return nil, err
	}
	return s, nil
}

// settle listens in the first folder that there is room in, and says so there. mu is held, or nobody else has s.
func (s *Server) settle() error {
	dir, err := makeFolder()
	if err != nil {
		return fmt.Errorf("making a folder for a socket: %w", err)
	}
	s.place.beside = filepath.Join(dir, s.place.Run)
	if s.listener, err = listen(address(s.place.beside)); err != nil {
		s.listener = nil
		return fmt.Errorf("listening for questions: %w", err)
	}
	if err = s.place.publish(); err != nil {
		s.leave()
		return err
	}
	select {
	case <-s.ears: // nobody has taken it, and it is closed
	default:
	}
	s.ears <- s.listener
	return nil
}

// leave listens no more, and takes away what says so. mu is held, or nobody else has s.
func (s *Server) leave() {
	if s.listener != nil {
		s.listener.Close()
		s.listener = nil
	}
	s.place.remove()
}

// Stay makes the watch known again where what made it so is gone, as a folder for temporary files is that somebody cleans up.
func (s *Server) Stay() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.listener != nil && s.place.stands() {
		return nil
	}
	s.leave()
	return s.settle()
}

// Stands is the file that has to be there for the watch to be found.
func (s *Server) Stands() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.place.beside + ".json"
}

// Serve answers until ctx ends: then nobody takes requests, and only events are still written.
func (s *Server) Serve(ctx context.Context) {
	s.ends = ctx.Done()
	stop := context.AfterFunc(ctx, s.deafen)
	defer stop()
	for {
		select {
		case listener := <-s.ears:
			s.hear(ctx, listener)
		case <-ctx.Done():
			return
		}
	}
}

// hear answers who comes to listener, until that is closed.
func (s *Server) hear(ctx context.Context, listener net.Listener) {
	defer listener.Close()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		s.asking.Go(func() { s.serve(ctx, conn) })
	}
}

// deafen has nobody heard any more. What says where to ask stays until Close.
func (s *Server) deafen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.listener != nil {
		s.listener.Close()
	}
}

// Close makes the watch unknown, and ends all connections. The hub was closed before, so that who
// follows the events has half a second to read the last ones. It is called after Serve has returned.
func (s *Server) Close() {
	s.deafen()
	s.mu.Lock()
	s.leave()
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.asking.Wait(); close(done) }()
	_ = hub.Flushed(done)
	s.cut()
	<-done
}

// serve answers one client. What it asks the loop ends with loop.
func (s *Server) serve(loop context.Context, conn net.Conn) {
	ctx, gone := context.WithCancel(s.alive)
	defer gone()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(requestWait))
	reader := bufio.NewReaderSize(conn, 4096)
	line, err := readLine(reader)
	var r request
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	c := &client{server: s, conn: conn, out: json.NewEncoder(conn)}
	if err != nil {
		c.say(reply{Error: "a request is one line of JSON: " + err.Error()})
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	go func() { // nothing more is read: what ends the reading is the client's end
		_, _ = reader.ReadByte()
		gone()
	}()
	asked := ctx
	if r.Do != doEvents {
		var end func()
		asked, end = context.WithCancel(ctx)
		defer end()
		defer context.AfterFunc(loop, end)()
	}
	for i, path := range r.Paths {
		r.Paths[i] = s.spelled(real(path))
	}
	if err := c.answer(asked, r); err != nil {
		c.say(reply{Error: err.Error()})
	}
}

// readLine reads one line of at most requestLimit bytes.
func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > requestLimit:
			return nil, errors.New("it is too long")
		}
	}
}

// spelled is a path with its links followed as the loop spells it: the roots are as they were given.
func (s *Server) spelled(path string) string {
	for i, root := range s.place.Roots {
		if path == root {
			return s.o.Roots[i]
		}
		if rest, below := strings.CutPrefix(path, root+string(filepath.Separator)); below {
			return filepath.Join(s.o.Roots[i], rest)
		}
	}
	return path
}

// client is who asks.
type client struct {
	server *Server
	conn   net.Conn
	out    *json.Encoder
}

func (c *client) say(r reply) { _ = c.out.Encode(r) }

func (c *client) answer(ctx context.Context, r request) error {
	s := c.server
	switch r.Do {
	case doStatus:
		pending, err := s.pending(ctx)
		if err != nil {
			return err
		}
		e := s.o.Hub.Snapshot()
		snapshot, _ := e.Body.(event.Snapshot)
		c.say(reply{Snapshot: &snapshot, Seq: e.Seq, Verdicts: s.verdicts(&snapshot), Pending: pending})
	case doWait:
		return c.wait(ctx, r)
	case doHold:
		return c.hold(ctx, r)
	case doRelease:
		ended := make(chan int, 1)
		if err := s.ask(ctx, orchestrator.Release{ID: r.ID, Paths: r.Paths, Done: func(n int) { ended <- n }}); err != nil {
			return err
		}
		n, err := received(ctx, ended)
		c.say(reply{Ended: n, Done: true})
		return err
	case doEvents:
		c.events(ctx, r.From)
	case doRebuild:
		if err := s.ask(ctx, orchestrator.Retry{Paths: r.Paths}); err != nil {
			return err
		}
		c.say(reply{Done: true})
	case doStop:
		c.say(reply{Done: true})
		s.o.Stop()
	default:
		return fmt.Errorf("nobody here knows what %q asks for: this watch is another version of astrid-dev", r.Do)
	}
	return nil
}

// pending asks the loop who waits, and who has capsules left alone.
func (s *Server) pending(ctx context.Context) (*Pending, error) {
	answers := make(chan orchestrator.Pending, 1)
	if err := s.ask(ctx, orchestrator.Look{Answer: func(p orchestrator.Pending) { answers <- p }}); err != nil {
		return nil, err
	}
	said, err := received(ctx, answers)
	p := &Pending{Holds: []Hold{}, Waits: []Waiting{}}
	for _, h := range said.Holds {
		p.Holds = append(p.Holds, Hold(h))
	}
	for _, w := range said.Waits {
		p.Waits = append(p.Waits, Waiting(w))
	}
	return p, err
}

var errEnds = errors.New("the watch ends")

// ask hands a request to the loop.
func (s *Server) ask(ctx context.Context, r orchestrator.Request) error {
	select {
	case s.o.Requests <- r:
		return nil
	case <-ctx.Done():
		return errEnds
	}
}

func received[T any](ctx context.Context, from <-chan T) (value T, err error) {
	select {
	case value = <-from:
		return value, nil
	case <-ctx.Done():
		return value, errEnds
	}
}

// limit is how long something may take at most.
func (r request) limit() time.Duration {
	d := time.Duration(r.LimitMS) * time.Millisecond
	if d <= 0 || d > longest {
		return longest
	}
	return d
}

// wait asks the loop, and says the token at once, so that a client that is cut off can go on.
func (c *client) wait(ctx context.Context, r request) error {
	moments, verdicts := make(chan orchestrator.Moment, 1), make(chan []orchestrator.Judged, 1)
	q := &orchestrator.Question{Paths: r.Paths, Since: c.server.moment(r.Since),
		Taken:  func(m orchestrator.Moment) { moments <- m },
		Answer: func(list []orchestrator.Judged) { verdicts <- list }}
	if err := c.server.ask(ctx, q); err != nil {
		return err
	}
	moment, err := received(ctx, moments)
	if err != nil {
		return err
	}
	token := c.server.token(moment)
	c.say(reply{Token: token})
	late := time.NewTimer(r.limit())
	defer late.Stop()
	select {
	case list := <-verdicts:
		c.say(reply{Answer: c.server.describe(token, list)})
		return nil
	case <-late.C:
		c.say(reply{Answer: &Answer{Token: token, TimedOut: true, Capsules: []Verdict{}}})
	case <-ctx.Done():
		err = errEnds
	}
	c.server.tell(orchestrator.Withdraw{Question: q})
	return err
}

// tell hands on what a client leaves behind that may have gone, unless the watch ends.
func (s *Server) tell(r orchestrator.Request) {
	select {
	case s.o.Requests <- r:
	case <-s.ends:
	}
}

// describe adds to verdicts the events in which they were given.
func (s *Server) describe(token string, list []orchestrator.Judged) *Answer {
	a := &Answer{Token: token, Capsules: []Verdict{}}
	said := s.o.Hub.Verdicts()
	for _, j := range list {
		v := Verdict{Subject: j.Subject, State: j.State, Key: j.Key, SourceHash: j.SourceHash}
		if e, ok := said[j.Dir]; ok {
			v.Event, _ = json.Marshal(e)
		}
		a.Capsules = append(a.Capsules, v)
	}
	slices.SortFunc(a.Capsules, func(a, b Verdict) int { return strings.Compare(a.Dir, b.Dir) })
	return a
}

// verdicts are those that a snapshot is made of, with their events.
func (s *Server) verdicts(snapshot *event.Snapshot) []Verdict {
	var list []orchestrator.Judged
	for _, c := range snapshot.Standing {
		list = append(list, orchestrator.Judged{Subject: c.Subject, State: c.State, Key: c.Key, SourceHash: c.SourceHash})
	}
	return s.describe("", list).Capsules
}

// token is a moment of this run, as text.
func (s *Server) token(m orchestrator.Moment) string {
	return fmt.Sprintf("%s.%d.%d", s.place.Run, m.Examinations, m.Searches)
}

// moment is that of a token; zero for one of another run, whose question is asked anew.
func (s *Server) moment(token string) (m orchestrator.Moment) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[0] != s.place.Run {
		return m
	}
	examinations, err := strconv.ParseUint(parts[1], 10, 64)
	searches, err2 := strconv.ParseUint(parts[2], 10, 64)
	if err != nil || err2 != nil {
		return m
	}
	return orchestrator.Moment{Examinations: examinations, Searches: searches}
}

// hold has capsules left alone. With keep it ends with the connection.
func (c *client) hold(ctx context.Context, r request) error {
	taken := make(chan struct{}, 1)
	h := &orchestrator.Hold{ID: newName(), Paths: r.Paths, Until: time.Now().Add(r.limit()), Taken: func() { taken <- struct{}{} }}
	if err := c.server.ask(ctx, h); err != nil {
		return err
	}
	if _, err := received(ctx, taken); err != nil {
		return err
	}
	c.say(reply{Hold: h.ID, Done: !r.Keep})
	if !r.Keep {
		return nil
	}
	<-ctx.Done()
	c.server.tell(orchestrator.Release{ID: h.ID, Done: func(int) {}})
	return nil
}

// events writes the stream to the client until one of both ends. A client that does not read
// is cut off rather than given a stream with a gap.
func (c *client) events(ctx context.Context, from uint64) {
	sub := c.server.o.Hub.Subscribe(from, hub.Fail(unread))
	defer sub.Close()
	for sub.Wait(ctx) == nil {
		for item, ok := sub.Next(); ok; item, ok = sub.Next() {
			if _, err := c.conn.Write(item.Line); err != nil {
				return
			}
		}
	}
}
