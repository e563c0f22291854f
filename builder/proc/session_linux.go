package proc

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxStrays  = 32  // more names help nobody
	maxCommand = 200 // bytes of a command line
)

// self is this very program, even when its file was replaced by a newer build.
func self() string { return "/proc/self/exe" }

// becomeSubreaper makes orphans of the command children of the guardian.
func becomeSubreaper() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

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
// signalled as such, because the kernel does that in one step that no fork escapes.
func (g *guardian) signal(sig unix.Signal) { signalMembers(os.Getpid(), sig) }

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

// gone reports whether no member is left. A member that was forked by one that
// ended while /proc was read can be missed once, but not twice.
func (g *guardian) gone() bool { return sessionGone(os.Getpid()) }

func sessionGone(session int) bool { return len(members(session)) == 0 && len(members(session)) == 0 }

// sweepSession ends the session of a guardian that was killed.
func sweepSession(session int) {
	for deadline := time.Now().Add(maxDying); !sessionGone(session) && time.Now().Before(deadline); {
		signalMembers(session, unix.SIGKILL)
	}
}

// strays returns the guardian's descendants outside its session. Other
// guardians are none: they end by themselves.
func strays() []Stray {
	all, me := processes(), os.Getpid()
	parent := make(map[int]int, len(all))
	for _, p := range all {
		parent[p.pid] = p.parent
	}
	var list []Stray
	for _, p := range all {
		if p.session == me || p.dead || len(list) == maxStrays || !descends(p.pid, me, parent) {
			continue
		}
		if line, ok := commandLine(p.pid); ok {
			list = append(list, Stray{PID: p.pid, Command: line})
		}
	}
	return list
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

// commandLine returns what to call pid; false when it has ended or is a guardian.
func commandLine(pid int) (string, bool) {
	at := "/proc/" + strconv.Itoa(pid)
	raw, err := os.ReadFile(at + "/cmdline")
	if err != nil {
		return "", false
	}
	if args := bytes.Split(raw, []byte{0}); len(args) > 1 && string(args[1]) == guardianArgument {
		return "", false
	}
	if len(raw) == 0 { // it cleared its arguments
		raw, _ = os.ReadFile(at + "/comm")
	}
	return printable(raw[:min(len(raw), maxCommand)]), true
}

func printable(raw []byte) string {
	text := strings.ToValidUTF8(string(raw), "?")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text))
}
