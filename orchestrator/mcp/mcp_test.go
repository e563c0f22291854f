package mcp

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
	"github.com/astrid-runtime/astrid-dev/orchestrator/session"
)

func TestMain(m *testing.M) {
	testkit.Handle(builder.Main)
	os.Exit(m.Run())
}

const manifest = `[package]
name = "small"
version = "0.1.0"

[[component]]
id = "small"
file = "small.wasm"

[package.metadata.astrid-dev]
build = ["/bin/sh", "-c", "cat source >$CAPSULE_OUT"]
`

// connect is the SDK's own client of a server about dir.
func connect(t *testing.T, dir string) *mcp.ClientSession {
	t.Helper()
	said := func(what string) func(context.Context, string) (string, error) {
		return func(_ context.Context, path string) (string, error) { return what + " " + path, nil }
	}
	server := New(Options{Dir: dir, Version: "1", Status: said("status"), Why: said("why")})
	near, far := mcp.NewInMemoryTransports()
	go func() { _ = server.Run(t.Context(), far) }()
	c, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), near, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// call calls a tool, and is its text.
func call(t *testing.T, c *mcp.ClientSession, tool string, arguments map[string]any) (text string, failed bool) {
	t.Helper()
	r, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range r.Content {
		if p, ok := part.(*mcp.TextContent); ok {
			text += p.Text
		}
	}
	return text, r.IsError
}

// An agent edits, waits, and reads what is wrong.
func TestAnAgentsLoop(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("there is no /bin/sh to build with")
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "source")
	testkit.Write(t, filepath.Join(dir, "Capsule.toml"), manifest)
	testkit.Write(t, source, "\x00asm\x01\x00\x00\x00")
	c := connect(t, dir)
	if text, failed := call(t, c, "wait", nil); !failed || !strings.Contains(text, "nothing watches there") {
		t.Errorf("%t %s", failed, text)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	h := hub.New()
	ready := h.Subscribe(0, hub.Fail(1<<20))
	go func() {
		ended <- session.Watch(ctx, session.WatchOptions{Options: session.Options{Roots: []string{dir}, Hub: h}, Quiet: 50 * time.Millisecond})
	}()
	if err := ready.Wait(t.Context()); err != nil { // its first event comes when it can be asked
		t.Fatal(err)
	}
	if text, failed := call(t, c, "wait", nil); failed || !strings.HasPrefix(text, "sound\nreload     small") {
		t.Errorf("%t %s", failed, text)
	}
	testkit.Write(t, source, "no module")
	text, failed := call(t, c, "wait", map[string]any{"path": "source"})
	if failed || !strings.HasPrefix(text, "1 of 1 failed or held\nfailed     small") || !strings.Contains(text, "smoke-not-wasm") {
		t.Errorf("%t %s", failed, text)
	}
	for uri, wants := range map[string]string{LogURI: `"type":"reload"`, DiagnosticsURI: `"type":"smoke_failed"`} {
		r, err := c.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
		if err != nil || len(r.Contents) != 1 || !strings.Contains(r.Contents[0].Text, wants) {
			t.Errorf("%s: %v %+v", uri, err, r)
		}
	}
	if text, failed := call(t, c, "tools", nil); !failed && !strings.Contains(text, "no tools") {
		t.Errorf("%t %s", failed, text)
	}
	if text, failed := call(t, c, "call", map[string]any{"tool": "greet"}); !failed || text == "" {
		t.Errorf("%t %s", failed, text)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestPathsAndTools(t *testing.T) {
	dir := t.TempDir()
	c := connect(t, dir)
	for tool, path := range map[string]string{"status": "a/b", "why": filepath.Join(dir, "a", "b")} {
		if text, failed := call(t, c, tool, map[string]any{"path": path}); failed || text != tool+" "+filepath.Join(dir, "a", "b") {
			t.Errorf("%s: %t %s", tool, failed, text)
		}
	}
	list, err := c.ListTools(t.Context(), nil)
	if err != nil || len(list.Tools) != 5 {
		t.Fatalf("%v %+v", err, list)
	}
	for _, tool := range list.Tools {
		if tool.Description == "" || len(tool.Description) > 200 {
			t.Errorf("%s: %q", tool.Name, tool.Description)
		}
	}
	if _, err := c.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: LogURI}); err == nil || !strings.Contains(err.Error(), "nothing watches there") {
		t.Error(err)
	}
}
