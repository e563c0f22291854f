package tests

import (
	"slices"
	"strings"
)

// came is what stands in the place of the messages and lines of the log that were missed, by the
// index of the miss. One message or line stands in one place, and not where another expectation has it.
func (r *Ran) came() map[int]any {
	came := map[int]any{}
	r.cameLogged(came)
	r.camePublished(came)
	return came
}

// missedOf are the misses of a kind, by their index.
func (r *Ran) missedOf(kind string) (list []int) {
	for i, m := range r.Missed {
		if m.kind == kind && m.index >= 0 {
			list = append(list, i)
		}
	}
	return list
}

// metOf reports whether an expectation of a kind that was not missed is met by what fits.
func (r *Ran) metOf(kind string, fits func(want any) bool) bool {
	for i, e := range r.test.expect {
		if e.want == any(none{}) {
			continue
		}
		missed := slices.ContainsFunc(r.Missed, func(m Miss) bool { return m.index == i })
		if e.kind == kind && !missed && fits(e.want) {
			return true
		}
	}
	return false
}

// cameLogged chooses for each line the one that begins most like it.
func (r *Ran) cameLogged(came map[int]any) {
	var free []string
	for _, line := range r.seen.lines() {
		if !r.metOf("log", func(want any) bool { return strings.Contains(line, want.(string)) }) {
			free = append(free, line)
		}
	}
	for _, i := range r.missedOf("log") {
		if len(free) == 0 {
			return
		}
		want, some := r.test.expect[r.Missed[i].index].want.(string)
		if !some {
			return // that none was expected: the miss has all of them
		}
		best := 0
		for k := range free {
			if alike(free[k], want) > alike(free[best], want) {
				best = k
			}
		}
		came[i] = free[best]
		free = slices.Delete(free, best, best+1)
	}
}

// alike is how many bytes two texts begin with.
func alike(a, b string) (n int) {
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// camePublished chooses for each message the first of its topic, else the first of any.
func (r *Ran) camePublished(came map[int]any) {
	missed := r.missedOf("published")
	var free []publication
	for _, m := range r.seen.published {
		met := func(want any) bool { return want.(publication).met(m) }
		if !r.metOf("published", met) {
			free = append(free, publication{m.Topic, decoded(m.Payload), true})
		}
	}
	for _, sameTopic := range []bool{true, false} {
		for _, i := range missed {
			want, some := r.test.expect[r.Missed[i].index].want.(publication)
			if !some {
				return // that none was expected: the miss has all of them
			}
			k := slices.IndexFunc(free, func(p publication) bool { return !sameTopic || p.topic == want.topic })
			if _, has := came[i]; !has && k >= 0 {
				came[i] = free[k]
				free = slices.Delete(free, k, k+1)
			}
		}
	}
}

// kindOf is a key of expect with what came.
type kindOf struct {
	name  string
	value any
}

// whole is all that came, as an expect has it: what TOML cannot say is left out.
func (r *Ran) whole() (list []kindOf) {
	s := r.seen
	switch {
	case s.failed:
		list = append(list, kindOf{"error", s.plainText()})
	case r.test.tool != "" || s.content != "":
		list = append(list, kindOf{"result", s.value()})
	}
	if len(s.published) > 0 || r.test.topic != "" {
		list = append(list, kindOf{"published", s.publications()})
	}
	files := map[string]any{}
	for _, f := range s.outcome.Record.Files {
		switch path := strings.TrimPrefix(f.Path, "cwd://"); {
		case f.Gone:
			files[path] = false
		case !f.Folder:
			files[path] = string(f.Data)
		}
	}
	kv := map[string]any{}
	for key, value := range s.outcome.State {
		if string(r.test.world.kv[key]) != string(value) {
			kv[key] = stored(value)
		}
	}
	for key := range r.test.world.kv {
		if _, has := s.outcome.State[key]; !has {
			kv[key] = false
		}
	}
	for _, k := range []kindOf{{"files", files}, {"kv", kv}} {
		if values := sayable(k.value.(map[string]any)); len(values) > 0 {
			list = append(list, kindOf{k.name, values})
		}
	}
	if lines := s.logged(); len(lines) > 0 {
		list = append(list, kindOf{"log", lines})
	}
	return list
}

// stored is a value of a key as a file of tests has it: a table where it is one, else its bytes as text.
func stored(value []byte) any {
	if table, ok := decoded(value).(map[string]any); ok {
		if _, _, ok := literal(table); ok {
			return table
		}
	}
	return string(value)
}

// sayable are the entries of a table that TOML can say.
func sayable(table map[string]any) map[string]any {
	for key, value := range table {
		if _, _, ok := literal(value); !ok {
			delete(table, key)
		}
	}
	return table
}
