package verify

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Shard is one of several runs that share the capsules between them. The zero
// value is the only run.
type Shard struct{ Index, Count int } // Index from 1

// ErrShard is in every error of ParseShard.
var ErrShard = errors.New("a shard is given as I/N, from 1/N to N/N")

// ParseShard reads "2/5".
func ParseShard(s string) (Shard, error) {
	i, n, ok := strings.Cut(s, "/")
	index, errI := strconv.Atoi(i)
	count, errN := strconv.Atoi(n)
	if !ok || errI != nil || errN != nil || index < 1 || count < index {
		return Shard{}, fmt.Errorf("reading the shard %q: %w", s, ErrShard)
	}
	return Shard{index, count}, nil
}

// String is "2/5", "" for the zero value.
func (s Shard) String() string {
	if s.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// of picks s's part of list: the longest first, each to the shard that has the
// least so far. It depends on its arguments alone, so that shards on different
// machines agree, and every capsule is in exactly one. What times does not know
// counts as the median of what it knows.
func (s Shard) of(list []string, times map[string]time.Duration) []string {
	if s.Count <= 1 {
		return list
	}
	guess := median(list, times)
	cost := func(name string) time.Duration {
		if t, ok := times[name]; ok {
			return max(t, time.Millisecond)
		}
		return guess
	}
	order := slices.Clone(list)
	slices.SortFunc(order, func(a, b string) int { return cmp.Or(cmp.Compare(cost(b), cost(a)), cmp.Compare(a, b)) })
	load := make([]time.Duration, s.Count)
	var mine []string
	for _, name := range order {
		least := 0
		for i := range load {
			if load[i] < load[least] {
				least = i
			}
		}
		load[least] += cost(name)
		if least == s.Index-1 {
			mine = append(mine, name)
		}
	}
	slices.Sort(mine)
	return mine
}

func median(list []string, times map[string]time.Duration) time.Duration {
	var known []time.Duration
	for _, name := range list {
		if t, ok := times[name]; ok {
			known = append(known, max(t, time.Millisecond))
		}
	}
	if len(known) == 0 {
		return time.Millisecond // all count the same
	}
	slices.Sort(known)
	return known[len(known)/2]
}
