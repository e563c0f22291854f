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
}

// Compare says what differs between a contract as it was and as it is, sorted by level, the
// worst first.
func Compare(was, is *Contract) []Change {
	d := &differences{}
	d.names("export", keys(was.Exports), keys(is.Exports), "is gone", Breaking, Addition)
	for name, kind := range was.Exports {
		if now, ok := is.Exports[name]; ok && now != kind {
			d.add(Breaking, nil, "export %s was %s and is %s", name, kind, now)
		}
	}
	for _, name := range added(was.Imports, is.Imports) {
		level := Breaking
		if is.Imports[name] {
			level = Addition
		}
		d.add(level, nil, "it imports %s as well", name)
	}
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
	d.list = append(d.list, Change{level, fmt.Sprintf(format, args...), path})
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
