package tomldoc

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is one key, table or array element of a TOML file: where it stands and
// what lies below it. Offsets are bytes into the file's text.
type node struct {
	keyAt, keyEnd int  // the key's own part of a dotted key; -1 for an array element
	at, end       int  // the value; for a table with a header, the header line
	tables        bool // an array that [[headers]] extend
	closed        bool // a value: nothing may be added below it
	header        bool // a table with a [header] of its own
	fields        map[string]*node
	order         []string // fields in the order of the file
	items         []*node
}

func newNode() *node { return &node{keyAt: -1, keyEnd: -1, at: -1, end: -1} }

// field is the node below n with that name, made when it is not there yet.
func (n *node) field(name string) *node {
	if child, ok := n.fields[name]; ok {
		return child
	}
	if n.fields == nil {
		n.fields = map[string]*node{}
	}
	child := newNode()
	n.fields[name] = child
	n.order = append(n.order, name)
	return child
}

// open is the table that a key below n extends: of an array of tables, the last.
func (n *node) open() *node {
	if n.tables && len(n.items) > 0 {
		return n.items[len(n.items)-1]
	}
	return n
}

// scanner finds where everything stands in a text that a TOML parser has
// already accepted. On a text that is no TOML it stops early, with fewer
// places and no panic. The one thing it checks is that nothing is defined
// twice: the library drops `a = 2` after `a.b = 1` without a word.
type scanner struct {
	text  string
	i     int
	root  *node
	bad   bool
	twice int // offset of the first key that was defined before, -1 for none
}

// scan returns the scanner at the end of text, or where it gave up.
func scan(text string) *scanner {
	s := &scanner{text: text, root: newNode(), twice: -1}
	s.root.at, s.root.end = 0, 0
	table := s.root
	for s.space(true); s.i < len(s.text) && !s.bad; s.space(true) {
		if s.text[s.i] == '[' {
			table = s.header()
		} else {
			s.pair(table)
		}
	}
	return s
}

// again notes that the key at that offset was defined before.
func (s *scanner) again(offset int) {
	if s.twice < 0 {
		s.twice = offset
	}
}

// part is one part of a dotted key.
type part struct {
	name    string
	at, end int
}

func (s *scanner) header() *node {
	start := s.i
	array := strings.HasPrefix(s.text[s.i:], "[[")
	s.i++
	if array {
		s.i++
	}
	parts := s.key()
	s.space(false)
	s.expect(']')
	if array {
		s.expect(']')
	}
	if s.bad {
		return s.root
	}
	table := s.descend(s.root, parts)
	last := parts[len(parts)-1]
	if table.closed || table.header || array != table.tables && (len(table.items) > 0 || array && table.fields != nil) {
		s.again(last.at)
	}
	if !array {
		table.at, table.end, table.header = start, s.i, true
		return table
	}
	item := newNode()
	item.keyAt, item.keyEnd, item.at, item.end = last.at, last.end, start, s.i
	table.tables = true
	table.items = append(table.items, item)
	return item
}

// descend walks from table down the parts, making what is missing.
func (s *scanner) descend(table *node, parts []part) *node {
	for i, p := range parts {
		table = table.open()
		if table.closed {
			s.again(p.at)
		}
		table = table.field(p.name)
		if table.keyAt < 0 || i == len(parts)-1 && !table.tables {
			table.keyAt, table.keyEnd = p.at, p.end
		}
		if table.at < 0 {
			table.at, table.end = p.at, p.end
		}
	}
	return table
}

func (s *scanner) pair(table *node) {
	parts := s.key()
	s.space(false)
	s.expect('=')
	s.space(false)
	if s.bad {
		return
	}
	leaf := s.descend(table, parts)
	if leaf.closed || leaf.header || leaf.fields != nil || leaf.items != nil {
		s.again(parts[len(parts)-1].at)
	}
	s.value(leaf)
	leaf.closed = true
}

func (s *scanner) key() []part {
	var parts []part
	for {
		s.space(false)
		start := s.i
		name := s.keyPart()
		if s.bad {
			return nil
		}
		parts = append(parts, part{name, start, s.i})
		s.space(false)
		if s.i >= len(s.text) || s.text[s.i] != '.' {
			return parts
		}
		s.i++
	}
}

func (s *scanner) keyPart() string {
	if s.i >= len(s.text) {
		s.bad = true
		return ""
	}
	start := s.i
	switch s.text[s.i] {
	case '"':
		s.quoted('"')
		if s.bad {
			return ""
		}
		return unescape(s.text[start+1 : s.i-1])
	case '\'':
		s.quoted('\'')
		if s.bad {
			return ""
		}
		return s.text[start+1 : s.i-1]
	}
	for s.i < len(s.text) && !strings.ContainsRune(" \t\r\n.=[]{},#\"'", rune(s.text[s.i])) {
		s.i++
	}
	s.bad = s.bad || s.i == start
	return s.text[start:s.i]
}

// quoted steps over a string on one line.
func (s *scanner) quoted(quote byte) {
	for s.i++; s.i < len(s.text) && s.text[s.i] != '\n'; s.i++ {
		switch {
		case s.text[s.i] == quote:
			s.i++
			return
		case s.text[s.i] == '\\' && quote == '"':
			s.i++
		}
	}
	s.i = min(s.i, len(s.text))
	s.bad = true
}

// block steps over a string between triple quotes, which may end in five of them.
func (s *scanner) block(quote byte) {
	close := strings.Repeat(string(quote), 3)
	for s.i += 3; s.i < len(s.text); s.i++ {
		if s.text[s.i] == '\\' && quote == '"' {
			s.i++
		} else if strings.HasPrefix(s.text[s.i:], close) {
			s.i += 3
			for more := 0; more < 2 && s.i < len(s.text) && s.text[s.i] == quote; more++ {
				s.i++
			}
			return
		}
	}
	s.i = min(s.i, len(s.text))
	s.bad = true
}

func (s *scanner) value(n *node) {
	if s.i >= len(s.text) {
		s.bad = true
		return
	}
	n.at = s.i
	switch c := s.text[s.i]; c {
	case '"', '\'':
		if strings.HasPrefix(s.text[s.i:], strings.Repeat(string(c), 3)) {
			s.block(c)
		} else {
			s.quoted(c)
		}
	case '[':
		s.array(n)
	case '{':
		s.inline(n)
	default:
		for s.i < len(s.text) && !strings.ContainsRune(",]}#\r\n", rune(s.text[s.i])) {
			s.i++
		}
		n.end = n.at + len(strings.TrimRight(s.text[n.at:s.i], " \t"))
		s.bad = s.bad || n.end == n.at
		return
	}
	n.end = s.i
}

func (s *scanner) array(n *node) {
	for s.i++; !s.bad; {
		s.space(true)
		if s.take(']') {
			return
		}
		item := newNode()
		s.value(item)
		item.closed = true
		n.items = append(n.items, item)
		s.space(true)
		if !s.take(',') && !s.at(']') {
			s.bad = true
		}
	}
}

func (s *scanner) inline(n *node) {
	for s.i++; !s.bad; {
		s.space(true)
		if s.take('}') {
			return
		}
		s.pair(n)
		s.space(true)
		if !s.take(',') && !s.at('}') {
			s.bad = true
		}
	}
}

func (s *scanner) at(c byte) bool { return s.i < len(s.text) && s.text[s.i] == c }

func (s *scanner) take(c byte) bool {
	if !s.at(c) {
		return false
	}
	s.i++
	return true
}

func (s *scanner) expect(c byte) { s.bad = !s.take(c) || s.bad }

// space steps over blanks, and over line ends and comments when lines is set.
func (s *scanner) space(lines bool) {
	for s.i < len(s.text) {
		switch c := s.text[s.i]; {
		case c == ' ' || c == '\t':
			s.i++
		case lines && (c == '\r' || c == '\n'):
			s.i++
		case lines && c == '#':
			for s.i < len(s.text) && s.text[s.i] != '\n' {
				s.i++
			}
		default:
			return
		}
	}
}

// unescape is the text of a basic string without its quotes.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'x', 'u', 'U':
			digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[i]]
			end := min(i+1+digits, len(s))
			code, err := strconv.ParseUint(s[i+1:end], 16, 32)
			if err != nil || code > utf8.MaxRune {
				code = utf8.RuneError
			}
			b.WriteRune(rune(code))
			i = end - 1
		default:
			if at := strings.IndexByte(`btnfre"\`, s[i]); at >= 0 {
				b.WriteByte("\b\t\n\f\r\x1b\"\\"[at])
			}
		}
	}
	return b.String()
}
