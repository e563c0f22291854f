//go:build unix

package ask

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// address is where the watch named run listens, whose file lies beside it.
func address(beside string) string { return beside + ".sock" }

// listen makes the socket, which nobody but its user can open.
func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("unix", address)
	if err != nil {
		return nil, err
	}
	if err = os.Chmod(address, 0o600); err != nil {
		listener.Close()
		return nil, err
	}
	return listener, nil
}

// stands reports whether the socket can be found.
func stands(address string) bool {
	_, err := os.Lstat(address)
	return err == nil
}

func dial(address string) (net.Conn, error) { return net.DialTimeout("unix", address, dialWait) }

// unanswered reports whether err of dial says that whoever listened there died.
func unanswered(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT)
}

// sweep takes away what a dead process left of a socket.
func sweep(address string) { os.Remove(address) }
