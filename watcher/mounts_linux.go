package watcher

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mounts is what was mounted where when it was last looked at. It belongs to
// the loop's goroutine.
//
// The descriptor is only asked whether anything was mounted or unmounted since
// it was asked before. The table alone does not tell: what is unmounted and
// mounted again gets the same numbers.
type mounts struct {
	fd int               // of the table; -1: nobody tells
	at map[string]string // the table's numbers, by mount point
}

const mountTable = "/proc/self/mountinfo"

func openMounts() *mounts {
	fd, err := unix.Open(mountTable, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &mounts{fd: -1}
	}
	m := &mounts{fd: fd}
	m.at, _ = readMounts()
	return m
}

func (m *mounts) close() {
	if m.fd >= 0 {
		unix.Close(m.fd) // nothing was written to it
	}
}

// changed returns the mount points that differ from the last look, and those
// that do not, though something may have been mounted there anew. Both are empty
// while nothing at all is mounted or unmounted.
func (m *mounts) changed() (differ, same []string) {
	ask := []unix.PollFd{{Fd: int32(m.fd), Events: unix.POLLPRI}}
	if n, err := unix.Poll(ask, 0); n <= 0 || err != nil {
		return nil, nil
	}
	now, err := readMounts()
	if err != nil {
		return nil, nil
	}
	for point, numbers := range now {
		if m.at[point] == numbers {
			same = append(same, point)
		} else {
			differ = append(differ, point)
		}
	}
	for point := range m.at {
		if _, still := now[point]; !still {
			differ = append(differ, point)
		}
	}
	m.at = now
	return differ, same
}

// readMounts reads the numbers of each mount and its device, and the folder in it.
func readMounts() (map[string]string, error) {
	text, err := os.ReadFile(mountTable)
	at := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		// 36 35 98:0 /folder /mount/point options...
		if f := strings.SplitN(line, " ", 6); len(f) == 6 {
			at[unescape(f[4])] += f[0] + " " + f[2] + " " + f[3] + "\n" // several may lie on each other
		}
	}
	return at, err
}

// unescape undoes the kernel's spelling of white space and backslashes, as \040.
func unescape(path string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(path, `\`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		code, err := strconv.ParseUint(after[:min(3, len(after))], 8, 8)
		if err != nil {
			b.WriteString(`\`)
			path = after
			continue
		}
		b.WriteByte(byte(code))
		path = after[3:]
	}
}
