package contract

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// printed is a world as the reader prints it.
const printed = `package root:component;

world root {
  import acme:store/kv@1.0.0;
  import acme:store/types@1.0.0;
  /// Runs.
  import log: func(text: string);

  export acme:store/admin@1.0.0;
  export run: func() -> result<_, string>;
}
package acme:store@1.0.0 {
  interface types {
    record entry {
      key: string,
      value: payload,
    }
    type payload = list<u8>;
    variant unused {
      some(u32),
      none,
    }
  }
  interface kv {
    @since(version = 1.0.0)
    get: func(key: string) -> option<string>;
  }
  interface admin {
    use types.{entry, payload as bytes};
    resource cursor {
      constructor(start: string);
      next: func() -> option<entry>;
      of: static func(b: bytes) -> cursor;
    }
    enum level {
      low,
      high,
    }
    dump: func(level: level) -> list<entry>;
  }
}
`

func TestReadWorld(t *testing.T) {
	want := World{
		Imports: map[string]Interface{
			"":                       {"log": "func(text: string)"},
			"acme:store/kv@1.0.0":    {"get": "func(key: string) -> option<string>"},
			"acme:store/types@1.0.0": {"entry": "record { key: string, value: payload, }", "payload": "list<u8>", "unused": "variant { some(u32), none, }"},
		},
		Exports: map[string]Interface{
			"": {"run": "func() -> result<_, string>"},
			"acme:store/admin@1.0.0": {"entry": "record { key: string, value: payload, }", "payload of acme:store/types@1.0.0": "list<u8>", "bytes": "list<u8>",
				"cursor": "resource", "cursor.constructor": "(start: string)", "cursor.next": "func() -> option<entry>", "cursor.of": "static func(b: bytes) -> cursor",
				"level": "enum { low, high, }", "dump": "func(level: level) -> list<entry>"},
		},
	}
	if diff := cmp.Diff(want, ReadWorld(printed)); diff != "" {
		t.Error(diff)
	}
	for i := range printed { // what is cut off is left out, and ends
		ReadWorld(printed[:i])
		ReadWorld(printed[i:])
	}
}

func worldly(text string) *Contract {
	c := &Contract{Exports: map[string]string{"run": "func"}, Imports: map[string]bool{}, World: ReadWorld(text)}
	for name := range c.World.Exports {
		if name != "" {
			c.Exports[name] = "instance"
		}
	}
	for name := range c.World.Imports {
		c.Imports[name] = strings.HasPrefix(name, "acme:store/kv") // the runtime has this one
	}
	return c
}

// Every kind of change in what interfaces hold, and what it does to others.
func TestCompareWorlds(t *testing.T) {
	for name, c := range map[string]struct {
		from, to string
		level    Level
		says     string
	}{
		"nothing":                 {"low,", "low,", Nothing, ""},
		"words":                   {"/// Runs.", "/// Runs it.", Nothing, ""},
		"function gone":           {"    dump: func(level: level) -> list<entry>;\n", "", Breaking, "acme:store/admin@1.0.0 has no dump any more"},
		"function new":            {"    dump:", "    count: func() -> u32;\n    dump:", Addition, "acme:store/admin@1.0.0 has count as well"},
		"parameter new":           {"(level: level)", "(level: level, n: u32)", Breaking, "dump of acme:store/admin@1.0.0 was func(level: level) -> list<entry> and is func(level: level, n: u32) -> list<entry>"},
		"result":                  {"-> list<entry>", "-> option<entry>", Breaking, "dump of acme:store/admin@1.0.0 was"},
		"case new":                {"      high,\n", "      high,\n      top,\n", Breaking, "level of acme:store/admin@1.0.0 was enum { low, high, } and is enum { low, high, top, }"},
		"field of a taken type":   {"key: string,", "key: u64,", Breaking, "entry of acme:store/admin@1.0.0 was"},
		"type behind a taken one": {"list<u8>", "string", Breaking, "bytes of acme:store/admin@1.0.0 was list<u8>"},
		"unused type":             {"some(u32)", "some(u64)", Breaking, "unused of acme:store/types@1.0.0 of the import was"},
		"method gone":             {"      next: func() -> option<entry>;\n", "", Breaking, "has no cursor.next any more"},
		"constructor":             {"constructor(start: string)", "constructor()", Breaking, "cursor.constructor of"},
		"static":                  {"of: static func", "of: func", Breaking, "cursor.of of"},
		"import of the runtime":   {"    get:", "    put: func();\n    get:", Addition, "it needs put of acme:store/kv@1.0.0 as well"},
		"import of others":        {"    type payload", "    type more = u8;\n    type payload", Breaking, "it needs more of acme:store/types@1.0.0 as well"},
		"function of the world":   {"result<_, string>", "result<u8, string>", Breaking, "run was func() -> result<_, string> and is"},
		"function needed":         {"(text: string)", "(text: string, n: u8)", Breaking, "log of the import was"},
	} {
		text := strings.Replace(printed, c.from, c.to, 1)
		changes := Compare(worldly(printed), worldly(text))
		level, said := Nothing, ""
		if len(changes) > 0 {
			level, said = changes[0].Level, changes[0].Text
		}
		if level != c.level || !slices.ContainsFunc(changes, func(one Change) bool { return strings.Contains(one.Text, c.says) }) && c.says != "" {
			t.Errorf("%s: %v %q, want %v %q; all: %v", name, level, said, c.level, c.says, changes)
		}
	}
	// a later version of an interface goes on from the former, as long as it has all of it
	later := strings.ReplaceAll(printed, "@1.0.0", "@1.1.0")
	if changes := Compare(worldly(printed), worldly(later)); slices.ContainsFunc(changes, func(c Change) bool {
		return c.Level == Breaking && strings.HasPrefix(c.Text, "export")
	}) || !slices.ContainsFunc(changes, func(c Change) bool {
		return c.Text == "export acme:store/admin@1.0.0 is acme:store/admin@1.1.0 now"
	}) {
		t.Error(changes)
	}
	if changes := Compare(worldly(printed), worldly(strings.ReplaceAll(printed, "@1.0.0", "@2.0.0"))); !strings.Contains(changes[0].Text, "export acme:store/admin@1.0.0 is gone") {
		t.Error(changes)
	}
}

// A change has the line of the WIT that its author wrote.
func TestPlace(t *testing.T) {
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "wit", "world.wit"), "package acme:cap@0.1.0;\n\nworld cap {\n  import log: func(text: string);\n  export acme:store/admin@1.0.0;\n  export extra: interface {\n    f: func();\n  }\n}\n")
	testkit.Write(t, filepath.Join(dir, "wit", "deps", "store", "store.wit"), "package acme:store@1.0.0;\n\ninterface types {\n  record level {\n  }\n}\n\ninterface admin {\n  use types.{level};\n  resource cursor {\n    next: func();\n  }\n\n  dump: func();\n}\n")
	for _, c := range []struct {
		item Item
		file string
		line int
	}{
		{Item{"acme:store/admin@1.0.0", "dump"}, "wit/deps/store/store.wit", 14},
		{Item{"acme:store/admin@1.0.0", "cursor.next"}, "wit/deps/store/store.wit", 11},
		{Item{"acme:store/types@1.0.0", "level"}, "wit/deps/store/store.wit", 4},
		{Item{"acme:store/admin@1.0.0", "gone"}, "wit/deps/store/store.wit", 8},
		{Item{"acme:store/admin@1.0.0", ""}, "wit/deps/store/store.wit", 8},
		{Item{"", "log"}, "wit/world.wit", 4},
		{Item{"extra", "f"}, "wit/world.wit", 7},
		{Item{"other:x/y", "dump"}, "", 0},
	} {
		if file, line := c.item.Place(dir); file != c.file || line != c.line {
			t.Errorf("%+v: %s:%d, want %s:%d", c.item, file, line, c.file, c.line)
		}
	}
	if file, _ := (Item{"a:b/c", "d"}).Place(t.TempDir()); file != "" {
		t.Error(file)
	}
}
