package serve

import (
	"crypto/rand"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// Options are what a Server needs.
type Options struct {
	Address string // where to listen: a port, HOST:PORT, or "" for a free port of 127.0.0.1
	Roots   []string
	Hub     *hub.Hub
	Runtime []string // the releases of the runtime that the watch judges for; the first one's world tools are called in
}

// Server is the page of one watch.
type Server struct {
	URL string // where the page is, with the token that lets its reader in

	o        Options
	run      string
	guard    guard
	files    map[string]file
	book     *book
	guests   chan struct{} // has room for one more guest
	unread   int
	listener net.Listener
	http     *http.Server

	mu      sync.Mutex     // guards closing, and that nothing is added to asking after it
	closing bool           // nobody is answered any more
	asking  sync.WaitGroup // requests that are answered
}

// headerWait is how long the head of a request may take to come: a connection that says nothing is not kept.
const headerWait = 10 * time.Second

// Listen takes the address, and says the URL. The caller calls Serve, then Close. An address that cannot
// be had is a *usage.Error.
func Listen(o Options) (*Server, error) {
	files, err := pageFiles()
	if err != nil {
		return nil, err
	}
	listener, host, err := listen(o.Address)
	if err != nil {
		return nil, err
	}
	at, err := netip.ParseAddrPort(listener.Addr().String())
	if err != nil {
		listener.Close()
		return nil, err
	}
	token := rand.Text()
	s := &Server{URL: "http://" + urlHost(host, at) + "/#token=" + token, o: o, run: rand.Text()[:8], guard: newGuard(host, at.Addr(), token), files: files,
		book: newBook(o.Hub), guests: make(chan struct{}, guests), unread: unread, listener: listener}
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: headerWait, MaxHeaderBytes: 64 << 10,
		ErrorLog: log.New(io.Discard, "", 0)} // what a client does wrong is no news of the watch
	return s, nil
}

// handler answers whom the guard lets.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", s.page)
	mux.HandleFunc("GET /api/events", s.events)
	mux.HandleFunc("GET /api/status", s.status)
	mux.HandleFunc("GET /api/capsule", s.about)
	mux.HandleFunc("GET /api/tools", s.tools)
	mux.HandleFunc("POST /api/call", s.call)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.begin() {
			panic(http.ErrAbortHandler) // the connection is closed
		}
		defer s.asking.Done()
		harden(w.Header())
		if f := s.guard.refusal(r); f != nil {
			f.write(w)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// begin reports whether one more request is answered, which says Done to asking at its end.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.asking.Add(1)
	}
	return !s.closing
}

// Serve answers until Close.
func (s *Server) Serve() { _ = s.http.Serve(s.listener) }

// Close ends the server and all that it does for somebody. The hub was closed before, so that who follows
// the events has half a second to read the last ones, and who called a tool to get its answer.
func (s *Server) Close() {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.listener.Close()
	answered := make(chan struct{})
	go func() { s.asking.Wait(); close(answered) }()
	_ = hub.Flushed(answered)
	s.http.Close()
	<-answered
	s.book.close()
}
