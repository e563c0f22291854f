package serve

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// Chromium by the names that systems have for it.
var chromiums = []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"}

// needsBrowser is where a browser is, and the packages that drive it.
func needsBrowser(t *testing.T) (chromium, packages string) {
	t.Helper()
	testkit.Needs(t, "node", "npm")
	for _, name := range chromiums {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	if chromium == "" {
		testkit.Skip(t, "no Chromium is in PATH: make toolchains installs it")
	}
	packages, err := testkit.NodeModules("testdata")
	if err != nil {
		t.Fatal(err)
	}
	return chromium, packages
}

// The page in a real browser, a play at a time: testdata/browser.mjs plays them, and asks this test by way
// of a server of its own, at another origin, for what happens in the watch.
func TestInABrowser(t *testing.T) {
	chromium, packages := needsBrowser(t)
	for _, play := range []string{"paint", "late", "storm", "reconnect", "missed", "tools", "forms", "refused", "hostile", "keyboard", "end", "axe"} {
		t.Run(play, func(t *testing.T) {
			testkit.Long(t)
			s := show(t, "")
			conns := &cuttable{Listener: s.listener}
			s.listener = conns
			strangers := &strangers{next: s.http.Handler}
			s.http.Handler = strangers
			s.serve()
			s.copied()
			s.workspace()
			control := httptest.NewServer(s.control(conns, strangers))
			defer control.Close()
			ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
			defer cancel()
			cmd := exec.CommandContext(ctx, "node", filepath.Join("testdata", "browser.mjs"), play)
			cmd.Env = append(os.Environ(), "PAGE_URL="+s.URL, "CONTROL="+control.URL, "CHROMIUM="+chromium, "PACKAGES="+packages, "SHOTS="+os.Getenv("ASTRID_DEV_SHOTS"))
			cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it takes its browser along
			cmd.WaitDelay = 10 * time.Second
			out, err := cmd.CombinedOutput()
			if len(out) > 0 {
				t.Logf("%s", out)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// control is what a play can have happen.
func (s *shown) control(conns *cuttable, strangers *strangers) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /storm", func(_ http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		s.storm(n, 500)
	})
	mux.HandleFunc("POST /cut", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, conns.cut(func() {})) })
	mux.HandleFunc("POST /flood", func(http.ResponseWriter, *http.Request) { // while nobody is connected
		conns.cut(func() {
			for i := range 6000 {
				s.tell(twelve[i%len(twelve)], event.Change{SourceHash: hashA, Reason: "changed"})
			}
			s.fails("mail")
		})
	})
	mux.HandleFunc("POST /fail", func(_ http.ResponseWriter, r *http.Request) { s.fails(r.URL.Query().Get("name")) })
	mux.HandleFunc("POST /reload", func(_ http.ResponseWriter, r *http.Request) { s.reloads(r.URL.Query().Get("name"), 15, 333_000, 500) })
	mux.HandleFunc("POST /hostile", func(http.ResponseWriter, *http.Request) { s.hostile() })
	mux.HandleFunc("POST /end", func(http.ResponseWriter, *http.Request) { s.end() })
	mux.HandleFunc("GET /standing", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, s.hub.Snapshot())
	})
	mux.HandleFunc("GET /strangers", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Join(strangers.list(), "\n")) })
	mux.HandleFunc("GET /evil", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>another site</title><p>something nice")
	})
	return mux
}

// storm publishes n events, so many a second, of all capsules.
func (s *shown) storm(n, aSecond int) {
	begin := time.Now()
	for i := range n {
		name := twelve[i/4%len(twelve)]
		basis := event.Basis{Key: hashA, Attempt: 20 + i}
		switch i % 4 {
		case 0:
			s.tell(name, event.Change{SourceHash: hashA, Basis: basis, Reason: "changed"})
		case 1:
			s.tell(name, event.BuildStarted{SourceHash: hashA, Basis: basis, Reason: "changed"})
		case 2:
			s.tell(name, event.Reload{SourceHash: hashA, Basis: basis, Generation: 20 + i, Artifact: module(fmt.Sprintf("%064x", i), int64(300_000+i*10)), BuildMS: int64(100 + i%300), SmokeMS: 20})
		default:
			s.tell("", event.Idle{Capsules: len(twelve)})
		}
		time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / time.Duration(aSecond))))
	}
}

// hostile has a capsule say what would be markup, an order to a terminal, or a script.
func (s *shown) hostile() {
	const evil = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>` + "\x1b[31m\u202e\x00"
	e := event.Event{Capsule: evil, Dir: s.dir("mail"), Body: event.BuildFailed{SourceHash: hashA, Step: evil, Tail: evil, Hint: evil, Diagnostics: []finding.Finding{
		{Code: evil, Severity: finding.Error, File: evil, Line: 1, Message: evil, Hint: evil}, {Severity: finding.Warning, File: "javascript:alert(1)", Message: evil}}}}
	s.hub.Publish(e)
	s.tell("", event.Warning{Code: evil, Message: evil, Files: []string{evil}})
}

// cuttable is a listener whose connections can be cut.
type cuttable struct {
	net.Listener
	mu    sync.Mutex // guards conns
	conns []net.Conn
}

func (c *cuttable) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.mu.Lock()
		c.conns = append(c.conns, conn)
		c.mu.Unlock()
	}
	return conn, err
}

// cut cuts all connections, as a network does, and counts them; there is no new one until away has returned.
func (c *cuttable) cut(away func()) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		if conn.Close() == nil {
			n++
		}
	}
	c.conns = nil
	away()
	return n
}

// strangers keeps how requests of other sites' pages were answered.
type strangers struct {
	next http.Handler
	mu   sync.Mutex // guards said
	said []string
}

func (s *strangers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if site := r.Header.Get("Sec-Fetch-Site"); site == "" || site == "same-origin" || site == "none" {
		s.next.ServeHTTP(w, r)
		return
	}
	kept := httptest.NewRecorder()
	s.next.ServeHTTP(kept, r)
	s.mu.Lock()
	s.said = append(s.said, fmt.Sprintf("%d %s %s", kept.Code, r.Method, r.URL.Path))
	s.mu.Unlock()
	maps.Copy(w.Header(), kept.Header())
	w.WriteHeader(kept.Code)
	_, _ = w.Write(kept.Body.Bytes())
}

func (s *strangers) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.said)
}
