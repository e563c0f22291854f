package compile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Elsewhere says how a build's command runs on another machine.
type Elsewhere struct {
	Machine shared.Machine
	Root    string   // the folder of which that machine gets Files, absolute
	Files   []string // what the command reads, as far as it lies below Root, absolute
	Given   []string // the environment that the command was asked for with, before the recipe's part
}

// there is where a build works on the other machine, below the capsule: the same for all builds,
// so that the server knows equal ones.
const there = "target/astrid-dev/work/there"

// runElsewhere runs the command on the other machine. Its error, a *finding.Failure, says nothing of
// the capsule: tools may be missing there.
func (b *Build) runElsewhere(ctx context.Context, stdout, stderr io.Writer) (proc.Result, error) {
	ran, err := b.Elsewhere.Machine.Run(ctx, b.work())
	if ctx.Err() != nil {
		return proc.Result{}, ctx.Err()
	}
	note := filepath.Join(b.Work, "out", rootNote)
	said, unsaid := fsys.Read(note, 64<<10)
	action, root, _ := strings.Cut(string(said), "\n")
	switch {
	case err == nil && ran.ExitCode != 0:
		err = fmt.Errorf("the command ended with %d%s", ran.ExitCode, lastLine(ran.Stderr, ran.Stdout))
	case err == nil && unsaid != nil:
		err = errors.New("it did not say where it worked")
	case err == nil && action != ran.Action:
		err = errors.New("the server answered with what another command made")
	}
	for _, one := range []struct {
		to   io.Writer
		said []byte
	}{{stderr, ran.Stderr}, {stdout, ran.Stdout}} {
		if _, err := one.to.Write(b.local(root, one.said)); err != nil {
			return proc.Result{}, err
		}
	}
	if err != nil {
		return proc.Result{}, &finding.Failure{Step: finding.StepBuild, ExitCode: ran.ExitCode, Tail: string(b.tail.Bytes()), Findings: []finding.Finding{{Code: finding.ElsewhereFailed,
			Message: "another machine did not build this capsule: " + reason(err), Hint: "give that machine the same tools, and name in inputs what the build reads; without --execute-only it is built here then"}}}
	}
	return proc.Result{}, os.Remove(note)
}

// reason is err without what is plain from the sentence that it stands in.
func reason(err error) string {
	return strings.TrimPrefix(err.Error(), shared.ErrNoMachine.Error()+": ")
}

// lastLine is the last line of the first of outputs that has one.
func lastLine(outputs ...[]byte) string {
	for _, o := range outputs {
		if lines := strings.Split(strings.TrimSpace(string(o)), "\n"); lines[len(lines)-1] != "" {
			return ": " + lines[len(lines)-1]
		}
	}
	return ""
}

// rootNote is the file among the outputs in which the other machine says which action this is,
// and where it worked.
const rootNote = ".root"

// work is the build's command for a machine that has another root.
func (b *Build) work() shared.Work {
	w := shared.Work{Root: b.Elsewhere.Root, Dir: b.Manifest.Dir, Files: b.Elsewhere.Files, Timeout: b.Timeout}
	up, err := filepath.Rel(w.Dir, w.Root)
	if err != nil {
		up = "."
	}
	var script strings.Builder
	fmt.Fprintf(&script, "R=$(cd %s && pwd -P) && mkdir -p %s/out %s/tmp && printf '%%s\\n%%s' \"$%s\" \"$R\" >%s/out/%s || exit 125\nunset %s\n", quote(filepath.ToSlash(up)), there, there, shared.Action, there, rootNote, shared.Action)
	for _, v := range b.sent() {
		name, value, _ := strings.Cut(v, "=")
		if moved := b.moved(value); moved != quote(value) {
			fmt.Fprintf(&script, "export %s=%s\n", name, moved)
		} else {
			w.Env = append(w.Env, v)
		}
	}
	script.WriteString("exec")
	for i, arg := range b.command.Argv {
		if i == 0 && !fsys.Inside(w.Root, arg) {
			arg = filepath.Base(arg) // where it lies here says nothing of where it lies there
		}
		script.WriteString(" " + b.moved(arg))
	}
	w.Argv = []string{"sh", "-c", script.String()}
	w.Outputs = []shared.Output{{There: path.Join(there, "out"), Here: filepath.Join(b.Work, "out")}}
	for _, output := range slices.Concat(b.Recipe.Outputs, b.Recipe.Products) {
		if rel, err := filepath.Rel(w.Dir, output); err == nil && fsys.Inside(w.Root, output) {
			w.Outputs = append(w.Outputs, shared.Output{There: filepath.ToSlash(rel), Here: output})
		}
	}
	return w
}

// sent is the part of the command's environment that another machine gets: what the recipe and
// the manifest set, what steers the tools, and PATH. A person's other variables may be secrets.
func (b *Build) sent() (list []string) {
	for _, v := range b.command.Env {
		name, _, _ := strings.Cut(v, "=")
		if name == "PATH" || !slices.Contains(b.Elsewhere.Given, v) || slices.Contains(b.Recipe.Identity.Local, v) {
			list = append(list, v)
		}
	}
	return list
}

// moved is text as a word of a shell in which $R is the other machine's root.
func (b *Build) moved(text string) string {
	dir, err := filepath.Rel(b.Elsewhere.Root, b.Manifest.Dir)
	if err != nil {
		dir = "."
	}
	const mark = "\x00" // in no argument and in no variable
	text = strings.ReplaceAll(text, b.Work, mark+path.Join("/", filepath.ToSlash(dir), there))
	text = strings.ReplaceAll(text, b.Elsewhere.Root, mark)
	return strings.ReplaceAll(quote(text), mark, `'"$R"'`)
}

// quote is text as one word of a shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// local is what the other machine said, with this machine's folders.
func (b *Build) local(root string, said []byte) []byte {
	if root == "" || root == string(os.PathSeparator) {
		return said
	}
	dir, err := filepath.Rel(b.Elsewhere.Root, b.Manifest.Dir)
	if err != nil {
		dir = "."
	}
	said = bytes.ReplaceAll(said, []byte(path.Join(root, filepath.ToSlash(dir), there)), []byte(b.Work))
	return bytes.ReplaceAll(said, []byte(root), []byte(b.Elsewhere.Root))
}
