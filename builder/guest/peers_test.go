package guest

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// handlersC has a handler for each thing that a capsule on a bus may do.
const handlersC = `#include "capsule.h"
struct answer handle(struct text action, struct text payload)
{
	struct text nothing = {NULL, 0};
	if (same(action, TEXT("say")) || same(action, TEXT("back")))
		publish(TEXT("x.v1.a"), payload);
	if (same(action, TEXT("tell")))
		publish(TEXT("y.v1.a"), payload);
	if (same(action, TEXT("mark")))
		return (struct answer){TEXT("continue"), TEXT("{\"by\":\"mark\"}")};
	if (same(action, TEXT("deny")))
		return (struct answer){TEXT("deny"), TEXT("{}")};
	if (same(action, TEXT("die")))
		__builtin_trap();
	return (struct answer){TEXT("continue"), nothing};
}
`

// handlers is a module with these handlers.
func handlers(t *testing.T) string {
	t.Helper()
	testkit.Needs(t, "clang", "wasm-ld")
	dir := filepath.Join(t.TempDir(), "capsule")
	if err := testkit.CopyExample("hello-c", dir); err != nil {
		t.Fatal(err)
	}
	testkit.Write(t, filepath.Join(dir, "handlers.c"), handlersC)
	cmd := exec.Command("clang", "--target=wasm32", "-ffreestanding", "-Os", "-nostdlib", "-Wl,--no-entry", "-o", "handlers.wasm", "handlers.c", "abi.c")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "handlers.wasm")
}

func TestPeers(t *testing.T) {
	path := handlers(t)
	peer := func(name string, on ...host.Subscription) Peer {
		return Peer{Name: name, Path: []byte(path), Host: host.Options{Publish: []string{"x.v1.a", "y.v1.a"}, Subscribe: on}}
	}
	on := func(pattern, handler string, priority int) host.Subscription {
		return host.Subscription{Pattern: pattern, Handler: handler, Priority: priority}
	}
	g, _, err := Start(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	for name, c := range map[string]struct {
		peers []Peer
		want  map[string]int    // publications of each peer
		said  map[string]string // the first of them
		died  string
	}{
		"by pattern":                {peers: []Peer{peer("a", on("x.v1.*", "tell", 1)), peer("b", on("z.*.a", "tell", 1))}, want: map[string]int{"a": 1, "b": 0}, said: map[string]string{"a": `{"by":"main"}`}},
		"by priority":               {peers: []Peer{peer("a", on("x.v1.a", "tell", 20)), peer("b", on("x.v1.a", "mark", 10))}, want: map[string]int{"a": 1, "b": 0}, said: map[string]string{"a": `{"by":"mark"}`}},
		"of equal priority":         {peers: []Peer{peer("a", on("x.v1.a", "mark", 10)), peer("b", on("x.v1.a", "tell", 10))}, want: map[string]int{"a": 0, "b": 1}, said: map[string]string{"b": `{"by":"main"}`}},
		"one that denies":           {peers: []Peer{peer("a", on("x.v1.a", "deny", 10)), peer("b", on("x.v1.a", "tell", 20))}, want: map[string]int{"a": 0, "b": 0}},
		"one that dies":             {peers: []Peer{peer("a", on("x.v1.a", "die", 10)), peer("b", on("x.v1.a", "tell", 20))}, want: map[string]int{"a": 0, "b": 1}, died: "a"},
		"from one to the next":      {peers: []Peer{peer("a", on("x.v1.a", "tell", 10)), peer("b", on("y.v1.a", "mark", 10))}, want: map[string]int{"a": 1, "b": 0}},
		"two that never stop":       {peers: []Peer{peer("a", on("x.v1.a", "tell", 10)), peer("b", on("y.v1.a", "back", 10))}, want: map[string]int{"a": maxCarried / 2, "b": maxCarried / 2}},
		"to the one that said it":   {peers: []Peer{peer("a", on("y.v1.a", "tell", 10))}, want: map[string]int{"a": 0}},
		"nobody, after all of them": {},
	} {
		t.Run(name, func(t *testing.T) {
			world := host.Options{Publish: []string{"x.v1.a"}}
			if o, err := g.Enter(t.Context(), world, c.peers...); err != nil || o.Error != "" {
				t.Fatal(o, err)
			}
			o, err := g.Call(t.Context(), "say", []byte(`{"by":"main"}`), nil)
			if err != nil || o.Error != "" || len(o.Peers) != len(c.peers) {
				t.Fatalf("%+v %v", o, err)
			}
			for _, p := range o.Peers {
				published := p.Record.Published
				if len(published) != c.want[p.Name] || (p.Error != "") != (p.Name == c.died) || (p.Trap != nil) != (p.Name == c.died) {
					t.Errorf("%s: %d publications, %q", p.Name, len(published), p.Error)
				}
				if want := c.said[p.Name]; want != "" && (len(published) == 0 || string(published[0].Payload) != want) {
					t.Errorf("%s published %v, want %s", p.Name, published, want)
				}
			}
		})
	}
	if o, err := g.Enter(t.Context(), host.Options{}, Peer{Name: "gone", Path: []byte(path + ".gone")}); err != nil || o.Error == "" {
		t.Errorf("a peer without a module: %+v %v", o, err)
	}
}
