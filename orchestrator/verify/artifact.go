package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify/workspace"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// published compares what was built with the modules that are committed beside
// the manifest, and with the hashes that it declares.
func (r *run) published(ctx context.Context, j *job, staged *builder.Staged) {
	start := time.Now()
	m, err := capsule.Load(r.copies.First.Of(j.dir)) // the original may be another by now
	if err != nil {
		j.pass(report.StepPublishedArtifact, time.Since(start), []finding.Finding{{Code: finding.ManifestUnreadable, File: tree.ManifestName,
			Message: "after the build the manifest cannot be read: " + r.copies.First.Text(err.Error()), Hint: "let the build leave it alone"}})
		return
	}
	var list []finding.Finding
	compared := false
	for i, c := range m.Components {
		for _, built := range staged.Modules {
			if built.File != c.File {
				continue
			}
			fileLine, fileColumn := m.Position(fmt.Sprintf("component[%d]", i), "file")
			found, f := committed(ctx, filepath.Join(j.dir, filepath.FromSlash(c.File)), j.dir, built)
			if compared = compared || found || c.Hash != ""; f != nil {
				f.File, f.Line, f.Column = tree.ManifestName, fileLine, fileColumn
				list = append(list, *f)
			}
			if c.Hash != "" && c.Hash != built.Hash {
				line, column := m.Position(fmt.Sprintf("component[%d]", i), "hash")
				list = append(list, finding.Finding{Code: finding.DeclaredHashDiffers, File: tree.ManifestName, Line: line, Column: column,
					Message: fmt.Sprintf("the manifest declares BLAKE3 %s, the sources build %s", c.Hash, built.Hash),
					Hint:    fmt.Sprintf("write hash = %q", built.Hash)})
			}
		}
	}
	if !compared {
		j.skip(report.StepPublishedArtifact, "no module is committed and no hash is declared")
		return
	}
	j.pass(report.StepPublishedArtifact, time.Since(start), list)
}

// committed compares the file at path. In a git repository only a tracked one
// counts: what an earlier build left there is nobody's claim.
func committed(ctx context.Context, path, dir string, built builder.StagedModule) (found bool, f *finding.Finding) {
	hash, err := tree.HashFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !workspace.Tracked(ctx, path, dir) {
		return false, nil
	}
	if err != nil {
		return true, &finding.Finding{Code: finding.CommittedModuleDiffers, Message: "the committed module cannot be read: " + err.Error(), Hint: "make it readable"}
	}
	if hash == built.Hash {
		return true, nil
	}
	if isPointer(path) {
		return true, &finding.Finding{Code: finding.CommittedModuleDiffers, Message: fmt.Sprintf("%s is a pointer of Git LFS, not the module; the sources build BLAKE3 %s", built.File, built.Hash),
			Hint: "fetch it before verify: git lfs pull, or lfs: true for actions/checkout"}
	}
	return true, &finding.Finding{Code: finding.CommittedModuleDiffers, Message: fmt.Sprintf("%s has BLAKE3 %s, the sources build %s", built.File, hash, built.Hash),
		Hint: "run astrid-dev build and commit the module"}
}

// isPointer reports whether Git LFS left the name of a file's content in its place.
func isPointer(path string) bool {
	is, _ := fsys.Begins(path, "version https://git-lfs.github.com/spec/")
	return is
}
