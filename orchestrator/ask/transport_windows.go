package ask

import (
	"errors"
	"io/fs"
	"net"
	"os/user"
	"path/filepath"

	"github.com/Microsoft/go-winio"
)

// address is a named pipe: its name is the watch's, which nobody else can guess or use again.
func address(beside string) string { return `\\.\pipe\astrid-dev-` + filepath.Base(beside) }

// listen makes the pipe, which nobody but its user can open, nor make once more.
func listen(address string) (net.Listener, error) {
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	// Uid is the user's security identifier on Windows. GA: everything; P: nothing is inherited.
	return winio.ListenPipe(address, &winio.PipeConfig{SecurityDescriptor: "D:P(A;;GA;;;" + me.Uid + ")"})
}

// stands reports whether the pipe can be found, which no folder holds.
func stands(string) bool { return true }

func dial(address string) (net.Conn, error) {
	limit := dialWait
	return winio.DialPipe(address, &limit)
}

// unanswered reports whether err of dial says that whoever listened there died.
func unanswered(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// sweep has nothing to do: a pipe ends with its process.
func sweep(string) {}
