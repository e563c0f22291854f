// Package mcp is a server of the Model Context Protocol, so that a coding agent can ask a running watch:
// few tools, and the answer in the first line.
package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/astrid-runtime/astrid-dev/orchestrator/ask"
	"github.com/astrid-runtime/astrid-dev/orchestrator/calls"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// waitLimit is how long one call of wait takes at most: clients cut calls at about 45 s.
const waitLimit = 40 * time.Second

// The resources.
const (
	LogURI         = "astrid-dev://log"
	DiagnosticsURI = "astrid-dev://diagnostics"
)

// Options are what a server needs. Status and Why answer in text about a path, absolute.
type Options struct {
	Dir     string // where relative paths begin, absolute
	Version string
	Status  func(ctx context.Context, path string) (string, error)
	Why     func(ctx context.Context, path string) (string, error)
}

// at is what every tool is about.
type at struct {
	Path string `json:"path,omitempty" jsonschema:"a capsule, or a file or folder in it; the current folder when left out"`
}

type waiting struct {
	at
	Since string `json:"since,omitempty" jsonschema:"the token of a wait that had no verdict yet, to go on with it"`
}

type calling struct {
	at
	Tool      string         `json:"tool" jsonschema:"the name of the capsule's tool"`
	Arguments map[string]any `json:"arguments,omitempty" jsonschema:"what it is called with"`
}

// New is a server. Run it with a transport of the SDK.
func New(o Options) *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "astrid-dev", Version: o.Version},
		&mcp.ServerOptions{Instructions: "After an edit of a capsule call wait: it returns the verdict of the running astrid-dev watch on exactly what is on disk."})
	mcp.AddTool(s, &mcp.Tool{Name: "wait", Description: "After an edit: the verdict of the running watch on exactly what is on disk now, with the errors. Call it again with since when it says so."},
		func(ctx context.Context, _ *mcp.CallToolRequest, in waiting) (*mcp.CallToolResult, any, error) {
			return answer(o.wait(ctx, in))
		})
	mcp.AddTool(s, &mcp.Tool{Name: "status", Description: "How each capsule stands, what failed first."},
		func(ctx context.Context, _ *mcp.CallToolRequest, in at) (*mcp.CallToolResult, any, error) {
			return answer(o.Status(ctx, o.path(in)))
		})
	mcp.AddTool(s, &mcp.Tool{Name: "why", Description: "Why a capsule was built last, what differs now, or which rule leaves a file out."},
		func(ctx context.Context, _ *mcp.CallToolRequest, in at) (*mcp.CallToolResult, any, error) {
			return answer(o.Why(ctx, o.path(in)))
		})
	mcp.AddTool(s, &mcp.Tool{Name: "tools", Description: "The tools that a built capsule describes."},
		func(ctx context.Context, _ *mcp.CallToolRequest, in at) (*mcp.CallToolResult, any, error) {
			return answer(o.tools(ctx, in))
		})
	mcp.AddTool(s, &mcp.Tool{Name: "call", Description: "Calls a tool of a built capsule in the sandbox, which nothing of this machine is in, and returns its result."},
		func(ctx context.Context, _ *mcp.CallToolRequest, in calling) (*mcp.CallToolResult, any, error) {
			return answer(o.call(ctx, in))
		})
	s.AddResource(&mcp.Resource{URI: LogURI, Name: "log", MIMEType: "application/x-ndjson", Description: "The newest events of the running watch, one a line."}, o.read(o.log))
	s.AddResource(&mcp.Resource{URI: DiagnosticsURI, Name: "diagnostics", MIMEType: "application/x-ndjson", Description: "The verdicts that stand on capsules which failed or are held, one a line."}, o.read(o.diagnostics))
	return s
}

// path is what a call is about.
func (o *Options) path(in at) string {
	if filepath.IsAbs(in.Path) {
		return filepath.Clean(in.Path)
	}
	return filepath.Join(o.Dir, in.Path)
}

// answer is text as a tool's result. An error is a result too: the agent is to read it.
func answer(text string, err error) (*mcp.CallToolResult, any, error) {
	if err != nil {
		text = strings.TrimSpace(text + "\n" + err.Error())
	}
	return &mcp.CallToolResult{IsError: err != nil, Content: []mcp.Content{&mcp.TextContent{Text: text}}}, nil, nil
}

// wait says the verdict in its first line.
func (o *Options) wait(ctx context.Context, in waiting) (string, error) {
	paths := []string{o.path(in.at)}
	w, err := ask.Find(paths)
	if err != nil {
		return "", nobody(err)
	}
	a, err := w.Wait(ctx, paths, in.Since, waitLimit, nil)
	switch {
	case err != nil:
		return "", err
	case a.TimedOut:
		return "not done yet: call wait again with since = " + a.Token, nil
	case len(a.Capsules) == 0:
		return "", errors.New("there is no capsule")
	}
	var bad, good strings.Builder
	failed := 0
	for _, v := range a.Capsules {
		to := &good
		if v.State != event.Good {
			to = &bad
			failed++
		}
		if e, err := event.Parse(v.Event); err == nil {
			to.WriteString(console.Text(e, o.Dir))
		}
	}
	first := "sound\n"
	if failed > 0 {
		first = fmt.Sprintf("%d of %d failed or held\n", failed, len(a.Capsules))
	}
	return first + bad.String() + good.String(), nil
}

func nobody(err error) error {
	if errors.Is(err, ask.ErrNobody) {
		return errors.New("nothing watches there: start astrid-dev watch")
	}
	return err
}

func (o *Options) tools(ctx context.Context, in at) (string, error) {
	c, err := calls.Open(ctx, o.path(in), calls.Options{})
	if err != nil {
		return "", err
	}
	defer c.Close()
	list, err := c.Tools(ctx)
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "the capsule describes no tools", nil
	}
	var out bytes.Buffer
	err = calls.TableText(&out, list)
	return out.String(), err
}

func (o *Options) call(ctx context.Context, in calling) (string, error) {
	arguments, err := json.Marshal(in.Arguments)
	if err != nil {
		return "", err
	}
	if in.Arguments == nil {
		arguments = []byte("{}")
	}
	c, err := calls.Open(ctx, o.path(in.at), calls.Options{})
	if err != nil {
		return "", err
	}
	defer c.Close()
	a, err := c.Call(ctx, in.Tool, calls.Arguments{JSON: arguments})
	if err != nil {
		return "", err
	}
	var result, story bytes.Buffer
	if err := a.Text(&result, &story, false); err != nil {
		return "", err
	}
	if a.Fault != "" {
		return result.String() + story.String(), errors.New(a.Fault)
	}
	if a.Failed() {
		return result.String() + story.String(), errors.New("the tool says that it failed")
	}
	return result.String() + story.String(), nil
}

// read is a resource whose text is made when it is asked for.
func (o *Options) read(text func(ctx context.Context) (string, error)) mcp.ResourceHandler {
	return func(ctx context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		t, err := text(ctx)
		if err != nil {
			return nil, nobody(err)
		}
		return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: r.Params.URI, MIMEType: "application/x-ndjson", Text: t}}}, nil
	}
}

// logKept is how many events the resource shows.
const logKept = 100

// log are the newest events: what the watch keeps, up to the one that is the newest now.
func (o *Options) log(ctx context.Context) (string, error) {
	w, err := ask.Find([]string{o.Dir})
	if err != nil {
		return "", err
	}
	lines, err := w.Kept(ctx)
	return strings.Join(lines[max(0, len(lines)-logKept):], ""), err
}

func (o *Options) diagnostics(ctx context.Context) (string, error) {
	w, err := ask.Find([]string{o.Dir})
	if err != nil {
		return "", err
	}
	list, err := w.Verdicts(ctx)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, v := range list {
		if v.State != event.Good && v.Event != nil {
			out.Write(v.Event)
			out.WriteByte('\n')
		}
	}
	return out.String(), nil
}
