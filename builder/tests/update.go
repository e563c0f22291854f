package tests

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Updated is a file in which what came out replaced what was expected.
type Updated struct {
	Name    string `json:"file"`    // a slash path below the capsule
	Changed int    `json:"changed"` // expectations that were written
}

// Write writes what came out into the files, where tests missed something that a file can say:
// the value of a result, of an error, of a file or of a key, a message, a line of the log. A test
// without expect gets a whole one. The rest of a file stays as it is, and no expectation is taken
// away: one in whose place nothing came stays missed, as do contains and matches, of which only
// their author knows which part is meant. A file that somebody has changed since it was read is left
// alone, and is the error; files before it are written.
func Write(files []*File, s *Summary) (list []Updated, err error) {
	for _, f := range files {
		if len(f.Faults) > 0 {
			continue
		}
		e, n := tomldoc.NewEdits(f.doc), 0
		var all []*Ran // of which everything is written
		for i := range s.Ran {
			r := &s.Ran[i]
			if r.File != f.Name {
				continue
			}
			wrote := r.write(e)
			if n += wrote; wrote > 0 && wrote >= len(r.Missed) {
				all = append(all, r)
			}
		}
		if n == 0 {
			continue
		}
		text, err := e.Apply()
		if err == nil {
			err = f.replace(text)
		}
		if err != nil {
			return list, fmt.Errorf("%s: %w", f.Name, err)
		}
		for _, r := range all {
			r.Updated = true
		}
		list = append(list, Updated{f.Name, n})
	}
	return list, nil
}

// write edits what one test missed, and says how many places that were.
func (r *Ran) write(e *tomldoc.Edits) (n int) {
	if r.seen == nil {
		return 0
	}
	if r.test.silent {
		return r.writeWhole(e)
	}
	came := r.came()
	for i := range r.Missed {
		m := &r.Missed[i]
		if m.index < 0 {
			continue
		}
		want, got := r.test.expect[m.index], m.got
		if g, chosen := came[i]; chosen {
			got = g
		}
		if got == nil {
			continue
		}
		if changes, ok := places(e.Document(), want, got); ok {
			for _, c := range changes {
				e.Replace(c.text, c.value, c.key...)
			}
			m.written = true
			n++
		}
	}
	return n
}

// writeWhole gives a test without expect all that came.
func (r *Ran) writeWhole(e *tomldoc.Edits) int {
	var lines, inner []string
	value := map[string]any{}
	for _, k := range r.whole() {
		s, v, ok := literal(k.value)
		if !ok && k.name == "result" {
			s, v, ok = resultLiteral(k.value)
		}
		if ok {
			lines, inner = append(lines, "expect."+k.name+" = "+s), append(inner, k.name+" = "+s)
			value[k.name] = v
		}
	}
	switch len(lines) {
	case 0:
		return 0
	case 1:
		lines = []string{"expect = { " + inner[0] + " }"}
	}
	eol := "\n"
	if strings.Contains(e.Document().Text(), "\r\n") {
		eol = "\r\n"
	}
	e.Add(r.test.key, "expect", strings.Join(lines, eol), value)
	return len(lines)
}

// change is a value to be written at a key.
type change struct {
	key   []string
	text  string
	value any
}

// places are the changes that make an expectation meet what came: one where it is written as a
// value, else one for each part of a table that has a header of its own, or dotted keys. A table
// to which keys would have to be added is left as it is.
func places(doc *tomldoc.Document, e expectation, got any) (list []change, ok bool) {
	at, found := doc.Locate(e.key...)
	if p, ok := got.(publication); ok {
		return placesOf(doc, e, p)
	}
	if found && at.Start > at.KeyStart {
		c := change{key: e.key}
		if c.text, c.value, ok = literal(got); !ok && e.kind == "result" {
			c.text, c.value, ok = resultLiteral(got)
		}
		return []change{c}, ok
	}
	want, isTable := e.want.(map[string]any)
	have, both := got.(map[string]any)
	if !isTable || !both || len(want) != len(have) {
		return nil, false
	}
	for _, name := range sorted(want) {
		inner, has := have[name]
		if !has {
			return nil, false
		}
		if differs(want[name], inner, false, "") == "" {
			continue
		}
		more, ok := places(doc, expectation{kind: e.kind, key: append(slices.Clone(e.key), name), want: want[name]}, inner)
		if !ok {
			return nil, false
		}
		list = append(list, more...)
	}
	return list, true
}

// placesOf are the changes that make an expected message the one that came.
func placesOf(doc *tomldoc.Document, e expectation, got publication) (list []change, ok bool) {
	want := e.want.(publication)
	inner := func(name string, want, got any) bool {
		more, ok := places(doc, expectation{kind: e.kind, key: append(slices.Clone(e.key), name), want: want}, got)
		list = append(list, more...)
		return ok
	}
	ok = want.topic == got.topic || inner("topic", want.topic, got.topic)
	if ok && want.any {
		if part := shaped(want.payload, got.payload); differs(want.payload, part, true, "") != "" {
			ok = inner("payload", want.payload, part)
		}
	}
	return list, ok
}

// resultLiteral is a result as TOML. What has a null in it, which TOML cannot say, is its JSON
// as text.
func resultLiteral(v any) (string, any, bool) {
	if text, value, ok := literal(v); ok {
		return text, value, true
	}
	return literal(string(encoded(v)))
}

const byteOrderMark = "\xef\xbb\xbf"

// replace writes the file whole, through a link if it is one, with the mode that it has.
func (f *File) replace(text string) error {
	now, err := tomldoc.Read(f.path)
	if err != nil {
		return err
	}
	if strings.TrimPrefix(string(now), byteOrderMark) != f.doc.Text() {
		return errors.New("it was changed while the tests ran, and is left as it is: run them again")
	}
	if strings.HasPrefix(string(now), byteOrderMark) {
		text = byteOrderMark + text
	}
	path, err := filepath.EvalSymlinks(f.path)
	if err != nil {
		return err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(filepath.Dir(dir), path); err != nil || !filepath.IsLocal(rel) {
		return fmt.Errorf("it is a link to %s, outside the capsule", path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return fsys.Replace(path, info.Mode().Perm(), func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
