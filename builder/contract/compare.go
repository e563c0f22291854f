package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Level is what a change does to others.
type Level int

// The levels, the worst last.
const (
	Nothing  Level = iota
	Addition       // others may use more
	Breaking       // others may stop working, or a user is asked again
)

// Change is one difference between two contracts.
type Change struct {
	Level Level
	Text  string   // a sentence without its full stop
	Path  []string // where in the manifest it is; nil: nowhere in particular
	Item  *Item    // what of the world it is about; nil: none of it
}

// Compare says what differs between a contract as it was and as it is, sorted by level, the
// worst first.
func Compare(was, is *Contract) []Change {
	d := &differences{}
	d.exports(was, is)
	d.imports(was, is)
	for _, name := range added(was.Needs, is.Needs) {
		level := Breaking
		if is.Needs[name] {
			level = Addition
		}
		d.add(level, []string{"imports"}, "it needs %s of another capsule as well", name)
	}
	d.topics("publish", was.Publish, is.Publish)
	d.topics("subscribe", was.Subscribe, is.Subscribe)
	d.tools(was, is)
	d.capabilities(was.Capabilities, is.Capabilities)
	d.settings(was.Settings, is.Settings)
	d.names("command", keys(was.Commands), keys(is.Commands), "is gone", Breaking, Addition)
	slices.SortStableFunc(d.list, func(a, b Change) int { return int(b.Level) - int(a.Level) })
	return d.list
}

type differences struct{ list []Change }

func (d *differences) add(level Level, path []string, format string, args ...any) {
	d.list = append(d.list, Change{Level: level, Text: fmt.Sprintf(format, args...), Path: path})
}

// of adds a change of what is in an interface, or in the world itself.
func (d *differences) of(level Level, item Item, format string, args ...any) {
	d.list = append(d.list, Change{Level: level, Text: fmt.Sprintf(format, args...), Item: &item})
}

// exports: who calls the capsule needs all of what was there, as it was. A later version that goes on
// from the former one, as 1.1.0 from 1.0.0, still is what callers link with.
func (d *differences) exports(was, is *Contract) {
	later := map[string]string{} // names that were, and what goes on from them
	for _, name := range keys(was.Exports) {
		now := name
		if _, there := is.Exports[name]; !there {
			now = successor(name, added(was.Exports, is.Exports))
		}
		switch {
		case now == "":
			d.of(Breaking, Item{Interface: name}, "export %s is gone", name)
			continue
		case now != name:
			d.of(Addition, Item{Interface: now}, "export %s is %s now", name, now)
		case was.Exports[name] != is.Exports[now]:
			d.of(Breaking, Item{Interface: name}, "export %s was %s and is %s", name, was.Exports[name], is.Exports[now])
		}
		later[name] = now
		if a, b := was.World.Exports[name], is.World.Exports[now]; a != nil && b != nil {
			d.exported(now, a, b)
		}
	}
	for _, name := range added(was.Exports, is.Exports) {
		if !slices.Contains(slices.Collect(maps.Values(later)), name) {
			d.of(Addition, Item{Interface: name}, "export %s is new", name)
		}
	}
	d.exported("", was.World.Exports[""], is.World.Exports[""])
}

// exported compares what is in an interface that is exported.
func (d *differences) exported(name string, was, is Interface) {
	for _, item := range keys(was) {
		now, there := is[item]
		switch {
		case !there && name != "": // in the world itself it is an export, of which was told
			d.of(Breaking, Item{name, ""}, "%s has no %s any more", name, item)
		case there && now != was[item]:
			d.of(Breaking, Item{name, item}, "%s was %s and is %s", called(name, item), was[item], now)
		}
	}
	if name == "" {
		return
	}
	for _, item := range added(was, is) {
		d.of(Addition, Item{name, item}, "%s has %s as well", name, item)
	}
}

// imports: what the runtime does not provide, somebody else must.
func (d *differences) imports(was, is *Contract) {
	for _, name := range keys(is.Imports) {
		level := Breaking
		if is.Imports[name] {
			level = Addition
		}
		if _, had := was.Imports[name]; !had {
			d.of(level, Item{Interface: name}, "it imports %s as well", name)
			continue
		}
		a, b := was.World.Imports[name], is.World.Imports[name]
		if a == nil || b == nil {
			continue
		}
		for _, item := range added(a, b) {
			d.of(level, Item{name, item}, "it needs %s of %s as well", item, name)
		}
		for _, item := range keys(a) {
			if now, there := b[item]; there && now != a[item] {
				d.of(level, Item{name, item}, "%s of the import was %s and is %s", called(name, item), a[item], now)
			}
		}
	}
}

func called(name, item string) string {
	if name == "" {
		return item
	}
	return item + " of " + name
}

// successor is the one of names that is name in another version that goes on from it; "": none is.
func successor(name string, names []string) string {
	id, version, ok := strings.Cut(name, "@")
	for _, other := range names {
		if is, now, has := strings.Cut(other, "@"); ok && has && is == id && major(now) == major(version) {
			return other
		}
	}
	return ""
}

// names tells of names that are gone, and of new ones.
func (d *differences) names(what string, was, is []string, gone string, less, more Level) {
	for _, name := range was {
		if !slices.Contains(is, name) {
			d.add(less, nil, "%s %s %s", what, name, gone)
		}
	}
	for _, name := range is {
		if !slices.Contains(was, name) {
			d.add(more, nil, "%s %s is new", what, name)
		}
	}
}

func (d *differences) topics(table string, was, is map[string]string) {
	for _, topic := range keys(was) {
		now, there := is[topic]
		switch {
		case !there:
			d.add(Breaking, nil, "the topic %s of [%s] is gone", topic, table)
		case now != was[topic]:
			d.add(Breaking, []string{table, topic}, "the topic %s of [%s] had the type %s and has %s", topic, table, was[topic], now)
		}
	}
	for _, topic := range added(was, is) {
		d.add(Addition, []string{table, topic}, "the topic %s of [%s] is new", topic, table)
	}
}

func (d *differences) tools(was, is *Contract) {
	if was.Tools == nil || is.Tools == nil {
		return
	}
	d.names("tool", keys(was.Tools), keys(is.Tools), "is gone", Breaking, Addition)
	for _, name := range keys(was.Tools) {
		if now, there := is.Tools[name]; there {
			schemas(was.Tools[name], now, func(level Level, text string) { d.add(level, nil, "tool %s %s", name, text) })
		}
	}
}

// capabilities: who asks for more has to be approved again.
func (d *differences) capabilities(was, is map[string][]string) {
	for _, name := range keys(is) {
		before, had := was[name]
		more := slices.DeleteFunc(slices.Clone(is[name]), func(v string) bool { return slices.Contains(before, v) })
		if !had || len(more) > 0 {
			d.add(Breaking, []string{"capabilities", name}, "it asks for the capability %s", strings.TrimSpace(name+" "+strings.Join(more, ", ")))
		}
	}
}

func (d *differences) settings(was, is map[string]Setting) {
	for _, name := range keys(is) {
		before, had := was[name]
		now := is[name]
		switch {
		case !had && now.Required:
			d.add(Breaking, []string{"env", name}, "the setting %s is new and has no default", name)
		case !had:
			d.add(Addition, []string{"env", name}, "the setting %s is new", name)
		case before.Type != now.Type:
			d.add(Breaking, []string{"env", name}, "the setting %s was %s and is %s", name, before.Type, now.Type)
		case now.Required && !before.Required:
			d.add(Breaking, []string{"env", name}, "the setting %s has no default any more", name)
		}
	}
	for _, name := range added(is, was) {
		d.add(Breaking, nil, "the setting %s is gone", name)
	}
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// added are the names of is that was does not have.
func added[V any](was, is map[string]V) (list []string) {
	for _, name := range keys(is) {
		if _, had := was[name]; !had {
			list = append(list, name)
		}
	}
	return list
}
