package calls

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// world is the manifest's, with what the options say beside it.
func (o Options) world(m *capsule.Manifest) (host.Options, error) {
	w := tools.World(m)
	for name, value := range o.EnvFile {
		if slices.ContainsFunc(m.Env, func(e capsule.EnvVar) bool { return e.Name == name }) {
			w.Config[name] = value
		}
	}
	for name, value := range o.Env {
		if !slices.ContainsFunc(m.Env, func(e capsule.EnvVar) bool { return e.Name == name }) {
			return w, usage.Hint(fmt.Errorf("%s has no [env.%s]", paths.Short(m.Path), name), known("declared are ", names(m.Env)))
		}
		w.Config[name] = value
	}
	w.Trace, w.Seed, w.Caller.Principal = o.Trace, o.Seed, o.Caller
	w.AllowNet, w.AllowProcess, w.Approve, w.Answers = o.AllowNet, o.AllowProcess, o.Approve, o.Answers
	w.RecordNet = o.Record
	if o.AllowProcess {
		w.Path = os.Getenv("PATH")
	}
	if !o.Clock.IsZero() {
		w.Clock = o.Clock.UnixMilli()
	}
	return w, errors.Join(o.folder(&w), o.files(&w), o.stored(&w))
}

func names(env []capsule.EnvVar) (list []string) {
	for _, e := range env {
		list = append(list, e.Name)
	}
	return list
}

func (o Options) folder(w *host.Options) error {
	if o.Cwd == "" {
		return nil
	}
	dir, err := filepath.Abs(o.Cwd)
	if err == nil {
		var info os.FileInfo
		if info, err = os.Stat(dir); err == nil && !info.IsDir() {
			err = fmt.Errorf("%s is no folder", paths.Short(dir))
		}
	}
	if err != nil {
		return usage.New(fmt.Errorf("--cwd: %w", err))
	}
	w.Cwd = dir
	return nil
}

func (o Options) files(w *host.Options) error {
	for at, file := range o.Files {
		b, err := os.ReadFile(file)
		if err != nil {
			return usage.New(fmt.Errorf("--file %s: %w", at, err))
		}
		if w.Files == nil {
			w.Files = map[string][]byte{}
		}
		w.Files[at] = b
	}
	return nil
}

// stored reads the file of keys and values; one that is not there yet has none.
func (o Options) stored(w *host.Options) error {
	if o.State == "" {
		return nil
	}
	b, err := os.ReadFile(o.State)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(b, &w.State)
	}
	if err != nil {
		return usage.Hint(fmt.Errorf("--state %s: %w", paths.Short(o.State), err), "remove the file, or name another")
	}
	return nil
}

// keep writes what outlives a call.
func (o Options) keep(a *Answer) error {
	if a.Outcome == nil {
		return nil
	}
	if o.State != "" {
		b, err := json.Marshal(a.Outcome.State)
		if err == nil {
			err = fsys.Replace(o.State, 0o600, func(w io.Writer) error { _, err := w.Write(b); return err })
		}
		if err != nil {
			return usage.New(fmt.Errorf("writing %s: %w", paths.Short(o.State), err))
		}
	}
	if o.Write {
		return o.takeOver(a.Outcome.Record.Files)
	}
	return nil
}

// takeOver makes the folder what the guest made of it. What it names lies below the folder:
// os.Root sees to that.
func (o Options) takeOver(files []host.File) error {
	root, err := os.OpenRoot(o.Cwd)
	if err != nil {
		return usage.New(err)
	}
	defer root.Close()
	for _, gone := range []bool{true, false} { // a folder may stand where a file was
		for _, f := range files {
			path, inside := strings.CutPrefix(f.Path, "cwd://")
			if !inside || f.Gone != gone {
				continue
			}
			if err := takeOne(root, filepath.FromSlash(path), f); err != nil {
				return usage.New(fmt.Errorf("writing %s into %s: %w", path, paths.Short(o.Cwd), err))
			}
		}
	}
	return nil
}

func takeOne(root *os.Root, path string, f host.File) error {
	switch {
	case f.Gone:
		err := root.RemoveAll(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	case f.Folder:
		return root.MkdirAll(path, 0o777)
	}
	return root.WriteFile(path, f.Data, 0o666)
}
