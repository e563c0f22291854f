package tests

import (
	"fmt"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
)

// Update is a file in which what came out replaces what was expected.
type Update struct {
	Path    string // absolute
	Name    string // a slash path below the capsule
	Text    string // the whole file
	Changed int    // expectations that were written
}

// Updates are the files in which tests missed something that a file can say: the value of a
// result, of an error, of a file or of a key. A test without expect gets its result. The rest of
// a file stays as it is. What cannot be written, such as a message that was not published, stays
// missed.
func Updates(files []*File, s *Summary) ([]Update, error) {
	var list []Update
	for _, f := range files {
		if f.doc == nil || len(f.Faults) > 0 {
			continue
		}
		e := tomldoc.NewEdits(f.doc)
		n := 0
		for _, r := range s.Ran {
			if r.File == f.Name {
				n += r.write(e)
			}
		}
		if n == 0 {
			continue
		}
		text, err := e.Apply()
		if err != nil {
			return list, fmt.Errorf("%s: %w", f.Name, err)
		}
		list = append(list, Update{f.path, f.Name, text, n})
	}
	return list, nil
}

// write edits what one test missed, and says how many places that were.
func (r Ran) write(e *tomldoc.Edits) (n int) {
	if r.test.silent && len(r.Missed) == 0 && r.content != nil {
		key, value := "result", r.content
		text, parsed, ok := literal(value)
		if !ok { // TOML has no null: the JSON itself
			text, parsed, ok = literal(string(encoded(value)))
		}
		if ok {
			e.Add(r.test.key, "expect", "expect = { "+key+" = "+text+" }", map[string]any{key: parsed})
			n++
		}
	}
	for _, m := range r.Missed {
		if m.index < 0 || m.got == nil {
			continue
		}
		key := r.test.expect[m.index].key
		text, parsed, ok := literal(m.got)
		if !ok && r.test.expect[m.index].kind == "result" {
			text, parsed, ok = literal(string(encoded(m.got)))
		}
		if ok {
			e.Replace(text, parsed, slices.Clone(key)...)
			n++
		}
	}
	return n
}
