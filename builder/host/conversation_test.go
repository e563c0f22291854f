package host

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// wire is the guest's side of connections.
type wire struct {
	network
	write func(abi.Rep, []byte) (uint32, error)
	frame func(abi.Rep, []byte) error
	read  func(abi.Rep, uint32) ([]byte, error)
	next  func(abi.Rep) (abi.Case, error)
	peer  func(abi.Rep) (string, error)
}

func wired(w *World) wire {
	f := network{w}.functions()
	return wire{network{w},
		f["[method]tcp-stream.write-bytes"].(func(abi.Rep, []byte) (uint32, error)), f["[method]tcp-stream.write"].(func(abi.Rep, []byte) error),
		f["[method]tcp-stream.read-bytes"].(func(abi.Rep, uint32) ([]byte, error)), f["[method]tcp-stream.read"].(func(abi.Rep) (abi.Case, error)),
		f["[method]tcp-stream.peer-addr"].(func(abi.Rep) (string, error))}
}

// capitals is a server of the machine that answers every line in capitals, until one says bye.
func capitals(t *testing.T) *net.TCPAddr {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Check(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(time.Minute))
				b := make([]byte, 100)
				for {
					n, err := conn.Read(b)
					if err != nil || bytes.Contains(b[:n], []byte("bye")) {
						return
					}
					for i, c := range b[:n] {
						if 'a' <= c && c <= 'z' {
							b[i] -= 'a' - 'A'
						}
					}
					_, _ = conn.Write(b[:n])
				}
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr)
}

// A conversation is recorded as it was, and answers a world without a network in the same way: in
// pieces of any size, with its end, and with nobody where nobody was.
func TestConversations(t *testing.T) {
	at := capitals(t)
	port, nobody := uint16(at.Port), uint16(1)
	declared := Capabilities{NetConnect: []string{"127.0.0.1:*"}}
	talk := func(w wire, piece int) (all []string) {
		rep, err := w.connectTCP("127.0.0.1", port)
		testkit.Check(t, err)
		defer w.Drop(uint32(rep))
		say := func(what string) {
			for part := range slices.Chunk([]byte(what), piece) {
				if n, err := w.write(rep, part); err != nil || n != uint32(len(part)) {
					t.Fatalf("%q: %d %v", part, n, err)
				}
			}
		}
		for _, line := range []string{"hello", "\xff there"} {
			say(line)
			got := ""
			for len(got) < len(line) {
				b, err := w.read(rep, uint32(piece))
				if err != nil || len(b) == 0 || len(b) > piece {
					t.Fatalf("after %q: %q %v", got, b, err)
				}
				got += string(b)
			}
			all = append(all, got)
		}
		say("bye")
		b, err := w.read(rep, 10)
		all = append(all, fmt.Sprint(len(b), err))
		_, err = w.connectTCP("127.0.0.1", nobody)
		return append(all, faultOf(err))
	}
	live := world(t, Options{Capabilities: declared, RecordNet: true, AllowNet: []string{at.String(), "127.0.0.1:1"}})
	want := []string{"HELLO", "\xff THERE", "0 <nil>", "connection-refused"}
	if got := talk(wired(live), 5); !slices.Equal(got, want) {
		t.Fatalf("live: %q", got)
	}
	record := live.Record().Conversations
	told := []Conversation{{Address: at.String(), Peer: at.String(), Turns: []Turn{{Sent: []byte("hello")}, {Received: []byte("HELLO")},
		{Sent: []byte("\xff there")}, {Received: []byte("\xff THERE")}, {Sent: []byte("bye")}}}, {Address: "127.0.0.1:1", Refused: "connection-refused"}}
	if diff := cmp.Diff(told, record); diff != "" {
		t.Fatal(diff)
	}
	for piece := 1; piece <= 8; piece++ {
		w := world(t, Options{Capabilities: declared, TCP: record})
		if got := talk(wired(w), piece); !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: %q", piece, got)
		}
		if r := w.Record(); len(r.Strayed) > 0 {
			t.Errorf("in pieces of %d: %q", piece, r.Strayed)
		}
	}
}

// What is said otherwise than it was recorded is told, and gets no answer.
func TestStrayedConversations(t *testing.T) {
	options := Options{Capabilities: Capabilities{NetConnect: []string{"db.example:5"}}, TCP: []Conversation{
		{Address: "DB.example:5", Turns: []Turn{{Sent: []byte("PING")}, {Received: []byte("PONG")}, {Sent: []byte("QUIT")}}, End: "open"}}}
	for name, c := range map[string]struct {
		says []string
		want string
	}{
		"as recorded":   {[]string{"PI", "NGQUIT"}, ""},
		"other words":   {[]string{"PUNG"}, `the connection to DB.example:5: it sent "UNG" after 1 bytes, and "INGQUIT" was recorded`},
		"too much":      {[]string{"PINGQUIT", "NOW"}, `the connection to DB.example:5: it sent "NOW" after 8 bytes, and nothing more was recorded`},
		"too little":    {[]string{"PING"}, `the connection to DB.example:5: it sent 4 bytes and ended, and then "QUIT" was recorded`},
		"nothing":       {nil, `the connection to DB.example:5: it sent 0 bytes and ended, and then "PINGQUIT" was recorded`},
		"on and on":     {[]string{"PONG", "PONG"}, `the connection to DB.example:5: it sent "ONG" after 1 bytes, and "INGQUIT" was recorded`},
		"a long stream": {[]string{strings.Repeat("x", 100)}, `the connection to DB.example:5: it sent "` + strings.Repeat("x", 40) + `"... after 0 bytes, and "PINGQUIT" was recorded`},
	} {
		w := world(t, options)
		n := wired(w)
		rep, err := n.connectTCP("db.example", 5)
		testkit.Check(t, err)
		for i, said := range c.says {
			_, err = n.write(rep, []byte(said))
			if wrong := c.want != "" && name != "too little" && i == len(c.says)-1; wrong != (err != nil) && name != "other words" && name != "a long stream" {
				t.Errorf("%s: %q: %v", name, said, err)
			}
		}
		n.Drop(uint32(rep))
		if got := strings.Join(w.Record().Strayed, "\n"); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// What comes before it is asked for is not there, an open connection says nothing more, and one that
// breaks off says so.
func TestWhatIsThere(t *testing.T) {
	turns := []Turn{{Received: []byte("\x00\x00\x00\x02hi")}, {Sent: []byte("\x00\x00\x00\x02yo")}, {Received: []byte("\x00\x00\x00\x01!")}}
	for end, want := range map[string]string{"": "closed", "open": "pending", "connection-reset": "closed"} {
		n := wired(world(t, Options{Capabilities: Capabilities{NetConnect: []string{"a:*"}}, TCP: []Conversation{{Address: "a:1", Peer: "1.2.3.4:1", Turns: turns, End: end}}}))
		rep, err := n.connectTCP("a", 1)
		testkit.Check(t, err)
		var got []string
		hear := func() {
			c, err := n.next(rep)
			b, _ := c.Value.([]byte)
			got = append(got, c.Name+string(b)+map[bool]string{true: fmt.Sprint(err)}[err != nil])
		}
		hear()
		hear()
		if b, err := n.read(rep, 5); faultOf(err) != "would-block" {
			t.Errorf("%q %v before it is asked for", b, err)
		}
		testkit.Check(t, n.frame(rep, []byte("yo")))
		hear()
		hear()
		if want := []string{"datahi", "pending", "data!", want}; !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", end, got, want)
		}
		if at, err := n.peer(rep); at != "1.2.3.4:1" || err != nil {
			t.Errorf("%s %v", at, err)
		}
	}
}

// Several conversations with one address come in their order, the last one from then on, and each
// refusal is the word that it was.
func TestConversationsInOrder(t *testing.T) {
	var list []Conversation
	for _, word := range Refusals {
		list = append(list, Conversation{Address: "a:1", Refused: word})
	}
	n := wired(world(t, Options{Capabilities: Capabilities{NetConnect: []string{"a:1"}}, TCP: list}))
	for _, want := range append(Refusals, Refusals[len(Refusals)-1]) {
		if _, err := n.connectTCP("a", 1); faultOf(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// Addresses of a name are answered as they were, without a network.
func TestRecordedHosts(t *testing.T) {
	n := network{world(t, Options{Capabilities: Capabilities{NetConnect: []string{"a.example:*", "b.example:*"}},
		Hosts: map[string][]string{"a.example": {"1.2.3.4", "10.0.0.1"}, "b.example": {}}})}
	if got, err := n.lookupHost("A.example"); err != nil || !slices.Equal(got, []string{"1.2.3.4:0"}) {
		t.Error(got, err)
	}
	if _, err := n.lookupHost("b.example"); faultOf(err) != "name-unresolvable" {
		t.Error(err)
	}
}

// What is too much for a file of tests is not recorded in part without a word.
func TestAConversationThatIsTooLong(t *testing.T) {
	w := world(t, Options{})
	r := &recorded{world: w, talk: w.recording(Conversation{})}
	r.say(Turn{Sent: make([]byte, maxTalk)})
	r.say(Turn{Received: []byte("x")})
	if got := w.Record(); got.Left != 1 || len(got.Conversations[0].Turns) != 1 {
		t.Errorf("%d left", got.Left)
	}
}

// A listener on which nobody connects waits in the world's time; the runtime's own socket is parked.
func TestListeners(t *testing.T) {
	declared := Capabilities{NetBind: []string{"127.0.0.1:*", "localhost:*", "0.0.0.0:*", "unix:*"}}
	w := world(t, Options{Capabilities: declared})
	n := network{w}
	f := n.functions()
	address := f["[method]tcp-listener.local-addr"].(func(abi.Rep) (string, error))
	poll := f["[method]tcp-listener.poll-accept"].(func(abi.Rep, uint64) (*abi.Rep, error))
	accept := f["[method]tcp-listener.accept"].(func(abi.Rep) (abi.Rep, error))
	first, err := n.bindTCP("127.0.0.1", 0)
	testkit.Check(t, err)
	second, err := n.bindTCP("localhost", 8080)
	testkit.Check(t, err)
	if at, _ := address(first); at != "127.0.0.1:49152" {
		t.Error(at)
	}
	if at, _ := address(second); at != "127.0.0.1:8080" {
		t.Error(at)
	}
	before := w.now()
	if rep, err := poll(second, 5000); rep != nil || err != nil || w.now()-before < 5000 {
		t.Errorf("%v %v after %d ms", rep, err, w.now()-before)
	}
	if _, err := accept(second); faultOf(err) != "closed" || len(w.book.record.Lacked) != 1 {
		t.Error(err)
	}
	for want, address := range map[string]string{"address-in-use": "127.0.0.1:8080", "airlock-rejected": "0.0.0.0:80", "capability-denied": "1.1.1.1:80", "address-not-available": ":80"} {
		host, _, _ := strings.Cut(address, ":")
		port := uint16(80)
		if strings.HasSuffix(address, "8080") {
			port = 8080
		}
		if _, err := n.bindTCP(host, port); faultOf(err) != want {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
	for range maxListeners - 2 {
		_, err := n.bindTCP("127.0.0.1", 0)
		testkit.Check(t, err)
	}
	if _, err := n.bindTCP("127.0.0.1", 0); faultOf(err) != "quota" {
		t.Error(err)
	}
	unix, err := n.bindUnix()
	testkit.Check(t, err)
	if _, err := f["[method]unix-listener.accept"].(func(abi.Rep) (abi.Rep, error))(unix); faultOf(err) != "closed" {
		t.Error(err)
	}
}

// With --allow-net a listener is one of the machine, and is gone with the world.
func TestAListenerOfTheMachine(t *testing.T) {
	w := world(t, Options{Capabilities: Capabilities{NetBind: []string{"127.0.0.1:*"}}, AllowNet: []string{"127.0.0.1:0"}})
	n := wired(w)
	f := n.functions()
	rep, err := n.bindTCP("127.0.0.1", 0)
	testkit.Check(t, err)
	at, err := f["[method]tcp-listener.local-addr"].(func(abi.Rep) (string, error))(rep)
	testkit.Check(t, err)
	if none, err := f["[method]tcp-listener.poll-accept"].(func(abi.Rep, uint64) (*abi.Rep, error))(rep, 1); none != nil || err != nil {
		t.Fatal(none, err)
	}
	conn, err := net.Dial("tcp", at)
	testkit.Check(t, err)
	defer conn.Close()
	stream, err := f["[method]tcp-listener.accept"].(func(abi.Rep) (abi.Rep, error))(rep)
	testkit.Check(t, err)
	_, err = n.write(stream, []byte("hello"))
	testkit.Check(t, err)
	w.Close()
	if all, err := io.ReadAll(conn); string(all) != "hello" || err != nil {
		t.Errorf("%q %v", all, err)
	}
	if conn, err := net.Dial("tcp", at); err == nil {
		conn.Close()
		t.Error("it listens after its end")
	}
}

// A guest that declares all there is reaches nothing of this machine's network that nobody allowed: no
// connection comes to a listener that stands there.
func TestNothingReachesTheNetwork(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Check(t, err)
	defer l.Close()
	at := l.Addr().(*net.TCPAddr)
	came := make(chan struct{}, 100)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				close(came)
				return
			}
			conn.Close()
			came <- struct{}{}
		}
	}()
	for _, allowed := range [][]string{nil, {"example.com"}, {"*"}, {"127.0.0.1"}, {"localhost"}, {"127.0.0.1:1"}} {
		w := world(t, Options{AllowNet: allowed, Capabilities: Capabilities{Net: []string{"*", "127.0.0.1", "localhost"}, NetConnect: []string{"127.0.0.1:*", "localhost:*", "0.0.0.0:*"}}})
		for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0"} {
			if _, err := (network{w}).connectTCP(host, uint16(at.Port)); err == nil {
				t.Errorf("%v: connected to %s", allowed, host)
			}
			if _, err := (web{World: w}).start("http-request", httpRequest{Url: fmt.Sprintf("http://%s:%d/", host, at.Port), Method: abi.Case{Name: "get"}}, requestOptions{}); err == nil {
				t.Errorf("%v: asked %s", allowed, host)
			}
		}
	}
	l.Close()
	for range came {
		t.Error("a connection came")
	}
}
