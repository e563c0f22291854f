package component

import (
	"cmp"
	"slices"
)

// features collects the proposals that a module uses.
type features [featureCount]Proposal

// use records one use of a feature at an offset.
func (fs *features) use(f Feature, pos int, what string) {
	if fs == nil {
		return
	}
	if p := &fs[f]; p.Uses == 0 {
		*p = Proposal{Feature: f, Offset: int64(pos), Uses: 1, What: what}
	} else {
		p.Uses++
	}
}

// sorted lists the features that were used by their first offset.
func (fs *features) sorted() (ps []Proposal) {
	for _, p := range fs {
		if p.Uses > 0 {
			ps = append(ps, p)
		}
	}
	slices.SortFunc(ps, func(a, b Proposal) int { return cmp.Compare(a.Offset, b.Offset) })
	return ps
}
