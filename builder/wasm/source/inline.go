package source

import (
	"debug/dwarf"
	"slices"
	"strings"
)

// scope is a function that holds an instruction, or one that was compiled into it there.
type scope struct {
	name         string
	file         string // where it was called; "" of a function that is none's part
	line, column int
}

// deepest is how many functions may lie in each other; no compiler goes so far.
const deepest = 64

// scopesAt are the scopes of unit around offset, the outermost first.
func scopesAt(data *dwarf.Data, unit *dwarf.Entry, offset uint64) (scopes []scope) {
	files := callFiles(data, unit)
	walk(data, unit, func(e *dwarf.Entry, _ []string) step {
		switch e.Tag {
		case dwarf.TagSubprogram, dwarf.TagInlinedSubroutine, dwarf.TagLexDwarfBlock:
			if !holds(data, e, offset) {
				return over
			}
			if e.Tag != dwarf.TagLexDwarfBlock && len(scopes) < deepest {
				scopes = append(scopes, scopeOf(data, unit, e, files))
			}
			return only // nothing beside it holds offset
		}
		if encloses(e.Tag) && len(scopes) == 0 {
			return into
		}
		return over
	})
	return scopes
}

// step is where a walk goes from an entry.
type step int

const (
	over step = iota // to what follows it, without its children
	into             // to its children, and then to what follows it
	only             // to its children, and then home
	home             // to the end
)

// walk goes through the entries of unit, in their order; path are the names of those that it is
// in. It reads those over which it goes, too, and never goes where an entry says that the next
// one is: that may lie before it.
func walk(data *dwarf.Data, unit *dwarf.Entry, visit func(e *dwarf.Entry, path []string) step) {
	entries := data.Reader()
	entries.Seek(unit.Offset)
	if _, err := entries.Next(); err != nil || !unit.Children {
		return
	}
	var path []string
	last, skipped := 0, 0 // the depth whose end is the end of the walk; how deep it is in what it goes over
	for {
		e, err := entries.Next()
		switch {
		case err != nil || e == nil || e.Tag == 0 && skipped == 0 && len(path) == last:
			return
		case e.Tag == 0 && skipped > 0: // the end of some children
			skipped--
			continue
		case e.Tag == 0:
			path = path[:len(path)-1]
			continue
		case skipped > 0:
			if e.Children {
				skipped++
			}
			continue
		}
		where := visit(e, path)
		switch {
		case where == home || where == only && !e.Children:
			return
		case !e.Children:
		case where == over:
			skipped = 1
		default:
			name, _ := e.Val(dwarf.AttrName).(string)
			if path = append(path, name); where == only {
				last = len(path)
			}
		}
	}
}

func holds(data *dwarf.Data, e *dwarf.Entry, offset uint64) bool {
	ranges, err := data.Ranges(e)
	if err != nil {
		return false
	}
	for _, r := range ranges {
		if r[0] <= offset && offset < r[1] {
			return true
		}
	}
	return false
}

func scopeOf(data *dwarf.Data, unit, e *dwarf.Entry, files []*dwarf.LineFile) scope {
	s := scope{name: nameOf(data, unit, e)}
	if e.Tag != dwarf.TagInlinedSubroutine {
		return s
	}
	file, _ := e.Val(dwarf.AttrCallFile).(int64)
	line, _ := e.Val(dwarf.AttrCallLine).(int64)
	column, _ := e.Val(dwarf.AttrCallColumn).(int64)
	if file >= 0 && file < int64(len(files)) && files[file] != nil {
		s.file, s.line, s.column = files[file].Name, int(line), int(column)
	}
	return s
}

// nameOf is the name of e, or of what it is an instance of, with those of the namespaces and
// types around.
func nameOf(data *dwarf.Data, unit, e *dwarf.Entry) string {
	declared := e
	for range 4 {
		origin, ok := declared.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset)
		if !ok {
			origin, ok = declared.Val(dwarf.AttrSpecification).(dwarf.Offset)
		}
		if !ok {
			break
		}
		entries := data.Reader()
		entries.Seek(origin)
		of, err := entries.Next()
		if err != nil || of == nil {
			break
		}
		declared = of
	}
	name, _ := declared.Val(dwarf.AttrName).(string)
	return strings.Join(append(around(data, unit, declared.Offset), name), "::")
}

// around are the names of the namespaces and types of unit that hold the entry at offset.
func around(data *dwarf.Data, unit *dwarf.Entry, offset dwarf.Offset) (names []string) {
	walk(data, unit, func(e *dwarf.Entry, path []string) step {
		switch {
		case e.Offset == offset:
			names = slices.Clone(path)
			return home
		case e.Offset > offset:
			return home
		case encloses(e.Tag):
			return into
		}
		return over
	})
	return names
}

// encloses reports whether what has the tag has functions in it.
func encloses(tag dwarf.Tag) bool {
	switch tag {
	case dwarf.TagNamespace, dwarf.TagStructType, dwarf.TagClassType, dwarf.TagEnumerationType, dwarf.TagUnionType:
		return true
	}
	return false
}

func callFiles(data *dwarf.Data, unit *dwarf.Entry) []*dwarf.LineFile {
	lines, err := data.LineReader(unit)
	if err != nil || lines == nil {
		return nil
	}
	return lines.Files()
}
