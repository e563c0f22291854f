package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/orchestrator/calls"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

const (
	guests   = 2       // modules that are loaded at once, each in a process of its own: what more asks waits
	callSize = 8 << 20 // bytes of one call
)

// About is what a manifest says of a capsule.
type About struct {
	Capsule     string       `json:"capsule"`
	Version     string       `json:"version,omitempty"`
	Description string       `json:"description,omitempty"`
	Publish     []string     `json:"publish"`   // patterns of topics
	Subscribe   []Subscribed `json:"subscribe"` // likewise
}

// Subscribed is one pattern that a capsule is subscribed to.
type Subscribed struct {
	Pattern string `json:"pattern"`
	Handler string `json:"handler,omitempty"` // "": the run loop's
}

// watched is the folder that a request is about, if it is one of a capsule that is watched.
func (s *Server) watched(dir string) *failure {
	snapshot, _ := s.o.Hub.Snapshot().Body.(event.Snapshot)
	if !slices.ContainsFunc(snapshot.Standing, func(c event.Standing) bool { return c.Dir == dir }) {
		return &failure{http.StatusNotFound, fmt.Sprintf("no capsule is watched in %q", dir), ""}
	}
	return nil
}

func (s *Server) about(w http.ResponseWriter, r *http.Request) {
	dir := r.URL.Query().Get("dir")
	if f := s.watched(dir); f != nil {
		f.write(w)
		return
	}
	m, err := capsule.Load(dir)
	if err != nil {
		failed(err).write(w)
		return
	}
	about := About{Capsule: m.Package.Name, Version: m.Package.Version, Description: m.Package.Description, Publish: []string{}, Subscribe: []Subscribed{}}
	for _, t := range m.Publish {
		about.Publish = append(about.Publish, t.Pattern)
	}
	for _, t := range m.Subscribe {
		about.Subscribe = append(about.Subscribe, Subscribed{t.Pattern, t.Handler})
	}
	answer(w, http.StatusOK, about)
}

func (s *Server) tools(w http.ResponseWriter, r *http.Request) {
	s.loaded(w, r, r.URL.Query().Get("dir"), calls.Options{}, func(ctx context.Context, c *calls.Capsule) error {
		list, err := c.Tools(ctx)
		if err != nil {
			return err
		}
		if list == nil {
			list = []tools.Tool{}
		}
		answer(w, http.StatusOK, map[string]any{"tools": list})
		return nil
	})
}

// call is what the page asks for when somebody calls a tool.
type call struct {
	Dir       string          `json:"dir"`
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"`
	Trace     bool            `json:"trace"` // tell each call of the host too
}

// call calls a tool in the world of the manifest, which nothing of this machine is in.
func (s *Server) call(w http.ResponseWriter, r *http.Request) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		(&failure{http.StatusUnsupportedMediaType, "a call is application/json", ""}).write(w)
		return
	}
	c := call{Arguments: json.RawMessage("{}")}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, callSize)).Decode(&c); err != nil {
		(&failure{http.StatusBadRequest, "the call cannot be read: " + err.Error(), ""}).write(w)
		return
	}
	s.loaded(w, r, c.Dir, calls.Options{Trace: c.Trace}, func(ctx context.Context, loaded *calls.Capsule) error {
		a, err := loaded.Call(ctx, c.Tool, calls.Arguments{JSON: c.Arguments})
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		_ = a.JSON(w) // who went away needs no answer
		return nil
	})
}

// loaded does something with the module that stands published in dir. It ends with the request, or with the watch.
func (s *Server) loaded(w http.ResponseWriter, r *http.Request, dir string, o calls.Options, do func(context.Context, *calls.Capsule) error) {
	if f := s.watched(dir); f != nil {
		f.write(w)
		return
	}
	ctx := r.Context() // it ends with the connection, and that with the server
	select {
	case s.guests <- struct{}{}:
		defer func() { <-s.guests }()
	case <-ctx.Done():
		return
	}
	o.Runtime = s.o.Runtime
	c, err := calls.Open(ctx, dir, o)
	if err == nil {
		defer c.Close()
		err = do(ctx, c)
	}
	if err != nil {
		failed(err).write(w)
	}
}
