package ask

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// What listens is found, answers several at once, and hears it when one of them ends.
func TestTransport(t *testing.T) {
	at := address(filepath.Join(t.TempDir(), newName()))
	if _, err := dial(at); err == nil || !unanswered(err) {
		t.Fatalf("before anybody listens: %v", err)
	}
	listener, err := listen(at)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 2)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				lines := bufio.NewReader(conn)
				line, err := lines.ReadString('\n')
				if err == nil {
					_, err = fmt.Fprint(conn, "heard ", line)
				}
				if err == nil {
					_, err = lines.ReadByte()
				}
				conn.Close()
				ended <- err
			}()
		}
	}()
	var clients []net.Conn
	for range 2 {
		conn, err := dial(at)
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, conn)
	}
	for i, conn := range clients {
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		fmt.Fprintf(conn, "client %d\n", i)
		if line, err := bufio.NewReader(conn).ReadString('\n'); line != fmt.Sprintf("heard client %d\n", i) {
			t.Errorf("client %d got %q %v", i, line, err)
		}
		conn.Close()
		if err := <-ended; err != io.EOF {
			t.Errorf("the end of client %d is heard as %v", i, err)
		}
	}
	listener.Close()
	sweep(at)
	if _, err := dial(at); err == nil || !unanswered(err) {
		t.Fatalf("after its end: %v", err)
	}
}

// A name is listened at once: a second watch cannot take over what was published.
func TestTransportTaken(t *testing.T) {
	at := address(filepath.Join(t.TempDir(), newName()))
	listener, err := listen(at)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if second, err := listen(at); err == nil {
		second.Close()
		t.Error("two listen at one address")
	}
}
