package compile

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

const (
	// tailKept is what a failure carries of a build's output: two screens.
	tailKept = 8 << 10
	// outputKept is what diagnostics are read from. cargo's JSON for a large
	// workspace stays below a megabyte; the newest lines are what matters.
	outputKept = 4 << 20
)

// Build is a build that is about to begin. Do carries it out, once.
type Build struct {
	Manifest  *capsule.Manifest
	Recipe    *toolchain.Recipe
	Work      string        // a folder of its own, below the capsule, with out and tmp in it
	Timeout   time.Duration // of each command
	Grace     time.Duration // between asking a command to end and killing it; 0: proc's default
	Output    io.Writer     // what a person watches
	Say       func(finding.Finding)
	Stale     Stale
	Elsewhere *Elsewhere            // another machine that runs the tool; nil: this one does
	Began     func() (ended func()) // is called when the tool is about to run, and ended when it has

	command *toolchain.Command
	tail    *proc.Tail
	made    Made
}

// Made is what a build has made, as far as it came.
type Made struct {
	Modules  []Module // in the manifest's order
	Findings []finding.Finding
	Took     time.Duration

	Told []string         // the files that the tool said it read, absolute
	Ran  bool             // the tool ended well, so Told is all that it had to tell
	Aged map[string]int64 // products that were made to look old, absolute, with their ctime from then on
}

// Module is a component as it was built, in the build's folder.
type Module struct {
	Component int // index into Manifest.Components
	Path      string
	Twin      string // a copy of it, where one could be made, when it is OnDisk
	Lines     string // the core module that it was made of as its compiler left it, with what tells of its source; "": that tells nothing. A source map lies beside it, with source.MapSuffix
	Found     bool   // it stood at its published path already: the author put it there, no build makes it
	Hash      string
	Size      int64
	onDisk    func() error // waits until it is there
}

// OnDisk waits until all modules are on disk. Before that they can be read, and must not be published.
func (m *Made) OnDisk() (err error) {
	for i := range m.Modules {
		err = cmp.Or(err, m.Modules[i].onDisk())
	}
	return err
}

// DiskError is a refusal of the disk to stage something.
type DiskError struct {
	Dir string // the folder that it is about
	Err error
}

func (e *DiskError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *DiskError) Unwrap() error { return e.Err }

// refused is err as the refusal of the capsule's disk.
func (b *Build) refused(err error) error { return &DiskError{b.Manifest.Dir, err} }

// leftAlone tells that what lies where a command leaves its module is not of this run.
func (b *Build) leftAlone(a toolchain.Artifact) finding.Finding {
	f := finding.Finding{Code: finding.OutputLeftAlone, File: tree.ManifestName,
		Hint: "let the build write its module to $CAPSULE_OUT, or correct output in [package.metadata.astrid-dev]; what lies there can be deleted"}
	f.Line, f.Column = b.Manifest.Position(fmt.Sprintf("component[%d]", a.Component), "file")
	rel, err := filepath.Rel(b.Manifest.Dir, a.Path)
	if err != nil {
		rel = a.Path
	}
	f.Message = fmt.Sprintf("the build ended well and did not write %s: what lies there was made by an earlier one", filepath.ToSlash(rel))
	return f
}

// notRun is why the build command did not run, or not to its end.
func notRun(err error, program string) *finding.Failure {
	f := &finding.Failure{Step: finding.StepToolchain, Findings: []finding.Finding{{Code: finding.BuildCommand, Message: err.Error()}}}
	hint := &f.Findings[0].Hint
	switch {
	case errors.Is(err, proc.ErrDeserted):
		f.Step, f.ExitCode = finding.StepBuild, -1
		*hint = "that happened twice: the machine may have run out of memory, look at its log; r in watch builds again, and so does the next start"
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		*hint = fmt.Sprintf("check that %q is installed, executable and in PATH", program)
	default:
		*hint = "the system refused it: close what uses many files or processes, or raise its limits (ulimit -n, ulimit -u)"
	}
	return f
}

func tookTooLong(what string, timeout time.Duration) finding.Finding {
	return finding.Finding{Code: finding.BuildTimeout, Message: fmt.Sprintf("%s took longer than %s", what, timeout),
		Hint: `raise timeout in [package.metadata.astrid-dev], for example timeout = "30m"`}
}

func (b *Build) nameStrays(strays []proc.Stray) {
	for _, s := range strays {
		b.Say(finding.Finding{Code: finding.StrayProcess, Severity: finding.Warning,
			Message: fmt.Sprintf("the build left a process in a session of its own: %d %s", s.PID, s.Command),
			Hint:    "it is not stopped; if it should not run, end it and keep the build from starting it"})
	}
}

// unfit reports a result that nobody should begin to read.
func unfit(path string) error {
	f, err := fsys.Open(path)
	if ofMachine(err) {
		return &DiskError{filepath.Dir(path), fmt.Errorf("what the build made cannot be read: %w", err)}
	}
	if err != nil {
		return &finding.Failure{Step: finding.StepCollect, Findings: []finding.Finding{{Code: finding.OutputUnreadable, Message: "what the build made cannot be read: " + err.Error(),
			Hint: "let the build write a regular file"}}}
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > smoke.MaxFile {
		return &finding.Failure{Step: finding.StepCollect, Findings: []finding.Finding{{Code: finding.OutputTooLarge,
			Message: fmt.Sprintf("the build made a file of %d MiB; more than %d are never loaded", info.Size()>>20, smoke.MaxFile>>20),
			Hint:    "leave out debug information and embedded data"}}}
	}
	return nil
}

// ofMachine reports whether err is of a disk or of a system that gives no more, and not of
// what lies there.
func ofMachine(err error) bool {
	return slices.ContainsFunc([]error{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ESTALE},
		func(of error) bool { return errors.Is(err, of) })
}

// hashDiffers tells that the manifest declares another hash than the build made.
func (b *Build) hashDiffers(i int, built string) finding.Finding {
	line, column := b.Manifest.Position(fmt.Sprintf("component[%d]", i), "hash")
	return finding.Finding{Code: finding.DeclaredHashDiffers, Severity: finding.Warning, File: tree.ManifestName, Line: line, Column: column,
		Message: fmt.Sprintf("the manifest declares hash %s, the build made %s", b.Manifest.Components[i].Hash, built),
		Hint:    fmt.Sprintf("write hash = %q, or remove the line while you work on the capsule", built)}
}
