package tree

import (
	"bytes"
	"strings"
)

// patterns are the lines of one .gitignore, or the like, in their order. They
// do not change once they are in use. A nil patterns matches nothing.
type patterns struct {
	file string // they lie in; "": none
	base string // of the folder they lie in, relative to what paths are relative to: "" or "a/b/"
	list []*pattern
}

// pattern is one line, cut up as git does.
type pattern struct {
	line     string // as it stands in its file
	number   int    // of the line, from 1
	text     string // without the leading ! and the trailing /
	negative bool   // began with !
	dirOnly  bool   // ended with /
	anyDepth bool   // no slash in it: matches the last name alone
	suffix   bool   // "*" and no wildcard after it
	literal  int    // bytes before the first wildcard
}

// newPatterns reads lines; nil when none of them is a pattern.
func newPatterns(base string, lines []string) *patterns {
	ps := &patterns{base: base}
	for i, line := range lines {
		if p := newPattern(line); p != nil {
			p.line, p.number = line, i+1
			ps.list = append(ps.list, p)
		}
	}
	if len(ps.list) == 0 {
		return nil
	}
	return ps
}

// parsePatterns reads the content of a .gitignore.
func parsePatterns(base string, content []byte) *patterns {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	var lines []string
	for line := range strings.SplitSeq(string(content), "\n") {
		lines = append(lines, strings.TrimSuffix(line, "\r"))
	}
	return newPatterns(base, lines)
}

// newPattern is nil for an empty line and a comment.
func newPattern(line string) *pattern {
	if i := strings.IndexByte(line, 0); i >= 0 {
		line = line[:i] // git's strings end there
	}
	if line == "" || line[0] == '#' {
		return nil
	}
	p := &pattern{text: trimSpaces(line)}
	p.text, p.negative = strings.CutPrefix(p.text, "!")
	wild := wildcard(p.text)
	p.text, p.dirOnly = strings.CutSuffix(p.text, "/")
	p.anyDepth = !strings.Contains(p.text, "/")
	p.literal = min(wild, len(p.text))
	p.suffix = strings.HasPrefix(p.text, "*") && wildcard(p.text[1:]) == len(p.text)-1
	return p
}

// trimSpaces cuts spaces at the end unless a backslash stands before them.
func trimSpaces(line string) string {
	end := -1 // where the last run of spaces begins
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ' ':
			if end < 0 {
				end = i
			}
			continue
		case '\\':
			i++
		}
		end = -1
	}
	if end < 0 {
		return line
	}
	return line[:end]
}

// wildcard is how many bytes of s stand before the first special one.
func wildcard(s string) int {
	if i := strings.IndexAny(s, "*?[\\"); i >= 0 {
		return i
	}
	return len(s)
}

// match returns the last pattern that matches path, whose last name is name; nil for none.
func (ps *patterns) match(path, name string, dir bool) *pattern {
	if ps == nil {
		return nil
	}
	for i := len(ps.list) - 1; i >= 0; i-- {
		if p := ps.list[i]; p.match(ps.base, path, name, dir) {
			return p
		}
	}
	return nil
}

func (p *pattern) match(base, path, name string, dir bool) bool {
	if p.dirOnly && !dir {
		return false
	}
	if p.anyDepth {
		return p.matchName(name)
	}
	rest, ok := strings.CutPrefix(path, base)
	return ok && p.matchPath(rest)
}

func (p *pattern) matchName(name string) bool {
	switch {
	case p.literal == len(p.text):
		return p.text == name
	case p.suffix:
		return strings.HasSuffix(name, p.text[1:])
	}
	return wildmatch(p.text, name, false)
}

// matchPath compares the part before the first wildcard byte by byte and hands
// only the rest to wildmatch, which then takes it for the pattern's beginning:
// "a**/b" is "a" and "**/b". Git does so, and it shows.
func (p *pattern) matchPath(path string) bool {
	text, literal := p.text, p.literal
	if strings.HasPrefix(text, "/") {
		text, literal = text[1:], max(literal-1, 0)
	}
	rest, ok := strings.CutPrefix(path, text[:literal])
	if !ok {
		return false
	}
	if literal == len(text) {
		return rest == ""
	}
	return wildmatch(text[literal:], rest, true)
}
