//go:build unix

package proc

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	guardianArgument = "__guardian"      // starts a command and outlives it
	limitArgument    = "__guardian-exec" // sets limits and becomes the command

	controlFD = 3 // read end: a byte means stop, its end of file that the parent died
	statusFD  = 4 // write end: status lines

	// maxDying bounds the wait after SIGKILL. Only a process that hangs in the
	// kernel (a dead network disk) or belongs to another user outlives it.
	maxDying = 3 * time.Second
	// desertedGrace is the grace when the parent was killed: nobody waits for
	// what a command might still put in order, and nothing may be left a second later.
	desertedGrace = 300 * time.Millisecond
	// hops is how many numbers above one that ended are looked at for its child.
	hops = 4
	// rescan is how often the session is looked at while it is being stopped:
	// a member that leaves the session gives no sign.
	rescan = 10 * time.Millisecond
)

// Main is the guardian's side: with args (os.Args without the program) that
// begin with the hidden argument it does the guardian's work. Every program
// that calls Run, and the TestMain of every test that does, calls it before
// anything else and exits with code when handled.
func Main(args []string) (code int, handled bool) {
	if len(args) == 0 {
		return 0, false
	}
	switch args[0] {
	case guardianArgument:
		return guardianMain(args[1:]), true
	case limitArgument:
		return limitMain(args[1:]), true
	}
	return 0, false
}

func guardianMain(args []string) int {
	// The command's death signal is bound to the thread that starts it.
	runtime.LockOSThread()
	// Caught, not ignored: an ignored signal would be ignored by the command too.
	// What is ignored already (nohup) stays so, for both.
	for _, sig := range []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT} {
		if !signal.Ignored(sig) {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
	o, err := parseOrder(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "this is a helper process of astrid-dev, not for calling:", err)
		return 2
	}
	unix.CloseOnExec(controlFD)
	unix.CloseOnExec(statusFD)
	becomeSubreaper()
	g := &guardian{order: o, control: os.NewFile(controlFD, "control"), status: os.NewFile(statusFD, "status")}
	_ = json.NewEncoder(g.status).Encode(g.run()) // nobody may be left to read it
	return 0
}

// guardian is owned by the guardian's main goroutine.
type guardian struct {
	order
	control, status *os.File

	child    int
	begun    time.Time
	stop     chan struct{} // closed when stopping is asked for
	deserted bool          // the parent died; read only after stop was closed
	reaped   chan reaped
	ended    ended
	childUp  bool // the command itself runs
	empty    bool // no descendant is left
	hunting  bool // SIGKILL was sent
}

type reaped struct {
	pid  int
	wait unix.WaitStatus
	at   time.Time
	last bool // no child is left
}

func (g *guardian) run() status {
	g.stop = make(chan struct{})
	if !g.mayStart() {
		return status{Ended: &ended{Stopped: true}}
	}
	if s := g.startChild(); s.Fault != "" {
		return s
	}
	go g.listen()
	letGo() // only the command's own descriptors keep its pipes open
	g.reaped = make(chan reaped, 64)
	go reap(g.reaped)
	g.awaitChild()
	g.sweep()
	if !g.empty {
		g.ended.Strays = strays()
	}
	return status{Ended: &g.ended}
}

// The words on the control pipe, a byte each. Its end of file means that the parent died.
const (
	wordStop     = 1 // end everything, politely
	wordSuspend  = 2 // stop it until wordContinue, as a terminal's Ctrl-Z does
	wordContinue = 3
)

// hear reads the next word; an end of file is wordStop too.
func (g *guardian) hear() byte {
	word := []byte{0}
	if n, _ := g.control.Read(word); n == 0 {
		g.deserted = true
		return wordStop
	}
	return word[0]
}

// mayStart obeys the words that were there before the command. false: stop.
func (g *guardian) mayStart() bool {
	for suspended := false; suspended || spoken(); {
		switch g.hear() {
		case wordStop:
			return false
		case wordSuspend:
			suspended = true
		case wordContinue:
			suspended = false
		}
	}
	return true
}

// listen obeys the words of the parent while the command runs.
func (g *guardian) listen() {
	defer close(g.stop)
	for {
		switch g.hear() {
		case wordStop:
			return
		case wordSuspend:
			g.signal(unix.SIGSTOP)
		case wordContinue:
			g.signal(unix.SIGCONT)
		}
	}
}

// spoken reports whether a word waits on the control pipe, or its end.
func spoken() bool {
	fds := []unix.PollFd{{Fd: controlFD, Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0
}

// startChild starts the command in the guardian's session, in a group of its own.
func (g *guardian) startChild() status {
	attr := &syscall.ProcAttr{Dir: g.dir, Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: childAttr()}
	path, argv := g.path, g.argv
	var verdict, tell *os.File
	if g.limits != (Limits{}) {
		var err error
		if verdict, tell, err = os.Pipe(); err != nil {
			return fault("making a pipe", err)
		}
		defer verdict.Close()
		attr.Files = append(attr.Files, tell.Fd())
		path, argv = self(), append([]string{self(), limitArgument, strconv.FormatUint(g.limits.AddressSpace, 10),
			strconv.FormatUint(g.limits.CPUSeconds, 10), g.path}, g.argv...)
	}
	g.begun = time.Now()
	pid, err := syscall.ForkExec(path, argv, attr)
	if tell != nil {
		tell.Close()
	}
	if err != nil {
		return fault("starting it", err)
	}
	g.child, g.childUp = pid, true
	if verdict == nil {
		return status{}
	}
	var s status
	if json.NewDecoder(verdict).Decode(&s) == nil && s.Fault != "" {
		_, _ = syscall.Wait4(pid, nil, 0, nil)
		return s
	}
	return status{}
}

// letGo gives up the command's input and output. Standard error stays: should
// the guardian itself fail, its reason is among the command's output.
func letGo() {
	null, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	for fd := range 2 {
		_ = dup(null, fd)
	}
	unix.Close(null)
}

// reap collects children, orphans that fell to the guardian included, until
// there is none; nobody is left then who could make another.
func reap(out chan<- reaped) {
	for r, more := collect(0); more; {
		next, left := collect(unix.WNOHANG) // a pid of 0: none of those left has ended
		r.last = !left
		out <- r
		if r, more = next, left; more && r.pid == 0 {
			r, more = collect(0)
		}
	}
}

// collect returns false when there is no child.
func collect(options int) (reaped, bool) {
	for {
		var r reaped
		var err error
		if r.pid, err = unix.Wait4(-1, &r.wait, options, nil); err != unix.EINTR {
			r.at = time.Now()
			return r, err == nil
		}
	}
}

// awaitChild waits for the command's own end, or for the wish to stop.
func (g *guardian) awaitChild() {
	for g.childUp {
		select {
		case r := <-g.reaped:
			g.note(r)
		case <-g.stop:
			g.ended.Stopped = true
			if g.deserted {
				g.grace = min(g.grace, desertedGrace)
			}
			return
		}
	}
}

// note remembers how the command ended.
func (g *guardian) note(r reaped) {
	if r.pid == g.child {
		g.childUp = false
		g.ended.Started, g.ended.Wait, g.ended.Took = true, r.wait, r.at.Sub(g.begun)
	}
	g.empty = r.last
	if g.hunting {
		pursue(r.pid)
	}
}

// sweep ends all that is left of the session: politely, then for good.
func (g *guardian) sweep() {
	if g.settled(time.Now()) {
		return
	}
	g.signal(unix.SIGTERM)
	g.signal(unix.SIGCONT) // one that is stopped cannot obey
	if g.settled(time.Now().Add(g.grace)) {
		return
	}
	g.hunting = true
	for deadline := time.Now().Add(maxDying); time.Now().Before(deadline); {
		g.signal(unix.SIGKILL)
		if g.settled(time.Now().Add(rescan)) {
			return
		}
	}
}

// settled waits until nothing is left of the session, at most until deadline.
func (g *guardian) settled(deadline time.Time) bool {
	tick := time.NewTicker(rescan)
	defer tick.Stop()
	for {
		g.catchUp()
		if g.empty || !g.childUp && g.gone() {
			return true
		}
		if !time.Now().Before(deadline) {
			return false
		}
		select {
		case r := <-g.reaped:
			g.note(r)
		case <-tick.C:
		}
	}
}

// catchUp notes everything that was collected already.
func (g *guardian) catchUp() {
	for {
		select {
		case r := <-g.reaped:
			g.note(r)
		default:
			return
		}
	}
}
