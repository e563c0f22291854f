package capsule

import (
	"bytes"
	"fmt"
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Error is a manifest that cannot be used. Findings holds at least one error,
// in the order of the file.
type Error struct {
	Path     string
	Findings []finding.Finding
}

// Error is the first finding, and how many more there are.
func (e *Error) Error() string {
	first := e.Findings[0]
	first.File = e.Path
	if more := len(e.Findings) - 1; more > 0 {
		return fmt.Sprintf("%v (and %d more)", first, more)
	}
	return first.String()
}

// Load reads dir/Capsule.toml. A fault in the file is an *Error; a file that
// cannot be read is the file system's error, fs.ErrNotExist among them.
func Load(dir string) (*Manifest, error) { return LoadAgain(dir, nil) }

// LoadAgain is Load for who has a manifest of dir already, which nobody changes: it is given back where the file
// has the same text. old may be nil.
func LoadAgain(dir string, old *Manifest) (*Manifest, error) {
	path := filepath.Join(dir, tree.ManifestName)
	data, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	if old != nil && old.Path == path && bytes.Equal(old.text.data, data) {
		return old, nil
	}
	m, findings := Parse(path, data)
	if finding.Count(findings, finding.Error) > 0 {
		return nil, &Error{Path: path, Findings: findings}
	}
	return m, nil
}

// ReadFile is tomldoc.Read for a manifest.
func ReadFile(path string) ([]byte, error) {
	data, err := tomldoc.Read(path)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	return data, nil
}

// Parse reads a manifest that the caller already has. It returns as much as
// could be read, never nil, and everything that is wrong and stops a build,
// in the order of the file. path need not exist.
func Parse(path string, data []byte) (*Manifest, []finding.Finding) {
	m := &Manifest{Path: path, Dir: filepath.Dir(path), text: &text{file: filepath.Base(path), data: data}}
	doc, faults := tomldoc.Parse(m.text.file, data)
	if doc == nil {
		return m, faults
	}
	r := &reader{doc: doc}
	r.manifest(m)
	for _, refuse := range refusals {
		refuse(m, r)
	}
	inOrder(r.list)
	return m, r.list
}

// Doubts is what the runtime accepts and a person should look at: nothing
// here stops a build.
func (m *Manifest) Doubts() []finding.Finding {
	r := &reader{doc: m.Document()}
	for _, doubt := range doubts {
		doubt(m, r)
	}
	inOrder(r.list)
	return r.list
}
