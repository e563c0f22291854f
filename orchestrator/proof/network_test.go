package proof

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/calls"
)

// once answers one connection, and listens no more.
func once(t *testing.T) *net.TCPAddr {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Check(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		l.Close()
		if err != nil {
			return
		}
		b := make([]byte, 5)
		_, _ = io.ReadFull(conn, b)
		_, _ = conn.Write([]byte("you said \xff" + string(b)))
		conn.Close()
	}()
	return l.Addr().(*net.TCPAddr)
}

// A call that talked over the network is recorded once, and its test needs no network: where nobody
// answers any more it passes, and where the capsule says something else it says so.
func TestARecordedConversation(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "play")
	for _, name := range []string{"Capsule.toml", "play.wasm"} {
		testkit.Write(t, filepath.Join(dir, name), testkit.Read(t, filepath.Join("../../builder/tools/testdata/play", name)))
	}
	at := once(t)
	call := func(o calls.Options) *calls.Answer {
		c, err := calls.Open(t.Context(), dir, o)
		testkit.Check(t, err)
		defer c.Close()
		answer, err := c.Call(t.Context(), "talk", calls.Arguments{JSON: []byte(`{"host":"127.0.0.1","port":` + at.String()[len("127.0.0.1:"):] + `,"text":"hello"}`)})
		testkit.Check(t, err)
		return answer
	}
	refused := call(calls.Options{})
	if !strings.HasPrefix(refused.Result.Content, `"nobody: `) || len(refused.Outcome.Record.Lacked) == 0 {
		t.Errorf("without leave: %+v", refused.Result)
	}
	const want = `"you said \ufffdhello of None"`
	if live := call(calls.Options{AllowNet: []string{at.String()}, Record: true}); live.Result.Content != strings.ReplaceAll(want, `\ufffd`, "\ufffd") || !live.New {
		t.Fatalf("%+v %v", live.Result, live.Fault)
	}
	gone := call(calls.Options{AllowNet: []string{at.String()}, Record: true})
	if !strings.HasPrefix(gone.Result.Content, `"nobody: `) || !gone.New {
		t.Fatalf("%+v", gone.Result)
	}
	file := filepath.Join(dir, "tests", "recorded.toml")
	testkit.Write(t, file, testkit.Read(t, file)+"expect = { matches = \"^nobody: \" }\n")
	p, err := Run(t.Context(), dir, Options{Update: true})
	testkit.Check(t, err)
	if p.Failed() || len(p.Summary.Ran) != 2 {
		t.Fatalf("%+v\n%s", p.Summary, testkit.Read(t, file))
	}
	if written := testkit.Read(t, file); !strings.Contains(written, "you said \ufffdhello of None") || !strings.Contains(written, `refused = "connection-refused"`) {
		t.Error(written)
	}
	testkit.Write(t, file, strings.Replace(testkit.Read(t, file), `sent = "hello"`, `sent = "help!"`, 1))
	p, err = Run(t.Context(), dir, Options{})
	testkit.Check(t, err)
	var b strings.Builder
	testkit.Check(t, p.Text(&b))
	if !p.Failed() || !strings.Contains(b.String(), `the connection to `+at.String()+`: it sent "lo" after 3 bytes, and "p!" was recorded`) {
		t.Error(b.String())
	}
}
