package ask

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
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
