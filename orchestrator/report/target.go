package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Format is a way of writing a report to a file.
type Format int

const (
	FormatJSON     Format = iota // this tool's own, see schema.json
	FormatJUnit                  // test results as CI systems show them
	FormatSARIF                  // findings as code scanning and editors show them
	FormatMarkdown               // a page for people
)

var formats = [...]string{"json", "junit", "sarif", "markdown"}

func (f Format) String() string { return name(formats[:], int(f), "format") }

// ErrTarget is in every error that ParseTarget and ParseTargets return: the flag
// cannot be used as it was given.
var ErrTarget = errors.New("a report is given as FORMAT=FILE")

// Target is a file that a report is written to.
type Target struct {
	Format Format
	Path   string // as it was given
}

func (t Target) String() string { return t.Format.String() + "=" + t.Path }

// ParseTarget reads FORMAT=FILE, FORMAT being json, junit, sarif or markdown. It does
// not look at the disk.
func ParseTarget(s string) (Target, error) {
	word, path, found := strings.Cut(s, "=")
	if !found {
		return Target{}, fmt.Errorf("reading the report %q: %w, as in json=report.json", s, ErrTarget)
	}
	format, err := unmarshal(formats[:], []byte(word), "format")
	switch {
	case err != nil:
		return Target{}, fmt.Errorf("reading the report %q: %w; FORMAT is one of %s", s, ErrTarget, strings.Join(formats[:], ", "))
	case path == "":
		return Target{}, fmt.Errorf("reading the report %q: %w, and the file is missing after the \"=\"", s, ErrTarget)
	case path == "-":
		return Target{}, fmt.Errorf("reading the report %q: %w; standard output takes --format json only", s, ErrTarget)
	case strings.HasSuffix(path, "/") || strings.HasSuffix(path, string(filepath.Separator)):
		return Target{}, fmt.Errorf("reading the report %q: %w, and %q is a folder", s, ErrTarget, path)
	case strings.ContainsRune(path, 0):
		return Target{}, fmt.Errorf("reading the report %q: %w, and a file's name has no NUL", s, ErrTarget)
	}
	return Target{Format(format), path}, nil
}

// ParseTargets reads several and refuses two that would write the same file, also
// where one names it through a symbolic link.
func ParseTargets(list []string) ([]Target, error) {
	var targets []Target
	taken := map[string]Target{}
	for _, s := range list {
		t, err := ParseTarget(s)
		if err != nil {
			return nil, err
		}
		path, err := resolved(t.Path)
		if err != nil {
			return nil, fmt.Errorf("reading the report %q: %w", s, err)
		}
		if other, ok := taken[path]; ok {
			return nil, fmt.Errorf("reading the report %q: %w, and %q writes the same file", s, ErrTarget, other)
		}
		taken[path] = t
		targets = append(targets, t)
	}
	return targets, nil
}

// resolved is path without symbolic links as far as it exists.
func resolved(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rest := ""
	for dir := path; ; dir = filepath.Dir(dir) {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, rest), nil
		}
		if filepath.Dir(dir) == dir {
			return path, nil
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
}

// Write writes r to w in the given format.
func Write(w io.Writer, format Format, r Report) error {
	switch format {
	case FormatJSON:
		return JSON(w, r)
	case FormatJUnit:
		return JUnit(w, r)
	case FormatSARIF:
		return SARIF(w, r)
	case FormatMarkdown:
		return Markdown(w, r)
	}
	return fmt.Errorf("writing a report: %d is no format", int(format))
}

// Probe fails when a target cannot be written, so that a long run is not begun for
// nothing. It makes missing parent folders, and changes no file.
func Probe(targets []Target) error {
	var errs []error
	for _, t := range targets {
		if err := probe(t.Path); err != nil {
			errs = append(errs, fmt.Errorf("the %s report cannot be written to %q: %w", t.Format, t.Path, err))
		}
	}
	return errors.Join(errs...)
}

func probe(path string) error {
	path, _, device, err := place(path)
	if err != nil || device {
		return err // opening a named pipe would wait for its reader
	}
	temp, err := fsys.Beside(path)
	if err != nil {
		return err
	}
	return errors.Join(temp.Close(), os.Remove(temp.Name()))
}

// WriteFiles writes r to every target. One that fails does not stop the others; the
// error names all that failed.
func WriteFiles(targets []Target, r Report) error {
	var errs []error
	for _, t := range targets {
		errs = append(errs, WriteFile(t.Path, t.Format, r))
	}
	return errors.Join(errs...)
}

// WriteFile writes r to path whole or not at all: into a new file beside it, synced,
// then renamed. Missing parent folders are made, because a pipeline names folders
// that nothing has made yet. A symbolic link is followed; a device or a named pipe
// is written as it is. The file gets the mode of the one it replaces, else 0644.
func WriteFile(path string, format Format, r Report) error {
	if err := writeFile(path, format, r); err != nil {
		return fmt.Errorf("writing the %s report to %q: %w", format, path, err)
	}
	return nil
}

func writeFile(path string, format Format, r Report) error {
	path, mode, device, err := place(path)
	if err != nil {
		return err
	}
	if device {
		return writeTo(path, format, r, readerPatience)
	}
	return fsys.Replace(path, mode, func(w io.Writer) error { return Write(w, format, r) })
}

// place is where a report goes: the real path, and the mode that its file shall
// have. device is a file that is there, is none to be replaced and must be written as it is.
func place(path string) (real string, mode os.FileMode, device bool, err error) {
	if real, err = resolved(path); err != nil {
		return "", 0, false, err
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		return real, 0o644, false, nil // making it will say why not
	case info.IsDir():
		return "", 0, false, errors.New("it is a folder")
	}
	return real, info.Mode().Perm(), !info.Mode().IsRegular(), nil
}

// writeTo writes to a device or a named pipe as it is.
func writeTo(path string, format Format, r Report, patience time.Duration) error {
	f, err := openSpecial(path, patience)
	if err != nil {
		return err
	}
	return errors.Join(Write(patiently{f, patience}, format, r), f.Close())
}
