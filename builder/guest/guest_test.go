package guest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// The capsules that package tools has for its tests.
const (
	play   = "../tools/testdata/play/play.wasm"
	ticker = "../tools/testdata/ticker/ticker.wasm"
)

// open declares what the tests' capsules publish and hear.
var open = host.Options{
	Publish:   []string{"tool.v1.*", "play.v1.said", "ticker.v1.tick"},
	Subscribe: []host.Subscription{{Pattern: "tool.v1.*"}},
}

func started(t testing.TB, path string, o Options) *Guest {
	t.Helper()
	g, _, err := Start(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

// tool calls one of play's tools.
func tool(t testing.TB, g *Guest, name, arguments string) *Outcome {
	t.Helper()
	payload := fmt.Sprintf(`{"call_id":"1","tool_name":%q,"arguments":%s}`, name, arguments)
	o, err := g.Call(t.Context(), "tool_execute_"+name, []byte(payload), nil)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// content is what a tool answered.
func content(t testing.TB, o *Outcome) string {
	t.Helper()
	for _, p := range o.Record.Published {
		var answer struct{ Result struct{ Content string } }
		if json.Unmarshal(p.Payload, &answer) == nil && answer.Result.Content != "" {
			return answer.Result.Content
		}
	}
	t.Fatalf("there is no result: %+v", o)
	return ""
}

// A guest answers as often as it is asked; what it stores is there in the next call, and
// after an instance that died too.
func TestOneGuestAnswersAgainAndAgain(t *testing.T) {
	g := started(t, play, Options{Host: open})
	for i := range 3 {
		if got := content(t, tool(t, g, "count", "{}")); got != fmt.Sprint(i+1) {
			t.Errorf("call %d counts %s", i+1, got)
		}
	}
	if o := tool(t, g, "panic", "{}"); o.Trap == nil || !strings.Contains(o.Error, "unreachable") || len(o.Record.Logs) != 1 {
		t.Errorf("a panic is %+v", o)
	}
	o := tool(t, g, "count", "{}")
	if got := content(t, o); got != "4" {
		t.Errorf("after a trap it counts %s", got)
	}
	if string(o.State["__state"]) == "" {
		t.Errorf("stored is %q", o.State)
	}
	if _, err := g.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := content(t, tool(t, g, "count", "{}")); got != "5" {
		t.Errorf("a new instance counts %s", got)
	}
}

// A guest that runs without end, or hoards, is ended, and the next call is answered.
func TestLimits(t *testing.T) {
	g := started(t, play, Options{Host: open, Limits: Limits{Wall: 300 * time.Millisecond}})
	if o := tool(t, g, "endless", "{}"); !o.Late || !strings.Contains(o.Error, "not done after 300ms") {
		t.Errorf("an endless call is %+v", o)
	}
	if got := content(t, tool(t, g, "greet", `{"name":"Ada"}`)); got != `"Hello, Ada!"` {
		t.Errorf("then it says %s", got)
	}
	g = started(t, play, Options{Host: open})
	o := tool(t, g, "hoard", "{}")
	if o.Trap == nil || !strings.Contains(o.Error, "64 MiB that the runtime gives") || o.Memory > 64<<20 {
		t.Errorf("a hoarder is %+v", o)
	}
}

// Compiled and interpreted, in two processes, the same calls answer the same.
func TestTheSameEverywhere(t *testing.T) {
	said := func(o Options) string {
		g := started(t, play, o)
		return content(t, tool(t, g, "world", "{}")) + content(t, tool(t, g, "add", `{"numbers":[1,2,3],"factor":0.1}`))
	}
	first := said(Options{Host: open})
	if compiled := said(Options{Host: open, Compile: true}); compiled != first {
		t.Errorf("interpreted %s, compiled %s", first, compiled)
	}
	if again := said(Options{Host: open}); again != first {
		t.Errorf("first %s, then %s", first, again)
	}
}

// The child knows nothing of this machine: no variable, no argument, no clock.
func TestNothingOfTheMachine(t *testing.T) {
	t.Setenv("TOKEN", "s3cret")
	got := content(t, tool(t, started(t, play, Options{Host: open}), "world", "{}"))
	if !strings.Contains(got, "token 0") || !strings.Contains(got, "now 1767225600") {
		t.Errorf("it sees %s", got)
	}
}

// A run loop is brought to where it waits, and answers what is delivered.
func TestRunLoop(t *testing.T) {
	g, o, err := Start(t.Context(), ticker, Options{Host: open})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if !g.RunLoop() || !o.Record.Ready {
		t.Fatalf("begun as %+v", o)
	}
	deliver := func(topic, payload string) *Outcome {
		t.Helper()
		o, err := g.Deliver(t.Context(), host.Message{Topic: topic, Payload: json.RawMessage(payload), Principal: "default"})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	for i := range 3 {
		o := deliver("tool.v1.execute.heard", `{"call_id":"1","arguments":{"add":10}}`)
		if got := content(t, o); got != fmt.Sprint(11+i) || o.Handed != 1 {
			t.Errorf("call %d: %s, handed to %d", i, got, o.Handed)
		}
	}
	if o := deliver("nobody.hears.this", "{}"); o.Handed != 0 || o.Error != "" {
		t.Errorf("%+v", o)
	}
	if o := deliver("tool.v1.execute.stop", "{}"); o.Trap == nil {
		t.Errorf("a loop that died is %+v", o)
	}
	// As after a reload: it has forgotten what it counted.
	if got := content(t, deliver("tool.v1.execute.heard", `{"arguments":{}}`)); got != "1" {
		t.Errorf("after its end it has heard %s", got)
	}
}

// Every function that the tests' capsules import has an answer, and is passed as many core
// values as its type says: the reader counts them as package abi does.
func TestImportsAreAnswered(t *testing.T) {
	seen := 0
	for _, path := range []string{play, ticker, "../tools/testdata/conformance/conformance.wasm"} {
		module, err := os.ReadFile(path)
		testkit.Check(t, err)
		reading, err := read(t.Context(), module, engine.Request(astrid.Newest().Features))
		testkit.Check(t, err)
		w, err := host.New(host.Options{})
		testkit.Check(t, err)
		b := newBridge(w, astrid.Newest(), reading.Plan)
		for i := range reading.Plan.Host {
			f := &reading.Plan.Host[i]
			if f.Op != "lower" {
				continue
			}
			seen++
			s, err := b.bind(nil, f)
			if err != nil {
				t.Error(err)
				continue
			}
			want := s.call.Func.Flat()
			if f.Area != nil {
				want++
			}
			if !f.Spilled && len(f.Params) != want {
				t.Errorf("%s is passed %d core values, want %d", s.name, len(f.Params), want)
			}
		}
	}
	if seen < 80 {
		t.Errorf("only %d functions were seen", seen)
	}
}

// An import that no host has traps when it is called, and says so.
func TestImportsOfOthers(t *testing.T) {
	w, err := host.New(host.Options{})
	testkit.Check(t, err)
	b := newBridge(w, astrid.Newest(), &reader.Plan{})
	for _, f := range []reader.HostFunction{{Module: "wasi:io/poll@0.2.0", Function: "poll"}, {Module: "astrid:kv/host@1.0.0", Function: "absent"}, {Module: "astrid:kv/host@1.0.0", Function: "kv-get"}} {
		if _, err := b.bind(nil, &f); err == nil {
			t.Errorf("%s.%s is answered", f.Module, f.Function)
		}
	}
}

// What cannot be run is said, and is no child that died.
func TestWhatCannotBeRun(t *testing.T) {
	dir := t.TempDir()
	testkit.WriteAll(t, dir, map[string]string{
		"text.wasm": "no module", "core.wasm": string(testkit.Core()), "empty.wasm": "", "component.wasm": string(testkit.Component()),
	})
	for name, want := range map[string]string{"text.wasm": "not valid", "core.wasm": "core module", "empty.wasm": "not valid"} {
		_, _, err := Start(t.Context(), filepath.Join(dir, name), Options{})
		var broken *Error
		if !errors.As(err, &broken) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := Start(t.Context(), filepath.Join(dir, "absent.wasm"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if _, _, err := Start(t.Context(), dir, Options{}); err == nil {
		t.Error("a folder was started")
	}
	if _, _, err := Start(t.Context(), play, Options{Host: host.Options{Cwd: filepath.Join(dir, "absent")}}); err == nil {
		t.Error("a world without its folder was made")
	}
	g := started(t, filepath.Join(dir, "component.wasm"), Options{})
	if o, err := g.Call(t.Context(), "x", nil, nil); err != nil || !strings.Contains(o.Error, "does not export astrid-hook-trigger") {
		t.Errorf("a component without a contract: %+v, %v", o, err)
	}
}

// A call that is cancelled ends, and so does the child.
func TestCancelledCall(t *testing.T) {
	g := started(t, play, Options{Host: open})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := g.Call(ctx, "tool_execute_endless", []byte(`{"call_id":"1","tool_name":"endless","arguments":{}}`), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: %v", err)
	}
	g.Close()
	if _, err := g.Call(t.Context(), "x", nil, nil); err == nil {
		t.Error("a closed guest answered")
	}
}

// babble is a child that answers with what is no answer.
func babble() {
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadString('\n')
		switch {
		case err != nil:
			return
		case strings.Contains(line, "flood"):
			line := bytes.Repeat([]byte("x"), 1<<20)
			for {
				if _, err := os.Stdout.Write(line); err != nil {
					return
				}
			}
		case strings.Contains(line, "another"):
			fmt.Println(`{"id":7}`)
		case strings.Contains(line, "die"):
			os.Exit(3)
		default:
			fmt.Println("nonsense")
		}
	}
}

// Whatever the child does, the parent has an error and ends.
func TestChildThatMisbehaves(t *testing.T) {
	self, err := os.Executable()
	testkit.Check(t, err)
	for word, want := range map[string]string{"nonsense": "no answer", "die": "exit code 3", "flood": "more than fits"} {
		g := start([]string{self, "__babble"}, Limits{Wall: time.Minute}.withDefaults())
		_, err := g.Call(t.Context(), word, nil, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", word, err)
		}
		g.Close()
	}
	g := start([]string{self, "__babble"}, Limits{Wall: time.Minute}.withDefaults())
	defer g.Close()
	if _, err := g.Call(t.Context(), "another", nil, nil); err == nil {
		t.Error("the answer of another request was believed")
	}
}

func BenchmarkStart(b *testing.B) {
	for _, compile := range []bool{false, true} {
		b.Run(fmt.Sprintf("compile=%v", compile), func(b *testing.B) {
			for b.Loop() {
				g, _, err := Start(b.Context(), play, Options{Host: open, Compile: compile})
				if err != nil {
					b.Fatal(err)
				}
				g.Close()
			}
		})
	}
}

// One warm call, and a description of thirteen tools.
func BenchmarkCall(b *testing.B) {
	for _, compile := range []bool{false, true} {
		g := started(b, play, Options{Host: open, Compile: compile})
		b.Run(fmt.Sprintf("greet/compile=%v", compile), func(b *testing.B) {
			for b.Loop() {
				tool(b, g, "greet", `{"name":"Ada"}`)
			}
		})
		b.Run(fmt.Sprintf("describe/compile=%v", compile), func(b *testing.B) {
			for b.Loop() {
				if _, err := g.Call(b.Context(), "tool_describe", []byte("{}"), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A thousand calls, start included.
func BenchmarkThousandCalls(b *testing.B) {
	for _, compile := range []bool{false, true} {
		b.Run(fmt.Sprintf("compile=%v", compile), func(b *testing.B) {
			for b.Loop() {
				g, _, err := Start(b.Context(), play, Options{Host: open, Compile: compile})
				if err != nil {
					b.Fatal(err)
				}
				for range 1000 {
					tool(b, g, "greet", `{"name":"Ada"}`)
				}
				g.Close()
			}
		})
	}
}
