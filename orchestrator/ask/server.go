package ask

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
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
