// Package order says in which order capsules are built when one takes what
// another publishes. watch, build and verify share it.
package order

import (
	"path/filepath"
	"slices"
	"strings"
)

// Part is one capsule: what it publishes, and what it takes from outside its
// folder. All paths are absolute; one in Takes may be a folder.
type Part struct {
	Dir       string
	Publishes []string
	Takes     []string
}

// Order is an order of capsules. It is never changed.
type Order struct {
	Dirs   []string            // each after those whose modules it takes
	Needs  map[string][]string // folder -> the capsules whose modules it takes directly, sorted; none of its own circle
	Feeds  map[string][]string // the same the other way round, circles included
	Cycles [][]string          // capsules that take each other's modules round and round, each sorted; their order is by name
}

// Of orders parts. What has no order is in the order of the folders' names.
func Of(parts []Part) *Order {
	o := &Order{Needs: map[string][]string{}, Feeds: map[string][]string{}}
	all := map[string][]string{}
	var dirs []string
	by := publishers(parts)
	for _, p := range parts {
		dirs = append(dirs, p.Dir)
		all[p.Dir] = by.taken(p)
		for _, up := range all[p.Dir] {
			o.Feeds[up] = append(o.Feeds[up], p.Dir)
		}
	}
	slices.Sort(dirs)
	for _, list := range o.Feeds {
		slices.Sort(list)
	}
	s := &search{edges: all, index: map[string]int{}, low: map[string]int{}, on: map[string]bool{}}
	for _, dir := range dirs {
		if s.index[dir] == 0 {
			s.visit(dir)
		}
	}
	for _, ring := range s.rings {
		slices.Sort(ring)
		o.Dirs = append(o.Dirs, ring...)
		if len(ring) > 1 {
			o.Cycles = append(o.Cycles, ring)
		}
		for _, dir := range ring {
			o.Needs[dir] = slices.DeleteFunc(slices.Clone(all[dir]), func(up string) bool { return slices.Contains(ring, up) })
		}
	}
	return o
}

// Ring is the circle that the capsule in dir is in, nil for most.
func (o *Order) Ring(dir string) []string {
	for _, ring := range o.Cycles {
		if slices.Contains(ring, dir) {
			return ring
		}
	}
	return nil
}

// Warning says of a circle's capsules, by name, that none can be built first.
func Warning(names []string) (message, hint string) {
	return strings.Join(names, ", ") + " take each other's modules, round and round; none of them can be built first",
		"take one of these modules out of the inputs of another"
}

// published is every published path, sorted, with the capsules that publish it.
type published struct {
	paths []string
	dirs  map[string][]string
}

func publishers(parts []Part) published {
	by := published{dirs: map[string][]string{}}
	for _, p := range parts {
		for _, path := range p.Publishes {
			by.paths = append(by.paths, path)
			by.dirs[path] = append(by.dirs[path], p.Dir)
		}
	}
	slices.Sort(by.paths)
	by.paths = slices.Compact(by.paths)
	return by
}

// taken lists whose modules p takes: those at the paths that it takes, and below them.
func (by published) taken(p Part) []string {
	var list []string
	for _, path := range p.Takes {
		list = append(list, by.dirs[path]...)
		prefix := strings.TrimSuffix(path, string(filepath.Separator)) + string(filepath.Separator)
		for at, _ := slices.BinarySearch(by.paths, prefix); at < len(by.paths) && strings.HasPrefix(by.paths[at], prefix); at++ {
			list = append(list, by.dirs[by.paths[at]]...)
		}
	}
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(dir string) bool { return dir == p.Dir })
}

// search is Tarjan's search for strongly connected components, which come out
// with every component after those that it needs.
type search struct {
	edges      map[string][]string
	index, low map[string]int // from 1; 0: not visited
	on         map[string]bool
	stack      []string
	rings      [][]string
}

func (s *search) visit(dir string) {
	s.index[dir] = len(s.index) + 1
	s.low[dir] = s.index[dir]
	s.stack, s.on[dir] = append(s.stack, dir), true
	for _, up := range s.edges[dir] {
		if s.index[up] == 0 {
			s.visit(up)
			s.low[dir] = min(s.low[dir], s.low[up])
		} else if s.on[up] {
			s.low[dir] = min(s.low[dir], s.index[up])
		}
	}
	if s.low[dir] != s.index[dir] {
		return
	}
	at := slices.Index(s.stack, dir)
	ring := slices.Clone(s.stack[at:])
	s.stack = s.stack[:at]
	for _, d := range ring {
		s.on[d] = false
	}
	s.rings = append(s.rings, ring)
}
