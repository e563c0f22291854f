package builder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/compile"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// elsewhere is how another machine builds in; nil where this one does.
func (b *Builder) elsewhere(in *Inputs) *compile.Elsewhere {
	if b.options.Machine == nil || in.Quality == Debug || in.Manifest.Dev.TraceReads {
		return nil
	}
	top := in.Top()
	return &compile.Elsewhere{Machine: b.options.Machine, Root: top, Files: filesBelow(top, in), Given: b.options.Env}
}

// filesBelow are the inputs that lie below top, and the packages that were installed there for
// npm, which are inputs by what their list says.
func filesBelow(top string, in *Inputs) []string {
	var list []string
	for _, f := range slices.Concat(in.Sources.Files, in.Others.Files) {
		if path := fsys.Absolute(in.Dir, f.Path); f.Size != tree.Absent && fsys.Inside(top, path) {
			list = append(list, path)
		}
	}
	for _, link := range in.Sources.Links {
		list = append(list, fsys.Absolute(in.Dir, link))
	}
	if wants := in.recipe().Wants; wants != nil {
		for _, path := range wants() {
			if fsys.Inside(top, path) {
				list = append(list, path)
			}
		}
	}
	for _, folder := range fsys.Upward(in.Dir) {
		if modules := filepath.Join(folder, "node_modules"); fsys.Inside(top, modules) && filesOf(modules, &list) {
			break
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// filesOf adds the files and links below folder to list, as far as they can be seen, and reports
// whether the folder is there.
func filesOf(folder string, list *[]string) bool {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return false
	}
	_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && (d.Type().IsRegular() || d.Type()&fs.ModeSymlink != 0) {
			*list = append(*list, path)
		}
		return nil // what is missing there fails there
	})
	return true
}

// notElsewhere is the warning that err, of another machine's build, has become.
func notElsewhere(err error) finding.Finding {
	f := finding.Finding{Code: finding.ElsewhereFailed, Severity: finding.Warning, Message: "what another machine built cannot be used here: " + err.Error(),
		Hint: "it was built here instead; give that machine the same tools, and name in inputs what the build reads"}
	var failure *finding.Failure
	if errors.As(err, &failure) && len(failure.Findings) > 0 {
		if first := failure.Findings[0]; first.Code == finding.ElsewhereFailed {
			f.Message = first.Message
		} else {
			f.Message = "what another machine built cannot be used here: " + strings.TrimSpace(first.Message)
		}
	}
	return f
}
