package serve

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// TestMain lets the test binary be the guest's child; and at its end no goroutine of a server is left.
func TestMain(m *testing.M) {
	testkit.Handle(builder.Main)
	goleak.VerifyTestMain(m)
}

// shown is a server of a hub that the test writes.
type shown struct {
	*Server
	t     testing.TB
	hub   *hub.Hub
	root  string
	token string
	end   func() // of the watch; called again it does nothing
}

// show serves at address, until the test ends.
func show(t testing.TB, address string) *shown {
	t.Helper()
	h := hub.New()
	root := t.TempDir()
	s, err := Listen(Options{Address: address, Roots: []string{root}, Hub: h})
	if err != nil {
		t.Fatal(err)
	}
	return &shown{Server: s, t: t, hub: h, root: root, token: s.URL[strings.Index(s.URL, "#token=")+len("#token="):]}
}

// serve begins to answer.
func (s *shown) serve() *shown {
	served := make(chan struct{})
	go func() { s.Serve(); close(served) }()
	ended := false
	s.end = func() {
		if ended {
			return
		}
		ended = true
		s.hub.Close()
		s.Close()
		<-served
		http.DefaultClient.CloseIdleConnections()
	}
	s.t.Cleanup(func() { s.end() })
	return s
}

// at is the address of path.
func (s *shown) at(path string) string { return strings.TrimSuffix(s.URL, "/#token="+s.token) + path }

// ask sends a request with the token, changed.
func (s *shown) ask(method, path, body string, change func(*http.Request)) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.at(path), strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	if change != nil {
		change(r)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// body is all of an answer.
func body(t testing.TB, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const (
	hashA = "1f3a9c02d4e5b6a798877665544332211000ffeeddccbbaa9988776655443322"
	hashB = "aa3a9c02d4e5b6a798877665544332211000ffeeddccbbaa9988776655443322"
)

// dir is where the capsule called name is.
func (s *shown) dir(name string) string { return filepath.Join(s.root, name) }

// tell publishes an event about the capsule called name; "": about none.
func (s *shown) tell(name string, body event.Body) {
	e := event.Event{Capsule: name, Body: body}
	if name != "" {
		e.Dir = s.dir(name)
	}
	s.hub.Publish(e)
}

// ready has capsules watched.
func (s *shown) ready(names ...string) {
	var watched []event.Subject
	for _, name := range names {
		watched = append(watched, event.Subject{Capsule: name, Dir: s.dir(name)})
	}
	s.tell("", event.Ready{Capsules: len(names), Watched: watched})
}

// module is what a capsule publishes, of so many bytes.
func module(hash string, size int64) event.Artifact {
	return event.NewArtifact([]event.Component{{ID: "main", Path: "/w/main.wasm", Blob: "/w/blobs/main.wasm", Hash: hash, Size: size, Type: "component"}})
}

// reloads has a capsule built and reloaded.
func (s *shown) reloads(name string, generation int, size int64, buildMS int64) {
	key := event.Basis{Key: hashB, Attempt: generation, Changed: []string{"src/lib.rs"}, ChangedCount: 1}
	s.tell(name, event.BuildStarted{SourceHash: hashA, Reason: "changed", Basis: key})
	hash := []byte(hashA)
	hash[0], hash[1] = "0123456789abcdef"[generation%16], "0123456789abcdef"[generation/16%16]
	s.tell(name, event.Reload{SourceHash: hashA, Basis: key, Generation: generation, Artifact: module(string(hash), size), BuildMS: buildMS, SmokeMS: buildMS/8 + 11, LatencyMS: buildMS + 400})
}

// fails has a build of a capsule fail.
func (s *shown) fails(name string) {
	key := event.Basis{Key: hashB, Attempt: 9, Changed: []string{"src/lib.rs"}, ChangedCount: 1}
	s.tell(name, event.BuildStarted{SourceHash: hashB, Reason: "changed", Basis: key})
	s.tell(name, event.BuildFailed{SourceHash: hashB, Basis: key, Step: "build", ExitCode: 101, LatencyMS: 1900, Tail: "error: could not compile `" + name + "` (lib) due to 2 previous errors\n", Diagnostics: []finding.Finding{
		{Code: "E0308", Severity: finding.Error, File: "src/lib.rs", Line: 42, Column: 17, Message: "mismatched types: expected `String`, found `&str`", Hint: "try using a conversion method: `.to_string()`"},
		{Code: "E0425", Severity: finding.Error, File: "src/tools/search.rs", Line: 7, Column: 9, Message: "cannot find value `limit` in this scope"},
		{Code: "unused_variables", Severity: finding.Warning, File: "src/lib.rs", Line: 12, Column: 9, Message: "unused variable: `query`"},
	}})
}

// copied is the capsule play of builder/tools, which has tools of every kind, in the watched folder.
func (s *shown) copied() {
	s.t.Helper()
	from := filepath.Join(testkit.Root(), "builder", "tools", "testdata", "play")
	if err := os.CopyFS(s.dir("play"), os.DirFS(from)); err != nil {
		s.t.Fatal(err)
	}
}

// The names of twelve capsules, as a workspace has them.
var twelve = []string{"auth", "billing", "chat", "files", "index", "mail", "notes", "play", "search", "summary", "tasks", "weather"}

// workspace has the twelve watched, built a few times, and two of them failed.
func (s *shown) workspace() {
	s.ready(twelve...)
	for i, name := range twelve {
		for round := range 14 {
			s.reloads(name, round+1, int64(180_000+i*41_000+round*round*700-(round%4)*2_900), int64(420+i*130+(round*i*57)%600))
			if round == 6 && i%3 == 0 {
				s.fails(name)
			}
		}
	}
	s.fails("auth")
	s.tell("chat", event.Held{SourceHash: hashA, Message: "its sources changed during three builds in a row, and during one in quiet too; it is built again after an edit", Hint: "ignore = [\"gen/now.rs\"] in Capsule.toml, if it is no source", Files: []string{"gen/now.rs"}})
	s.tell("index", event.Reload{SourceHash: hashA, Generation: 15, Artifact: module(hashB, 512_000), BuildMS: 900, SmokeMS: 120, Findings: []finding.Finding{
		{Code: "kernel-not-component", Severity: finding.Warning, Message: "it is a core module, the kernel takes components only", Hint: "build it with wit-bindgen or an SDK, so that it carries its world"}}})
	s.tell("notes", event.BuildStarted{SourceHash: hashB, Reason: "changed", Basis: event.Basis{Attempt: 15}})
	s.tell("", event.Warning{Code: finding.HookFailed, Message: "the command after reload #2 failed: it ended with exit code 1"})
}
