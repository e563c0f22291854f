package timings

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestABuildIsASliceOfItsCapsulesRow(t *testing.T) {
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		h := hub.New()
		w := New(&out, h)
		say := func(name string, after time.Duration, body event.Body) {
			time.Sleep(after)
			h.Publish(event.Event{Capsule: name, Dir: "/" + name, Body: body})
		}
		say("a", 0, event.BuildStarted{Reason: "first build", Basis: event.Basis{Attempt: 1}})
		say("b", time.Second, event.BuildStarted{Reason: "changed", Basis: event.Basis{Attempt: 1, Changed: []string{"x"}}})
		say("b", time.Second, event.BuildFailed{})
		say("a", time.Second, event.Reload{BuildMS: 2000, SmokeMS: 500})
		say("a", time.Second, event.Unchanged{}) // of no build
		say("c", 0, event.BuildStarted{})
		h.Close() // c runs still
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	var list []slice
	if err := json.Unmarshal(out.Bytes(), &list); err != nil {
		t.Fatalf("%v in %s", err, &out)
	}
	const ms = 1000
	want := []slice{
		{Name: "thread_name", Phase: "M", PID: 1, TID: 1, Args: map[string]any{"name": "b"}},
		{Name: "b #1", Cat: "build_failed", Phase: "X", Time: 1000 * ms, Dur: 1000 * ms, PID: 1, TID: 1, Args: map[string]any{"reason": "changed", "verdict": "build_failed", "changed": []any{"x"}}},
		{Name: "thread_name", Phase: "M", PID: 1, TID: 2, Args: map[string]any{"name": "a"}},
		{Name: "a #1", Cat: "reload", Phase: "X", Dur: 3000 * ms, PID: 1, TID: 2, Args: map[string]any{"reason": "first build", "verdict": "reload"}},
		{Name: "build", Phase: "X", Dur: 2000 * ms, PID: 1, TID: 2},
		{Name: "load", Phase: "X", Time: 2000 * ms, Dur: 500 * ms, PID: 1, TID: 2},
		{Name: "wait", Phase: "X", Time: 2500 * ms, Dur: 500 * ms, PID: 1, TID: 2},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutABuildTheFileIsAnEmptyArray(t *testing.T) {
	var out bytes.Buffer
	h := hub.New()
	w := New(&out, h)
	h.Close()
	if err := w.Close(); err != nil || out.String() != "[]\n" {
		t.Errorf("%v %q", err, &out)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAFullDiskIsTold(t *testing.T) {
	h := hub.New()
	w := New(full{}, h)
	h.Publish(event.Event{Dir: "/a", Body: event.Change{}})
	h.Close()
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Error(err)
	}
}
