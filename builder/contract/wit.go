package contract

import (
	"slices"
	"strings"
)

// Interface is what is in one: the items by name, each as WIT has it without its name, such as
// "func(a: u32) -> string" or "record { x: u32, }". Methods are named "resource.method". Types that it
// takes from other interfaces are among them, as they are there.
type Interface map[string]string

// World is what a component exports and imports, as far as it has content: interfaces by their
// names, with versions. Functions that stand in the world itself are in the interface "".
type World struct {
	Exports, Imports map[string]Interface
}

// ReadWorld reads the WIT that a component decoder prints: one world, and the packages that it
// takes interfaces from. What it does not understand is left out.
func ReadWorld(text string) World {
	w := World{Exports: map[string]Interface{}, Imports: map[string]Interface{}}
	all := map[string]block{}
	var own []block
	for _, s := range statements(text) {
		switch kind, name := s.words(); {
		case kind == "package" && s.body != "":
			id, version, _ := strings.Cut(name, "@")
			for _, inner := range statements(s.body) {
				if kind, name := inner.words(); kind == "interface" {
					all[versioned(id+"/"+name, version)] = inner
				}
			}
		case kind == "world":
			own = statements(s.body)
		}
	}
	for _, s := range own {
		to := w.Exports
		kind, rest := s.words()
		if kind == "import" {
			to = w.Imports
		} else if kind != "export" {
			continue
		}
		name, inline, isInline := strings.Cut(rest, ": ")
		switch {
		case isInline && strings.HasPrefix(inline, "interface"):
			to[name] = read(s.body, "", all)
		case isInline:
			if to[""] == nil {
				to[""] = Interface{}
			}
			to[""][name] = inline
		default:
			to[name] = read(all[name].body, name, all)
		}
	}
	return w
}

func versioned(name, version string) string {
	if version == "" {
		return name
	}
	return name + "@" + version
}

// block is a statement: its head, and what stands in braces behind it.
type block struct{ head, body string }

func (b block) words() (first, rest string) {
	first, rest, _ = strings.Cut(b.head, " ")
	return first, rest
}

// statements are those of text, without comments and attributes. A list of names in braces, as
// `use` has it, is part of the head.
func statements(text string) (list []block) {
	text = bareLines(text, "//", "@")
	for {
		text = strings.TrimSpace(text)
		end := strings.IndexAny(text, ";{")
		if end < 0 {
			return list
		}
		if text[end] == '{' && strings.HasPrefix(text, "use ") {
			end = strings.IndexByte(text, ';')
		}
		if end < 0 {
			return list
		}
		head := strings.Join(strings.Fields(text[:end]), " ")
		if text[end] == ';' {
			list, text = append(list, block{head: head}), text[end+1:]
			continue
		}
		close := closing(text, end)
		list, text = append(list, block{head, text[end+1 : close]}), text[min(close+1, len(text)):]
	}
}

// bareLines is text without the lines that begin with one of marks.
func bareLines(text string, marks ...string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool {
		line = strings.TrimSpace(line)
		return slices.ContainsFunc(marks, func(m string) bool { return strings.HasPrefix(line, m) })
	}), "\n")
}

// closing is where the brace at open is closed; the end of text where it is not.
func closing(text string, open int) int {
	depth := 0
	for i := open; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// read reads the interface of that name.
func read(body, name string, all map[string]block) Interface {
	items := Interface{}
	for _, s := range statements(body) {
		kind, rest := s.words()
		switch {
		case kind == "use":
			from, names, _ := strings.Cut(rest, ".{")
			from = resolve(from, name)
			other := read(all[from].body, from, all)
			for use := range strings.SplitSeq(strings.TrimSuffix(names, "}"), ",") {
				original, as, renamed := strings.Cut(strings.TrimSpace(use), " as ")
				if !renamed {
					as = original
				}
				take(items, as, original, from, other)
			}
		case kind == "resource":
			items[rest] = "resource"
			for _, method := range statements(s.body) {
				what, how, _ := strings.Cut(method.head, ":")
				if strings.HasPrefix(what, "constructor(") {
					what, how = "constructor", strings.TrimPrefix(method.head, "constructor")
				}
				items[rest+"."+what] = strings.TrimSpace(how)
			}
		case s.body != "":
			items[rest] = kind + " { " + strings.Join(strings.Fields(s.body), " ") + " }"
		case kind == "type":
			what, how, _ := strings.Cut(rest, " = ")
			items[what] = how
		default:
			if what, how, ok := strings.Cut(s.head, ": "); ok {
				items[what] = how
			}
		}
	}
	return items
}

// resolve is the full name of an interface that another one, called name, calls so.
func resolve(from, name string) string {
	if strings.Contains(from, ":") {
		return from
	}
	id, version, _ := strings.Cut(name, "@")
	return versioned(id[:strings.LastIndex(id, "/")+1]+from, version)
}

// take adds a type of another interface to items, and the types that it is made of.
func take(items Interface, as, original, from string, other Interface) {
	text, ok := other[original]
	if _, had := items[as]; had || !ok {
		return
	}
	items[as] = text
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,(){}<>:=", r) })
	for _, word := range words {
		if _, ok := other[word]; ok && word != original {
			take(items, word+" of "+from, word, from, other)
		}
	}
	for name, text := range other {
		if method, ok := strings.CutPrefix(name, original+"."); ok {
			items[as+"."+method] = text
		}
	}
}
