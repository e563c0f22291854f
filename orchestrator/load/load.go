// Package load loads modules in the sandbox, without building.
package load

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// Options say how. The zero value loads as the capsule's manifest says.
type Options struct {
	Calls     []string      // actions that astrid-hook-trigger is called with, beside the manifest's
	Payload   []byte        // of these calls
	Wall      time.Duration // of a whole load; 0: the manifest's, or 10 s
	Runtime   []string      // the releases of the runtime that must take each module
	Describe  bool          // ask the capsule's first module for its tools, and hold them against the manifest
	Installed string        // the one that judges when neither Runtime nor the manifest names any
}

// Module is one module and what was found, as --format json writes it.
type Module struct {
	File   string        `json:"file"` // absolute
	Report *smoke.Report `json:"report"`
}

// All loads the modules in files, which are those of the capsule of manifest; nil: of none. It
// tells of each as soon as it is known. The error is tell's, ctx's or a *usage.Error.
func All(ctx context.Context, files []string, manifest *capsule.Manifest, o Options, tell func(Module) error) error {
	var options smoke.Options
	if manifest != nil {
		options = builder.SmokeOptions(manifest)
	}
	if o.Wall > 0 {
		options.Limits.Wall = o.Wall
	}
	for _, action := range o.Calls {
		options.Calls = append(options.Calls, smoke.Call{Action: action, Payload: o.Payload})
	}
	judges := builder.Options{Runtime: o.Runtime, Installed: o.Installed}
	judge, releases := builder.New(judges), judges.Releases(manifest)
	for i, file := range files {
		if manifest != nil {
			options.Lines = builder.PublishedLines(manifest, file)
		}
		report, err := smoke.OnAll(options, releases, func(o smoke.Options) (*smoke.Report, error) { return smoke.LoadFile(ctx, file, o) })
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return usage.New(fmt.Errorf("loading %s: %w", paths.Short(file), err))
		}
		if o.Describe && manifest != nil && i == 0 {
			if err := judge.Inspect(ctx, manifest, file, report); err != nil {
				return usage.New(fmt.Errorf("asking %s for its tools: %w", paths.Short(file), err))
			}
		}
		if err := tell(Module{file, report}); err != nil {
			return err
		}
	}
	return nil
}

// Sound reports whether the module loads, and where that is asked for is ready for the kernel.
func (m Module) Sound(ready bool) bool {
	return m.Report.Loads && (m.Report.KernelReady || !ready)
}

// Wired reports whether nothing is wrong with the tools that the module describes.
func (m Module) Wired() bool { return len(m.Report.ToolFindings) == 0 }

// JSON writes m for programs, in one line.
func (m Module) JSON(w io.Writer) error { return json.NewEncoder(w).Encode(m) }

// Text writes m for a person.
func (m Module) Text(w io.Writer) error {
	if _, err := fmt.Fprintln(w, paths.Short(m.File)); err != nil {
		return err
	}
	return m.Report.WriteText(w)
}
