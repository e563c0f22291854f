package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// copyRepository gives a copy, at to, a repository of its own, so that what git tracks and
// ignores is the same there and `git describe` works in a build: HEAD, index,
// refs and excludes are copied, the objects are borrowed from the original.
// Nothing in it leads a command of a build to write into the original's, and of
// the configuration only what says how the repository is stored is kept: remotes may hold
// credentials, and hooks and monitors are not the copy's.
func copyRepository(to, path string) error {
	dir, common, ok := gitFolders(path)
	if !ok {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(to, "objects", "info"), 0o755); err != nil {
		return err
	}
	errs := []error{
		copyInto(filepath.Join(to, "HEAD"), filepath.Join(dir, "HEAD")),
		copyInto(filepath.Join(to, "index"), filepath.Join(dir, "index")),
		copyInto(filepath.Join(to, "packed-refs"), filepath.Join(common, "packed-refs")),
		copyInto(filepath.Join(to, "shallow"), filepath.Join(common, "shallow")),
		copyInto(filepath.Join(to, "info", "exclude"), filepath.Join(common, "info", "exclude")),
		copyFolder(filepath.Join(to, "refs"), filepath.Join(common, "refs")),
		copyFolder(filepath.Join(to, "reftable"), filepath.Join(common, "reftable")),
		os.WriteFile(filepath.Join(to, "objects", "info", "alternates"), []byte(filepath.Join(common, "objects")+"\n"), 0o644),
		writeConfig(filepath.Join(to, "config"), filepath.Join(common, "config")),
	}
	if shared, err := filepath.Glob(filepath.Join(fsys.EscapeGlob(dir), "sharedindex.*")); err == nil {
		for _, file := range shared {
			errs = append(errs, copyInto(filepath.Join(to, filepath.Base(file)), file))
		}
	}
	return errors.Join(errs...)
}

// gitFile is the largest file of git's that is read whole. The index of a repository with
// a million files has a hundred megabytes.
const gitFile = 1 << 30

// gitFolders are the git dir that path (a folder, or the file of a worktree or
// submodule) stands for, and the one that it shares with others.
func gitFolders(path string) (dir, common string, ok bool) {
	dir = path
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		data, _ := fsys.Read(path, gitFile)
		target, found := strings.CutPrefix(strings.TrimSpace(string(data)), "gitdir:")
		if !found {
			return "", "", false
		}
		dir = fsys.Absolute(filepath.Dir(path), strings.TrimSpace(target))
	}
	common = dir
	if data, err := fsys.Read(filepath.Join(dir, "commondir"), gitFile); err == nil {
		common = fsys.Absolute(dir, strings.TrimSpace(string(data)))
	}
	return dir, common, Exists(filepath.Join(dir, "HEAD"))
}

// copyInto copies a small file; one that is not there, or is no file, is not there in the copy.
func copyInto(to, from string) error {
	data, err := fsys.Read(from, gitFile)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || !isRegular(from) {
		return nil
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, data, 0o644)
	}
	return err
}

// isRegular follows links, as git does.
func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func copyFolder(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
				return nil // a repository without it, or a ref that was deleted meanwhile
			}
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		return copyInto(filepath.Join(to, rel), path)
	})
}

// kept are the keys of a git configuration that say how the repository is stored.
var kept = regexp.MustCompile(`(?i)^\s*(repositoryformatversion|objectformat|refstorage|ignorecase|precomposeunicode|filemode|symlinks|autocrlf|eol)\s*=`)

var gitSection = regexp.MustCompile(`^\s*\[([^\]]*)\]`)

func writeConfig(to, from string) error {
	data, err := fsys.Read(from, gitFile)
	if err != nil {
		data = nil // git then takes its defaults
	}
	var b strings.Builder
	section := ""
	for line := range strings.Lines(string(data)) {
		if m := gitSection.FindStringSubmatch(line); m != nil {
			section = strings.ToLower(strings.TrimSpace(m[1]))
			if section == "core" || section == "extensions" {
				b.WriteString("[" + section + "]\n")
			}
			continue
		}
		if (section == "core" || section == "extensions") && kept.MatchString(line) {
			b.WriteString(line)
		}
	}
	return os.WriteFile(to, []byte(b.String()), 0o644)
}
