package proc

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/astrid-runtime/astrid-dev/builder/text"
)

const (
	maxStrays  = 32  // more names help nobody
	maxCommand = 200 // bytes of a command line
)

// self is this very program, even when its file was replaced by a newer build.
func self() string { return "/proc/self/exe" }

// becomeSubreaper makes orphans of the command children of the guardian.
func becomeSubreaper() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// guardianAttr makes the guardian the leader of a session. Should it be stopped
// when we die, it is woken to see that.
func guardianAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGCONT}
}

func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func dup(from, to int) error { return unix.Dup3(from, to, 0) }

// process is a line of /proc/PID/stat.
type process struct {
	pid, parent, group, session int
	dead                        bool // ended, and not yet collected by its parent
}

// processes lists what /proc shows now.
func processes() []process {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	list := make([]process, 0, len(names))
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + name + "/stat")
		if err != nil {
			continue // it ended meanwhile
		}
		if p, ok := parseStat(pid, stat); ok {
			list = append(list, p)
		}
	}
	return list
}

// parseStat reads "pid (any name) state ppid pgrp session ... num_threads ...".
func parseStat(pid int, stat []byte) (process, bool) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return process{}, false
	}
	f := strings.Fields(string(stat[end+1:]))
	if len(f) < 18 {
		return process{}, false
	}
	p := process{pid: pid}
	for i, to := range []*int{&p.parent, &p.group, &p.session} {
		n, err := strconv.Atoi(f[1+i])
		if err != nil {
			return process{}, false
		}
		*to = n
	}
	// A process whose first thread ended looks dead; its other threads run on.
	p.dead = f[0] == "X" || f[0] == "Z" && (f[17] == "0" || f[17] == "1")
	return p, true
}

// members returns the living processes of session less its leader, the guardian.
func members(session int) []process {
	var list []process
	for _, p := range processes() {
		if p.session == session && p.pid != session && !p.dead {
			list = append(list, p)
		}
	}
	return list
}

// signal sends sig to every member of the guardian's session. Groups are
// signalled as such, because the kernel does that in one step that no fork
// escapes; the command's own also when /proc shows no member of it.
func (g *guardian) signal(sig unix.Signal) {
	_ = unix.Kill(-g.child, sig)
	signalMembers(os.Getpid(), sig)
}

func signalMembers(session int, sig unix.Signal) {
	done := map[int]bool{}
	for _, p := range members(session) {
		if p.group == session { // the guardian's own group
			_ = unix.Kill(p.pid, sig)
		} else if !done[p.group] {
			done[p.group] = true
			_ = unix.Kill(-p.group, sig)
		}
	}
}

// pursue kills the child that pid, a member which has just ended, may have left
// in its place: one that forks and leaves faster than /proc can be listed is
// found right above its parent's number, if at all.
func pursue(pid int) {
	for next := pid + 1; next <= pid+hops; next++ {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(next) + "/stat")
		if err != nil {
			continue
		}
		if p, ok := parseStat(next, stat); ok && p.session == os.Getpid() && p.group != p.session {
			_ = unix.Kill(-p.group, unix.SIGKILL)
		}
	}
}

// gone reports whether no member is left, which takes a reason why the guardian
// still has children: a living stray. Without one, a member hides from /proc by
// forking and leaving while it is listed.
func (g *guardian) gone() bool {
	me, all := os.Getpid(), processes()
	parent, stray := parents(all), false
	for _, p := range all {
		if p.dead || p.pid == me {
			continue
		}
		if p.session == me {
			return false
		}
		stray = stray || descends(p.pid, me, parent)
	}
	return stray
}

// sweepSession ends the session of a guardian that was killed. A member that
// was forked while /proc was listed can be missed once, hardly twice.
func sweepSession(session int) {
	for deadline := time.Now().Add(maxDying); time.Now().Before(deadline); {
		left := members(session)
		if len(left) == 0 {
			left = members(session) // look again
		}
		if len(left) == 0 {
			return
		}
		signalMembers(session, unix.SIGKILL)
	}
}

// strays returns the guardian's descendants, which are outside its session, or
// could not be killed. Other guardians and what they guard are none: they end
// by themselves.
func strays() []Stray {
	all, me := processes(), os.Getpid()
	parent := parents(all)
	guarded := map[int]bool{} // sessions of other guardians
	for _, p := range all {
		guarded[p.pid] = p.pid == p.session && p.pid != me && isGuardian(p.pid)
	}
	var list []Stray
	for _, p := range all {
		if p.dead || len(list) == maxStrays || !descends(p.pid, me, parent) {
			continue
		}
		if guarded[p.session] {
			continue
		}
		if line, ok := commandLine(p.pid); ok {
			list = append(list, Stray{PID: p.pid, Command: line})
		}
	}
	return list
}

func parents(all []process) map[int]int {
	parent := make(map[int]int, len(all))
	for _, p := range all {
		parent[p.pid] = p.parent
	}
	return parent
}

func descends(pid, ancestor int, parent map[int]int) bool {
	for range len(parent) { // the picture may be torn: a pid reused in between could close a circle
		up, ok := parent[pid]
		if !ok || up == 0 {
			return false
		}
		if up == ancestor {
			return true
		}
		pid = up
	}
	return false
}

func isGuardian(pid int) bool {
	args := bytes.Split(rawCommand(pid), []byte{0})
	return len(args) > 1 && string(args[1]) == guardianArgument
}

func rawCommand(pid int) []byte {
	raw, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return raw
}

// commandLine returns what to call pid; false when it has ended.
func commandLine(pid int) (string, bool) {
	raw := rawCommand(pid)
	if len(raw) == 0 { // it cleared its arguments
		raw, _ = os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	}
	words := bytes.ReplaceAll(raw[:min(len(raw), maxCommand)], []byte{0}, []byte(" "))
	return strings.TrimSpace(text.Line(string(words))), len(raw) > 0
}
