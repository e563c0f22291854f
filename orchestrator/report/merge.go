package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Read is the JSON report in the file at path. Files in it are absolute.
func Read(path string) (Report, error) {
	data, err := fsys.Read(path, maxReport)
	if err != nil {
		return Report{}, err
	}
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return r, badReport{err}
	}
	if r.Version != Version || r.Root == "" {
		return r, badReport{fmt.Errorf("it is no report of version %d", Version)}
	}
	for i := range r.Capsules {
		r.absolute(&r.Capsules[i])
	}
	return r, nil
}

// absolute undoes what the writers do to the files of c, which are relative to Root there.
func (r Report) absolute(c *Capsule) {
	c.files(func(file string) string {
		if file != "" && !path.IsAbs(file) && !strings.Contains(file, ":") {
			return path.Join(r.Root, file)
		}
		return file
	})
}

// moved has the files below one root lie below another one: shards ran in different folders.
func (c *Capsule) moved(from, to string) {
	c.files(func(file string) string {
		if rest, ok := strings.CutPrefix(file, strings.TrimSuffix(from, "/")+"/"); ok {
			return path.Join(to, rest)
		}
		return file
	})
}

// files renames all files that c speaks of.
func (c *Capsule) files(name func(string) string) {
	full := func(file *string) { *file = name(*file) }
	list := func(findings []finding.Finding) {
		for i := range findings {
			full(&findings[i].File)
		}
	}
	for i := range c.Steps {
		list(c.Steps[i].Findings)
		for k := range c.Steps[i].Cases {
			full(&c.Steps[i].Cases[k].File)
			list(c.Steps[i].Cases[k].Findings)
		}
	}
	for i := range c.Artifacts {
		full(&c.Artifacts[i].Path)
	}
}

// ErrMerge is in every error of Merge.
var ErrMerge = errors.New("these reports are not the parts of one run")

// Merge makes one report of those of a run's shards: all of them, each once, made with the same
// flags. What is missing is an error: what nobody reports of is not known to be sound.
func Merge(parts []Report) (Report, error) {
	if len(parts) == 0 {
		return Report{}, fmt.Errorf("%w: there are none", ErrMerge)
	}
	whole := parts[0]
	whole.Options.Shard, whole.Capsules, whole.Cache = "", nil, nil
	seen := map[string]int{}
	count := 0
	for i, p := range parts {
		var index, of int
		if n, _ := fmt.Sscanf(p.Options.Shard, "%d/%d", &index, &of); n < 2 || index < 1 || of < index {
			return Report{}, fmt.Errorf("%w: report %d is of no shard", ErrMerge, i+1)
		}
		switch {
		case p.Options.Alike() != whole.Options:
			return Report{}, fmt.Errorf("%w: report %d was made with other flags than the first", ErrMerge, i+1)
		case p.Commit != whole.Commit:
			return Report{}, fmt.Errorf("%w: report %d is of commit %s, the first of %s", ErrMerge, i+1, cmp.Or(p.Commit, "none"), cmp.Or(whole.Commit, "none"))
		case p.Tool != whole.Tool:
			return Report{}, fmt.Errorf("%w: report %d was made by %s %s, the first by %s %s", ErrMerge, i+1, p.Tool.Name, p.Tool.Version, whole.Tool.Name, whole.Tool.Version)
		case count != 0 && of != count:
			return Report{}, fmt.Errorf("%w: report %d is of shard %s, and there are %d shards", ErrMerge, i+1, p.Options.Shard, count)
		case seen[p.Options.Shard] > 0:
			return Report{}, fmt.Errorf("%w: reports %d and %d are both of shard %s", ErrMerge, seen[p.Options.Shard], i+1, p.Options.Shard)
		}
		count, seen[p.Options.Shard] = of, i+1
		whole.add(p)
	}
	for i := range count {
		if name := fmt.Sprintf("%d/%d", i+1, count); seen[name] == 0 {
			return Report{}, fmt.Errorf("%w: that of shard %s is missing", ErrMerge, name)
		}
	}
	whole.Settle()
	for i := 1; i < len(whole.Capsules); i++ {
		if dir := whole.Capsules[i].Dir; dir == whole.Capsules[i-1].Dir {
			// a capsule that several shards built for others, and that failed, is in several reports
			if whole.Capsules[i].Verdict != Failed || whole.Capsules[i-1].Verdict != Failed {
				return Report{}, fmt.Errorf("%w: %s is in two of them; were the shards given the same --shard-times?", ErrMerge, dir)
			}
		}
	}
	whole.Capsules = slices.CompactFunc(whole.Capsules, func(a, b Capsule) bool { return a.Dir == b.Dir && a.Verdict == Failed })
	whole.Settle()
	return whole, nil
}

// add counts p in. The run began with the first and took as long as the longest.
func (r *Report) add(p Report) {
	if !p.Started.IsZero() && p.Started.Before(r.Started) {
		r.Started = p.Started
	}
	r.DurationMS = max(r.DurationMS, p.DurationMS)
	r.Interrupted = r.Interrupted || p.Interrupted
	for _, c := range p.Capsules {
		c.moved(p.Root, r.Root)
		r.Capsules = append(r.Capsules, c)
	}
	if p.Cache == nil {
		return
	}
	if r.Cache == nil {
		r.Cache = &Cache{Address: p.Cache.Address}
	}
	c, o := r.Cache, p.Cache
	c.Hits, c.Built, c.Offered, c.Again = c.Hits+o.Hits, c.Built+o.Built, c.Offered+o.Offered, c.Again+o.Again
	c.Differed, c.Refused, c.Failures = c.Differed+o.Differed, c.Refused+o.Refused, c.Failures+o.Failures
	c.Elsewhere += o.Elsewhere
	c.Read, c.Written = c.Read+o.Read, c.Written+o.Written
	for _, f := range o.Findings {
		if !slices.Contains(c.Findings, f) {
			c.Findings = append(c.Findings, f)
		}
	}
}
