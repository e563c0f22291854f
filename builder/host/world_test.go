package host

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// The rows of the runtime's own test of its matcher (astrid-events, route/matcher.rs), and of
// what it says of them.
func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, topic string
		want           bool
	}{
		{"a.b", "a.b", true}, {"a.b", "a.b.c", false}, {"a.b", "a", false},
		{"a.*", "a.b", true}, {"a.*", "a.b.c.d", true}, {"a.*", "a", false},
		{"a.*.c", "a.b.c", true}, {"a.*.c", "a.b.b.c", false}, {"*", "a", true}, {"*", "a.b", false},
		{"*.b.*", "a.b.c", true}, {"*.b.*", "a.x.c", false},
		{"a.*", "a.*", true}, {"a.b", "a.*", false}, {"a.*", strings.Repeat("a.", 20) + "a", false},
	} {
		if got := Matches(c.pattern, c.topic); got != c.want {
			t.Errorf("%s fits %s: %v", c.topic, c.pattern, got)
		}
	}
}

// The clock, randomness and identities of a world are those of its options, and of nothing else.
// Two patterns overlap exactly where some topic of a few segments fits both.
func TestOverlap(t *testing.T) {
	parts := []string{"a", "b", "*"}
	var patterns, topics []string
	for _, x := range parts {
		patterns = append(patterns, x)
		for _, y := range parts {
			patterns = append(patterns, x+"."+y)
			for _, z := range parts {
				patterns = append(patterns, x+"."+y+"."+z)
			}
		}
	}
	for _, p := range patterns {
		if !strings.Contains(p, "*") {
			topics = append(topics, p, p+".a.b")
		}
	}
	for _, p := range patterns {
		for _, q := range patterns {
			want := slices.ContainsFunc(topics, func(topic string) bool { return Matches(p, topic) && Matches(q, topic) })
			if got := Overlap(p, q); got != want {
				t.Errorf("%s and %s: %v", p, q, got)
			}
		}
	}
}

func TestTheWorldIsDeterministic(t *testing.T) {
	look := func(o Options) string {
		w := world(t, o)
		s := sys{w}
		a, _ := s.randomBytes(16)
		_ = s.sleepNs(1e9)
		return fmt.Sprintf("%d %d %x %s", s.clockMs(), s.clockMonotonicNs(), a, w.uuid())
	}
	first := look(Options{})
	if again := look(Options{}); again != first {
		t.Errorf("%s, then %s", first, again)
	}
	if other := look(Options{Seed: 1}); other == first || !strings.HasPrefix(other, first[:14]) {
		t.Errorf("another seed is %s", other)
	}
	if later := look(Options{Clock: 5000}); !strings.HasPrefix(later, "6001 ") {
		t.Errorf("a clock that begins at 5 s shows %s after a second", later)
	}
}

func TestPublicAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1::1": true, "127.0.0.1": false, "10.1.2.3": false, "192.168.0.1": false, "172.16.0.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "255.255.255.255": false, "::1": false, "fe80::1": false, "fd00::1": false,
		"::ffff:127.0.0.1": false, "::ffff:93.184.216.34": true, "224.0.0.1": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is public: %v", address, got)
		}
	}
}

func served(t *testing.T) (host, url string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/out":
			http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusFound)
		default:
			fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, r.Header.Get("Authorization"))
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), server.URL
}

func TestTheWeb(t *testing.T) {
	host, url := served(t)
	get := func(o Options, path string, more requestOptions) (httpResponse, error) {
		return web{World: world(t, o)}.request("http-request", httpRequest{Url: url + path, Method: abi.Case{Name: "get"}, Headers: []keyValue{{"Authorization", "x"}}}, more)
	}
	declared := Capabilities{Net: []string{"127.0.0.1"}}
	open := Options{Capabilities: declared, AllowNet: []string{host}}
	sum := "sha256-" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	manual := redirectPolicy("manual")
	stop := redirectPolicy("error")
	only := true
	for name, c := range map[string]struct {
		o    Options
		path string
		more requestOptions
		want string // a fault, or the status
	}{
		"not declared":                {Options{AllowNet: []string{host}}, "/", requestOptions{}, "capability-denied"},
		"declared, not allowed":       {Options{Capabilities: declared}, "/", requestOptions{}, "connection-error"},
		"allowed without a port":      {Options{Capabilities: declared, AllowNet: []string{"127.0.0.1"}}, "/", requestOptions{}, "airlock-rejected"},
		"allowed":                     {open, "/", requestOptions{}, "200"},
		"followed":                    {open, "/away", requestOptions{}, "200"},
		"not followed":                {open, "/away", requestOptions{Redirect: &manual}, "302"},
		"blocked":                     {open, "/away", requestOptions{Redirect: &stop}, "redirect-blocked"},
		"in a circle":                 {open, "/round", requestOptions{}, "too-many-redirects"},
		"led to what is not declared": {open, "/out", requestOptions{}, "capability-denied"},
		"another sum":                 {open, "/", requestOptions{Integrity: &sum}, "integrity-mismatch"},
		"only https":                  {open, "/", requestOptions{HttpsOnly: &only}, "scheme-denied"},
	} {
		response, err := get(c.o, c.path, c.more)
		got := fmt.Sprint(response.Status)
		if err != nil {
			got = faultOf(err)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	response, err := get(open, "/away", requestOptions{})
	if err != nil || string(response.Body) != "GET /there x" || response.Meta.RedirectCount != 1 {
		t.Errorf("%+v, %v", response, err)
	}
	w := world(t, Options{Capabilities: declared})
	_, _ = web{World: w}.request("http-request", httpRequest{Url: url, Method: abi.Case{Name: "get"}}, requestOptions{})
	if lacked := w.Record().Lacked; len(lacked) != 1 || lacked[0].Needs != "--allow-net 127.0.0.1" {
		t.Errorf("lacked is %+v", lacked)
	}
}

func TestAStreamOfTheWeb(t *testing.T) {
	host, url := served(t)
	w := world(t, Options{Capabilities: Capabilities{Net: []string{"*"}}, AllowNet: []string{host}})
	h := web{World: w}
	rep, err := h.stream("http-stream-start", httpRequest{Url: url + "/x", Method: abi.Case{Name: "other", Value: "GET"}}, requestOptions{})
	testkit.Check(t, err)
	first, err := h.readChunk(rep)
	testkit.Check(t, err)
	last, err := h.readChunk(rep)
	if string(first) != "GET /x " || len(last) != 0 || err != nil {
		t.Errorf("%q, %q, %v", first, last, err)
	}
	testkit.Check(t, h.closeStream(rep))
	if _, err := h.readChunk(rep); faultOf(err) != "closed" {
		t.Errorf("after closing: %v", err)
	}
}

func TestAConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testkit.Check(t, err)
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		b := make([]byte, 5)
		n, _ := conn.Read(b)
		_, _ = conn.Write(bytes.ToUpper(b[:n]))
	}()
	address := listener.Addr().(*net.TCPAddr)
	port := uint16(address.Port)
	declared := Capabilities{NetConnect: []string{"127.0.0.1:*"}}
	if _, err := (network{world(t, Options{})}).connectTCP("127.0.0.1", port); faultOf(err) != "capability-denied" {
		t.Errorf("not declared: %v", err)
	}
	if _, err := (network{world(t, Options{Capabilities: declared})}).connectTCP("127.0.0.1", port); faultOf(err) != "airlock-rejected" {
		t.Errorf("not allowed: %v", err)
	}
	n := network{world(t, Options{Capabilities: declared, AllowNet: []string{address.String()}})}
	rep, err := n.connectTCP("127.0.0.1", port)
	testkit.Check(t, err)
	table := n.functions()
	write := table["[method]tcp-stream.write-bytes"].(func(abi.Rep, []byte) (uint32, error))
	read := table["[method]tcp-stream.read-bytes"].(func(abi.Rep, uint32) ([]byte, error))
	peek := table["[method]tcp-stream.peek"].(func(abi.Rep, uint32) ([]byte, error))
	if sent, err := write(rep, []byte("hello")); sent != 5 || err != nil {
		t.Fatal(sent, err)
	}
	if b, err := peek(rep, 2); string(b) != "HE" || err != nil {
		t.Errorf("peeked %q, %v", b, err)
	}
	all := ""
	for len(all) < 5 {
		b, err := read(rep, 3)
		if err != nil || len(b) == 0 {
			t.Fatalf("after %q: %q, %v", all, b, err)
		}
		all += string(b)
	}
	if all != "HELLO" {
		t.Errorf("read %q", all)
	}
	n.Drop(uint32(rep))
	if _, err := read(rep, 1); faultOf(err) != "invalid-handle" {
		t.Errorf("after its end: %v", err)
	}
}

func TestPrograms(t *testing.T) {
	testkit.Needs(t, "sh")
	declared := Capabilities{HostProcess: []string{"sh"}}
	request := spawn{Cmd: "sh", Args: []string{"-c", "cat; echo $A; env | wc -l; exit 3"}, Env: []envVar{{"A", "b"}}}
	input := []byte("in\n")
	request.Stdin = &input
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"not declared": {Options{AllowProcess: true}, "capability-denied"},
		"not allowed":  {Options{Capabilities: declared}, "capability-denied"},
	} {
		if _, err := (processes{world(t, c.o)}).spawn(request); faultOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := world(t, Options{Capabilities: declared, AllowProcess: true, Path: "/usr/local/bin:/usr/bin:/bin"})
	result, err := processes{w}.spawn(request)
	if err != nil || !strings.HasPrefix(result.Stdout, "in\nb\n") || result.Exit.ExitCode == nil || *result.Exit.ExitCode != 3 {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestPeople(t *testing.T) {
	w := world(t, Options{})
	if r, err := w.requestApproval(approvalRequest{"git push", "git push origin"}); err != nil || r.Decision != "denied" {
		t.Errorf("with nobody there: %v, %v", r, err)
	}
	if lacked := w.Record().Lacked; len(lacked) != 1 {
		t.Errorf("lacked is %v", lacked)
	}
	w = world(t, Options{Approve: "approved-session", Answers: map[string]string{"NAME": "Ada", "KEYS": "a,b", "TOKEN": "t"}})
	for _, want := range []decision{"approved-session", "allowance"} {
		if r, err := w.requestApproval(approvalRequest{"git push", "git push origin"}); err != nil || r.Decision != want {
			t.Errorf("%v, %v; want %s", r, err, want)
		}
	}
	for key, c := range map[string]struct {
		kind elicitType
		want string
	}{"NAME": {"text", "{value Ada}"}, "KEYS": {"array", "{values [a b]}"}, "TOKEN": {"secret", "{secret-stored <nil>}"}, "OTHER": {"text", "timeout"}} {
		answer, err := w.elicit(elicitRequest{Kind: c.kind, Key: key})
		got := fmt.Sprint(answer)
		if err != nil {
			got = faultOf(err)
		}
		if got != c.want {
			t.Errorf("%s: %s", key, got)
		}
	}
	if has, err := w.hasSecret("TOKEN"); !has || err != nil {
		t.Errorf("the secret that was given is there: %v, %v", has, err)
	}
}

func TestIdentities(t *testing.T) {
	i := identities{world(t, Options{Capabilities: Capabilities{Identity: []string{"admin"}}})}
	name := "Ada"
	made, err := i.createUser(createUserRequest{&name})
	testkit.Check(t, err)
	testkit.Check(t, i.link(linkRequest{" Chat ", "ada", made.UserId, "m"}))
	if r, err := i.resolve(resolveRequest{"chat", "ada"}); err != nil || r.UserId != made.UserId || *r.DisplayName != "Ada" {
		t.Errorf("%v, %v", r, err)
	}
	if list, err := i.listLinks(made.UserId); err != nil || len(list) != 1 || list[0].Platform != "chat" {
		t.Errorf("%v, %v", list, err)
	}
	testkit.Check(t, i.unlink(unlinkRequest{"chat", "ada"}))
	if _, err := i.resolve(resolveRequest{"chat", "ada"}); faultOf(err) != "link-not-found" {
		t.Error(err)
	}
}

func TestUplinks(t *testing.T) {
	u := uplinks{world(t, Options{Capabilities: Capabilities{Uplink: true}})}
	id, err := u.register("a", "Chat", "chat")
	testkit.Check(t, err)
	if _, err := u.register("a", "chat", "chat"); faultOf(err) != "invalid-input" {
		t.Errorf("registered twice: %v", err)
	}
	if sent, err := u.send(id, "u", "hello"); sent || err != nil {
		t.Errorf("nobody is there, and %v, %v", sent, err)
	}
	if _, err := u.send("00000000-0000-4000-8000-000000000000", "u", "hello"); faultOf(err) != "unknown-uplink" {
		t.Error(err)
	}
}

// A subscription that nobody reads holds no more than a bound, and says what it lost.
func TestAQueueEnds(t *testing.T) {
	w := world(t, Options{Publish: []string{"a"}, Subscribe: []Subscription{{Pattern: "a"}}})
	i := ipc{w}
	rep, err := i.subscribe("a")
	testkit.Check(t, err)
	big := `"` + strings.Repeat("x", maxPayload-2) + `"`
	for range 40 {
		testkit.Check(t, i.publish("a", big))
		testkit.Check(t, sys{w}.sleepNs(1e9)) // ten of them may be published in a second
	}
	s, _ := get[*subscription](w, rep)
	if s.bytes > maxQueuedBytes || len(s.queue) != 16 {
		t.Errorf("%d messages of %d bytes wait", len(s.queue), s.bytes)
	}
	e, err := i.poll(rep)
	if err != nil || e.Lagged != 24 || len(e.Messages) != 1 {
		t.Errorf("lagged %d, %d messages, %v", e.Lagged, len(e.Messages), err)
	}
	for range 12 {
		err = i.publish("a", big)
	}
	if faultOf(err) != "rate-limited" {
		t.Errorf("more than ten MiB in a second: %v", err)
	}
}

// A record does not grow without end.
func TestARecordEnds(t *testing.T) {
	w := world(t, Options{Publish: []string{"a"}})
	for range maxEntries + 10 {
		sys{w}.log("info", "x")
		_ = ipc{w}.publish("a", "{}")
	}
	r := w.Record()
	if len(r.Logs) != maxEntries || len(r.Published) != maxEntries || r.Left != 20 {
		t.Errorf("%d lines, %d publications, %d left", len(r.Logs), len(r.Published), r.Left)
	}
	if r := w.Record(); len(r.Logs) != 0 {
		t.Error("a record is taken once")
	}
}
