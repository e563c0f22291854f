//go:build unix

package script

import (
	"os"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// cmdMmap writes TEXT over the beginning of FILE through a mapping of it, which
// makes no event.
func cmdMmap(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0)
	ts.Check(err)
	defer f.Close()
	data, err := unix.Mmap(int(f.Fd()), 0, len(args[1]), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	ts.Check(err)
	copy(data, args[1])
	ts.Check(unix.Munmap(data))
}
