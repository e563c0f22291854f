package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// calls calls a tool of play.
func (s *shown) calls(tool, arguments string) (int, map[string]any) {
	s.t.Helper()
	answer := s.ask("POST", "/api/call", fmt.Sprintf(`{"dir":%q,"tool":%q,"arguments":%s}`, s.dir("play"), tool, arguments), isJSON)
	var said map[string]any
	if text := body(s.t, answer); json.Unmarshal([]byte(text), &said) != nil {
		s.t.Fatalf("%s %s: %s", tool, arguments, text)
	}
	return answer.StatusCode, said
}

func isJSON(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") }

// A capsule's manifest, its tools, and calls of them, as the page asks.
func TestCapsule(t *testing.T) {
	s := show(t, "").serve()
	s.copied()
	s.ready("play", "elsewhere")
	var about About
	testkit.Check(t, json.Unmarshal([]byte(body(t, s.ask("GET", "/api/capsule?dir="+s.dir("play"), "", nil))), &about))
	if about.Capsule != "play" || about.Version != "0.1.0" || len(about.Publish) != 3 || about.Subscribe[1].Handler != "tool_execute_greet" {
		t.Errorf("%+v", about)
	}
	var list struct {
		Tools []struct {
			Name   string
			Schema map[string]any `json:"input_schema"`
		}
	}
	testkit.Check(t, json.Unmarshal([]byte(body(t, s.ask("GET", "/api/tools?dir="+s.dir("play"), "", nil))), &list))
	if len(list.Tools) != 15 || list.Tools[0].Name != "greet" || list.Tools[0].Schema["type"] != "object" {
		t.Errorf("%+v", list)
	}
	status, said := s.calls("greet", `{"name":"Ada"}`)
	if status != 200 || said["value"] != "Hello, Ada!" || said["failed"] != false {
		t.Errorf("%d %v", status, said)
	}
	status, said = s.calls("say", `{"text":"x"}`)
	if published, _ := json.Marshal(said["published"]); status != 200 || !strings.Contains(string(published), "play.v1.said") || len(said["lacked"].([]any)) == 0 {
		t.Errorf("%d %v", status, said)
	}
	if status, said = s.calls("wrong", `{}`); status != 200 || said["failed"] != true {
		t.Errorf("%d %v", status, said)
	}
	if status, said = s.calls("panic", `{}`); status != 200 || said["fault"] == nil || said["trap"] == nil {
		t.Errorf("%d %v", status, said)
	}
}

// A wrong call is told what is wrong with it, and how it would be right.
func TestWrongCalls(t *testing.T) {
	testkit.Long(t)
	s := show(t, "").serve()
	s.copied()
	s.ready("play", "elsewhere")
	for _, c := range []struct {
		tool, arguments string
		status          int
		says            string
	}{
		{"great", `{}`, 400, "did you mean greet?"},
		{"greet", `{}`, 400, "missing property 'name'"},
		{"greet", `{"name":3}`, 400, "at /name: got number, want string"},
		{"greet", `[]`, 400, "no JSON object"},
	} {
		status, said := s.calls(c.tool, c.arguments)
		if text := fmt.Sprint(said["error"], said["hint"]); status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%+v: %d %s", c, status, text)
		}
	}
	for name, c := range map[string]struct {
		path, body string
		status     int
	}{
		"a folder that nobody watches": {"/api/call", `{"dir":"/","tool":"x"}`, 404},
		"no folder":                    {"/api/call", `{}`, 404},
		"one above":                    {"/api/call", fmt.Sprintf(`{"dir":%q,"tool":"greet"}`, s.dir("play/../play")+"/."), 404},
		"no JSON":                      {"/api/call", `{`, 400},
		"too much":                     {"/api/call", `{"arguments":"` + strings.Repeat("x", callSize) + `"}`, 400},
		"no module":                    {"/api/call", fmt.Sprintf(`{"dir":%q,"tool":"greet"}`, s.dir("elsewhere")), 400},
	} {
		answer := s.ask("POST", c.path, c.body, isJSON)
		if text := body(t, answer); answer.StatusCode != c.status || !strings.Contains(text, `"error"`) {
			t.Errorf("%s: %d %s", name, answer.StatusCode, text)
		}
	}
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded"} { // what a form elsewhere can send
		answer := s.ask("POST", "/api/call", `{}`, func(r *http.Request) { r.Header.Set("Content-Type", kind) })
		if answer.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("%q: %d", kind, answer.StatusCode)
		}
	}
	for _, path := range []string{"/api/capsule?dir=/", "/api/capsule", "/api/tools?dir=..", "/api/tools?dir=/etc"} {
		if answer := s.ask("GET", path, "", nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, answer.StatusCode)
		}
	}
}

// A call that never ends ends with the watch, and with whoever called.
func TestACallEndsWithTheWatch(t *testing.T) {
	s := show(t, "").serve()
	s.copied()
	s.ready("play")
	running := func(n int) { testkit.Wait(t, "guests", func() bool { return len(s.guests) == n }) }
	answered := make(chan int, 1)
	go func() {
		r, err := http.NewRequest("POST", s.at("/api/call"), strings.NewReader(fmt.Sprintf(`{"dir":%q,"tool":"endless"}`, s.dir("play"))))
		if err != nil {
			panic(err)
		}
		isJSON(r)
		r.Header.Set("Authorization", "Bearer "+s.token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			answered <- 0
			return
		}
		answer.Body.Close()
		answered <- answer.StatusCode
	}()
	running(1)
	s.end()
	if status := <-answered; status == http.StatusOK {
		t.Error("a call that never ends was answered")
	}
	running(0)
}
