package tests

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// RecordFile is where calls are recorded, a slash path below the capsule.
const RecordFile = Folder + "/recorded.toml"

// Recorded is a call that is to be told as a test.
type Recorded struct {
	Tool   string
	Args   json.RawMessage // an object
	Failed bool            // the tool said so

	Env, Answers    map[string]string
	Files, KV       map[string][]byte
	Cwd             string // a folder, absolute; "": none
	Caller, Approve string
	HTTP            []host.Exchange // that the network answered
	TCP             []host.Conversation
	Hosts           map[string][]string
	With            []string // folders of other capsules on its bus, slash paths from the capsule's own
	Seed            uint64
	Clock           time.Time
}

// Record writes a call as a test into the capsule in the folder dir, behind what is there, and is the test's
// name; added is false where the same call stands in a file of tests already, under that name. The
// error is a call that a file cannot tell, or a file that cannot be written.
func Record(dir string, r Recorded) (name string, added bool, err error) {
	files, err := Read(dir)
	if err != nil {
		return "", false, err
	}
	old, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(RecordFile)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", false, err
	}
	name = freeName(files, r)
	test, err := r.text(dir, name)
	if err != nil {
		return "", false, err
	}
	whole := string(old)
	if whole == "" {
		whole = "# Calls that astrid-dev call --record wrote down.\n"
	}
	whole = strings.TrimRight(whole, "\n") + "\n\n" + test
	key, err := keyOfLast(dir, whole)
	if err != nil {
		return "", false, err
	}
	for _, f := range files {
		for _, t := range f.Tests {
			if has, err := t.callKey(); err == nil && has == key {
				return t.Name, false, nil
			}
		}
	}
	to := filepath.Join(dir, filepath.FromSlash(RecordFile))
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return "", false, err
	}
	return name, true, fsys.Replace(to, 0o644, func(w io.Writer) error { _, err := io.WriteString(w, whole); return err })
}

// freeName is a name that no test of the file of records has.
func freeName(files []*File, r Recorded) string {
	first := strings.TrimSpace(r.Tool + " " + short(decoded(r.Args)))
	taken := func(name string) bool {
		return slices.ContainsFunc(files, func(f *File) bool {
			return f.Name == RecordFile && slices.ContainsFunc(f.Tests, func(t *Test) bool { return t.Name == name })
		})
	}
	name := first
	for n := 2; taken(name); n++ {
		name = fmt.Sprintf("%s (%d)", first, n)
	}
	return name
}

// keyOfLast is the key of the last call that a file with the text would tell.
func keyOfLast(dir, whole string) (string, error) {
	doc, faults := tomldoc.Parse(RecordFile, []byte(whole))
	f := &File{Name: RecordFile, doc: doc, Faults: faults}
	if doc != nil {
		f.read(dir)
	}
	if len(f.Faults) > 0 {
		return "", fmt.Errorf("%s: %s", RecordFile, f.Faults[0])
	}
	return f.Tests[len(f.Tests)-1].callKey()
}

// text is the call as a [[test]].
func (r Recorded) text(dir, name string) (string, error) {
	w := &writing{}
	w.b.WriteString("[[test]]\n")
	w.add("name", name)
	w.add("tool", r.Tool)
	if args := decoded(r.Args); args != nil && string(r.Args) != "{}" {
		w.add("args", args)
	}
	switch fixtures, err := r.fixtures(dir); {
	case err != nil:
		return "", err
	case fixtures != "":
		w.add("fixtures", fixtures)
	default:
		w.bytes("fixtures", r.Files)
	}
	w.texts("env", r.Env)
	w.bytes("kv", r.KV)
	w.texts("answers", r.Answers)
	if r.Caller != "" {
		w.add("caller", r.Caller)
	}
	if r.Approve != "" {
		w.add("approve", r.Approve)
	}
	if len(r.With) > 0 {
		with := []any{}
		for _, dir := range r.With {
			with = append(with, dir)
		}
		w.add("with", with)
	}
	r.network(&w.b, &w.untold)
	if r.Seed != 0 {
		w.add("seed", json.Number(fmt.Sprint(r.Seed)))
	}
	if !r.Clock.IsZero() {
		fmt.Fprintf(&w.b, "clock = %s\n", r.Clock.UTC().Format(time.RFC3339))
	}
	if r.Failed {
		w.b.WriteString("expect = { error = true }\n")
	}
	if len(w.untold) > 0 {
		return "", fmt.Errorf("a test cannot tell %s", strings.Join(w.untold, ", "))
	}
	return w.b.String(), nil
}

// writing is a test that is being written.
type writing struct {
	b      strings.Builder
	untold []string // what TOML has no words for
}

// add writes a key and its value.
func (w *writing) add(key string, v any) {
	if s, _, ok := literal(v); ok {
		fmt.Fprintf(&w.b, "%s = %s\n", key, s)
	} else {
		w.untold = append(w.untold, key)
	}
}

// texts writes a key and its table, if there is something in it.
func (w *writing) texts(key string, m map[string]string) {
	if len(m) == 0 {
		return
	}
	table := map[string]any{}
	for k, v := range m {
		table[k] = v
	}
	w.add(key, table)
}

// bytes is texts, of what must be text.
func (w *writing) bytes(key string, m map[string][]byte) {
	table := map[string]string{}
	for k, v := range m {
		if !utf8.Valid(v) {
			w.untold = append(w.untold, fmt.Sprintf("%s %s, which is no text", key, k))
		}
		table[k] = string(v)
	}
	w.texts(key, table)
}

// fixtures is the name of the folder below tests that is cwd://; "" for none.
func (r Recorded) fixtures(dir string) (string, error) {
	if r.Cwd == "" {
		return "", nil
	}
	rel, err := filepath.Rel(filepath.Join(dir, Folder), r.Cwd)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return "", fmt.Errorf("the folder %s does not lie below %s, and a test could not find it", r.Cwd, path.Join(filepath.ToSlash(dir), Folder))
	}
	if len(r.Files) > 0 {
		return "", errors.New("a test has either a folder of fixtures or files")
	}
	return filepath.ToSlash(rel), nil
}
