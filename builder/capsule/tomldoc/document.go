// Package tomldoc reads a TOML file so that everything in it has a place, and edits it so
// that the rest of it stays as it is: the library gives values without places.
//
// The layers of its files: scan.go finds where everything stands, document.go puts places
// and values together, edit.go changes both.
package tomldoc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// MaxSize bounds a TOML file, in bytes. The largest manifest in the field has
// 12 KB; a file a hundred times as large is not one that a person wrote.
const MaxSize = 1 << 20

// maxDepth bounds nested brackets and dotted keys. The format itself needs
// five; parsers take quadratic time and one stack frame for each level.
const maxDepth = 64

// Document is a TOML file with its values and where each of them stands. It
// never changes and may be used concurrently.
type Document struct {
	file   string
	text   string // without a byte order mark
	values map[string]any
	root   *node
	lines  []int // offset of each line's first byte
}

// Place is where a key and its value stand. Offsets are bytes into
// Document.Text; Line and Column, both 1-based, are those of the value.
type Place struct {
	Line, Column     int
	KeyLine, KeyCol  int // of the key itself; of the element in an array
	KeyStart, KeyEnd int // -1 for an element of an array
	Start, End       int // of the value; of the header for a table that has one
}

// Read reads at most one byte more than MaxSize of the file at path, enough for Parse to
// refuse it without holding all of it. Anything but a regular file is an error: opening a
// pipe would wait for ever.
func Read(path string) ([]byte, error) {
	file, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	return bytes.Clone(data), err // without the room that was left: the texts of many manifests are held
}

// ReadFile is the document at path, nil when there is none or it is no TOML: the tool that
// the file belongs to says that better.
func ReadFile(path string) *Document {
	data, err := Read(path)
	if err != nil {
		return nil
	}
	d, _ := Parse(path, data)
	return d
}

// Empty is a document without a key.
func Empty(file string) *Document { return &Document{file: file, root: newNode(), lines: []int{0}} }

// faultAt is a finding of that code with its usual severity.
func faultAt(code finding.Code, file string, line, column int) finding.Finding {
	rule, _ := code.Rule()
	return finding.Finding{Code: code, Severity: rule.Severity, File: file, Line: line, Column: column}
}

// Parse reads TOML. file is the name that findings carry. It returns
// nil and what is wrong when data is no TOML that a person could have meant;
// at most one finding, for nothing after the first fault can be trusted.
func Parse(file string, data []byte) (*Document, []finding.Finding) {
	text, fault := decode(file, data)
	if fault != nil {
		return nil, []finding.Finding{*fault}
	}
	d := &Document{file: file, text: text, lines: lineStarts(text)}
	if offset, deep := tooDeep(text); deep {
		line, column := d.lineColumn(offset)
		f := faultAt(finding.ManifestTooDeep, file, line, column)
		f.Message = fmt.Sprintf("more than %d levels of nesting", maxDepth)
		return nil, []finding.Finding{f}
	}
	if fault := d.parse(); fault != nil {
		return nil, []finding.Finding{*fault}
	}
	places := scan(text)
	if places.twice >= 0 {
		f := faultAt(finding.ManifestSyntax, file, 0, 0)
		f.Line, f.Column = d.lineColumn(places.twice)
		f.Message, f.Hint = "this key has already been defined", twiceHint
		return nil, []finding.Finding{f}
	}
	d.root = places.root
	return d, nil
}

// parse fills values. The parser has panics left for states that it believes
// impossible; a file must never end the program, so they become findings.
func (d *Document) parse() (fault *finding.Finding) {
	defer func() {
		if r := recover(); r != nil {
			f := faultAt(finding.ManifestSyntax, d.file, 1, 1)
			f.Message = fmt.Sprintf("the TOML parser gave up: %v", r)
			fault = &f
		}
	}()
	_, err := toml.Decode(d.text, &d.values)
	if err == nil {
		return nil
	}
	f := faultAt(finding.ManifestSyntax, d.file, 1, 1)
	f.Message = sentence(err.Error())
	var syntax toml.ParseError
	if errors.As(err, &syntax) {
		// The library's own line is one too far for an error at a line's end;
		// its offset is right.
		f.Line, f.Column = d.lineColumn(min(max(syntax.Position.Start, 0), len(d.text)))
		f.Message = sentence(syntax.Message)
		f.Hint = syntaxHint(syntax.Message)
	}
	return &f
}

const twiceHint = "remove one of the two, or put the keys of both under one header"

func syntaxHint(message string) string {
	switch {
	case strings.Contains(message, "already been defined"), strings.Contains(message, "already created"):
		return twiceHint
	case strings.Contains(message, "expected value but found"):
		return `text values need quotes: key = "value"`
	case strings.Contains(message, "strings cannot contain newlines"):
		return "close the quote on the same line, or use \"\"\" for text of several lines"
	}
	return ""
}

// sentence makes a library's message one of ours: lower case, no full stop, one line.
func sentence(message string) string {
	message = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(message), "toml: "), ".")
	message = strings.ReplaceAll(message, "\n", " ")
	if first, size := utf8.DecodeRuneInString(message); size > 0 && strings.HasPrefix(message, "Key ") {
		message = strings.ToLower(string(first)) + message[size:]
	}
	return message
}

// decode is data as text, or what keeps it from being text.
func decode(file string, data []byte) (string, *finding.Finding) {
	fault := func(code finding.Code, line, column int, message, hint string) (string, *finding.Finding) {
		f := faultAt(code, file, line, column)
		f.Message, f.Hint = message, hint
		return "", &f
	}
	if len(data) > MaxSize {
		return fault(finding.ManifestTooLarge, 1, 1, fmt.Sprintf("more than %d bytes", MaxSize), "a manifest is a short text; is this the right file?")
	}
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) || bytes.IndexByte(data[:min(4, len(data))], 0) >= 0 {
		return fault(finding.ManifestEncoding, 1, 1, "the file is UTF-16, TOML must be UTF-8", "save it again as UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) { // the library would drop it and count from there
		return fault(finding.ManifestEncoding, 1, 1, "the file begins with two byte order marks", "save it again as UTF-8")
	}
	line, start := 1, 0
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == 0 {
			return fault(finding.ManifestEncoding, line, i-start+1, "a zero byte: the file is binary, not text", "is this the right file?")
		}
		if r == utf8.RuneError && size == 1 {
			return fault(finding.ManifestEncoding, line, i-start+1, fmt.Sprintf("byte 0x%02x is not UTF-8", data[i]), "save the file again as UTF-8")
		}
		i += size
		if r == '\n' {
			line, start = line+1, i
		}
	}
	return string(data), nil
}

// tooDeep finds the first place nested deeper than maxDepth. It need not be
// right after a syntax error, for the parser stops there too.
func tooDeep(text string) (offset int, deep bool) {
	s := &scanner{text: text}
	depth, dots := 0, 0
	for s.i < len(text) && !s.bad {
		at := s.i
		switch c := text[s.i]; c {
		case '"', '\'':
			if strings.HasPrefix(text[s.i:], strings.Repeat(string(c), 3)) {
				s.block(c)
			} else {
				s.quoted(c)
			}
			continue
		case '#':
			for s.i < len(text) && text[s.i] != '\n' {
				s.i++
			}
			continue
		case '[', '{':
			depth++
			dots = 0
		case ']', '}':
			depth--
			dots = 0
		case '=', ',', '\n':
			dots = 0
		case '.':
			dots++
		}
		if depth > maxDepth || dots > maxDepth {
			return at, true
		}
		s.i++
	}
	return 0, false
}

func lineStarts(text string) []int {
	starts := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

func (d *Document) lineColumn(offset int) (line, column int) {
	line = sort.SearchInts(d.lines, offset+1)
	return line, offset - d.lines[line-1] + 1
}

// File is the name that findings carry.
func (d *Document) File() string { return d.file }

// Text is the file's text without a byte order mark.
func (d *Document) Text() string { return d.text }

// Values is the whole file as maps, slices, string, int64, float64, bool and
// time.Time. It must not be changed.
func (d *Document) Values() map[string]any { return d.values }

// Value is what stands under key, and false when nothing does. An element of
// an array is named with its index: "component[0]", "file".
func (d *Document) Value(key ...string) (any, bool) {
	var value any = d.values
	for _, name := range key {
		next, ok := child(value, name)
		if !ok {
			return nil, false
		}
		value = next
	}
	return value, true
}

func child(value any, name string) (any, bool) {
	table, _ := value.(map[string]any)
	if found, ok := table[name]; ok {
		return found, true
	}
	base, index, ok := SplitIndex(name)
	if !ok {
		return nil, false
	}
	switch list := table[base].(type) {
	case []any:
		if index < len(list) {
			return list[index], true
		}
	case []map[string]any:
		if index < len(list) {
			return list[index], true
		}
	}
	return nil, false
}

// Elements is an array's content whichever of its two shapes it has, or nil.
func Elements(value any) []any {
	switch list := value.(type) {
	case []any:
		return list
	case []map[string]any:
		out := make([]any, len(list))
		for i := range list {
			out[i] = list[i]
		}
		return out
	}
	return nil
}

// SplitIndex takes "name[3]" apart.
func SplitIndex(name string) (base string, index int, ok bool) {
	open := strings.LastIndexByte(name, '[')
	if open < 0 || !strings.HasSuffix(name, "]") {
		return "", 0, false
	}
	index, err := strconv.Atoi(name[open+1 : len(name)-1])
	return name[:open], index, err == nil && index >= 0
}

// Has reports whether anything stands under key.
func (d *Document) Has(key ...string) bool {
	_, ok := d.Value(key...)
	return ok
}

// String is the string under key, "" when there is none.
func (d *Document) String(key ...string) string {
	value, _ := d.Value(key...)
	s, _ := value.(string)
	return s
}

// Table is the table under key, nil when there is none.
func (d *Document) Table(key ...string) map[string]any {
	value, _ := d.Value(key...)
	table, _ := value.(map[string]any)
	return table
}

// Strings are those of the array under key; a single string is a list of one.
func (d *Document) Strings(key ...string) []string {
	value, _ := d.Value(key...)
	return Strings(value)
}

// Strings are those of an array; a single string is a list of one.
func Strings(value any) []string {
	if s, ok := value.(string); ok {
		return []string{s}
	}
	var list []string
	for _, element := range Elements(value) {
		if s, ok := element.(string); ok {
			list = append(list, s)
		}
	}
	return list
}

// Keys is the names below key in the order of the file, or nil when there is no table.
func (d *Document) Keys(key ...string) []string {
	value, _ := d.Value(key...)
	table, _ := value.(map[string]any)
	names := make([]string, 0, len(table))
	for name := range table {
		names = append(names, name)
	}
	order := map[string]int{}
	if n := d.find(key); n != nil {
		for i, name := range n.order {
			order[name] = i
		}
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := order[names[i]], order[names[j]]
		return a < b || a == b && names[i] < names[j]
	})
	return names
}

// find is the node of key, or nil.
func (d *Document) find(key []string) *node {
	n := d.root
	for _, name := range key {
		next, ok := n.fields[name]
		if !ok {
			base, index, indexed := SplitIndex(name)
			list := n.fields[base]
			if !indexed || list == nil || index >= len(list.items) {
				return nil
			}
			next = list.items[index]
		}
		n = next
	}
	return n
}

// Locate says where key stands, and false when it is not in the file.
func (d *Document) Locate(key ...string) (Place, bool) {
	n := d.find(key)
	if n == nil || n.at < 0 || len(key) == 0 {
		return Place{}, false
	}
	if n.tables && len(n.items) > 0 {
		n = n.items[0]
	}
	p := Place{KeyStart: n.keyAt, KeyEnd: n.keyEnd, Start: n.at, End: n.end}
	p.Line, p.Column = d.lineColumn(n.at)
	p.KeyLine, p.KeyCol = p.Line, p.Column
	if n.keyAt >= 0 {
		p.KeyLine, p.KeyCol = d.lineColumn(n.keyAt)
	}
	return p, true
}

// Position is the line and column of key, both 1-based. For a key that is not
// there it is that of the closest table around it, at last the file's first line.
func (d *Document) Position(key ...string) (line, column int) {
	if p, ok := d.Locate(key...); ok {
		return p.KeyLine, p.KeyCol
	}
	if len(key) == 0 {
		return 1, 1
	}
	return d.Around(key[:len(key)-1])
}

// Around is where a reader looks for the table that key names: its header.
func (d *Document) Around(key []string) (line, column int) {
	for ; len(key) > 0; key = key[:len(key)-1] {
		if p, ok := d.Locate(key...); ok {
			return p.Line, p.Column
		}
	}
	return 1, 1
}
