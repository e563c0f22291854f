package toolchain

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// collect finds each component's module: one that the toolchain named in
// built, or in the places where a command may have left it.
func (w *work) collect(built map[int]string) ([]Artifact, error) {
	var list []Artifact
	var open []int
	for i := range w.Manifest.Components {
		found := built[i]
		if found == "" {
			found = w.written(i)
		}
		if found == "" {
			open = append(open, i)
			continue
		}
		list = append(list, Artifact{i, found})
	}
	var problems []finding.Finding
	for _, i := range open {
		published := w.published(i)
		info, err := os.Stat(published)
		switch {
		case err == nil && !sameFile(w.stood[i], info):
			problems = append(problems, w.wrotePublished(i))
		case err == nil && info.Mode().IsRegular() && len(w.Manifest.Components) > 1 && len(list) > 0:
			list = append(list, Artifact{i, published}) // not this build's affair: it is found as it stands
		default:
			problems = append(problems, w.notWritten(i))
		}
	}
	if len(problems) > 0 {
		return nil, collectProblem(problems...)
	}
	slices.SortFunc(list, func(a, b Artifact) int { return a.Component - b.Component })
	return list, nil
}

// standing looks at what stands at every component's published path before the
// build; nil is nothing.
func (w *work) standing() (stood []os.FileInfo) {
	for i := range w.Manifest.Components {
		info, err := os.Stat(w.published(i))
		if err != nil {
			info = nil
		}
		stood = append(stood, info)
	}
	return stood
}

// published is where the module of component i is to stand.
func (j *job) published(i int) string {
	return filepath.Join(j.dir, filepath.FromSlash(j.Manifest.Components[i].File))
}

// sameFile reports whether nobody wrote or replaced a file between two looks at it.
func sameFile(a, b os.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// written returns where a command left component i, "" for nowhere.
func (w *work) written(i int) string {
	for _, place := range w.places(i) {
		if isFile(place) {
			return place
		}
	}
	return ""
}

// places lists where the module of component i may be: the staging folder, and
// its output below the capsule.
func (w *work) places(i int) []string {
	base := path.Base(w.Manifest.Components[i].File)
	list := []string{filepath.Join(w.out, base), filepath.Join(w.out, strings.TrimSuffix(base, ".wasm"))}
	if output := w.output(i); output != "" {
		list = append(list, output)
	}
	return list
}

// output is where below the capsule a command may leave the module of component
// i: the path that `output` names, or else dist; "" when that is the published path.
func (j *job) output(i int) string {
	c := j.Manifest.Components[i]
	output := c.Output
	if output == "" {
		output = "dist/" + path.Base(c.File)
	}
	if path.Clean(output) == path.Clean(c.File) {
		return ""
	}
	return filepath.Join(j.dir, filepath.FromSlash(output))
}

// outputs are those of all components.
func (j *job) outputs() (list []string) {
	for i := range j.Manifest.Components {
		if output := j.output(i); output != "" {
			list = append(list, output)
		}
	}
	return list
}

func (j *job) wrotePublished(i int) finding.Finding {
	c := j.Manifest.Components[i]
	line, column := j.Manifest.Position(fmt.Sprintf("component[%d]", i), "file")
	return finding.Finding{Code: finding.BuildWrotePublished, File: tree.ManifestName, Line: line, Column: column,
		Message: fmt.Sprintf("the build wrote %s itself, where only a module that was loaded and found sound may stand", c.File),
		Hint:    "let it write to $CAPSULE_OUT, or to another path that output in [package.metadata.astrid-dev] names: output = \"dist/" + path.Base(c.File) + "\""}
}

func (w *work) notWritten(i int) finding.Finding {
	c := w.Manifest.Components[i]
	line, column := w.Manifest.Position(fmt.Sprintf("component[%d]", i), "file")
	where := "$CAPSULE_OUT"
	if len(w.Manifest.Components) > 1 {
		where = "$CAPSULE_OUT_DIR/" + path.Base(c.File)
	}
	places := w.places(i)
	for _, place := range places {
		info, err := os.Stat(place)
		switch {
		case err == nil && info.Mode().IsRegular():
			err = fmt.Errorf("%s could not be seen a moment ago", place)
		case err == nil || errors.Is(err, fs.ErrNotExist) || fsys.Swapped(err):
			continue
		}
		return finding.Finding{Code: finding.StageFailed, Message: "whether the build left a module cannot be told: " + err.Error(), Hint: "see that the folder can be read and its disk is sound, and build again"}
	}
	last := places[len(places)-1]
	if rel, err := filepath.Rel(w.dir, last); err == nil && fsys.Inside(w.dir, last) && !fsys.Inside(w.out, last) {
		where += " nor " + filepath.ToSlash(rel)
	}
	return finding.Finding{Code: finding.OutputMissing, File: tree.ManifestName, Line: line, Column: column,
		Message: fmt.Sprintf("the build ended well but left no module for %s: neither %s is there", c.File, where),
		Hint:    `write the module to $CAPSULE_OUT, or say where the build leaves it: output = "path/to/module.wasm" in [package.metadata.astrid-dev]`}
}

// fixed is the command of a tool that is told by the environment where to write.
func fixed(argv ...string) func(string) []string {
	return func(string) []string { return slices.Clone(argv) }
}
