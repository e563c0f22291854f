package verify

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// build2 is what is known of a pair of builds when their modules differ.
type build2 struct {
	tops    [2]string    // the folders of the two copies
	started [2]time.Time // of the two builds
	ended   time.Time    // of the second
}

// cause is why two builds usually differ like that, and what to do.
type cause struct{ message, hint string }

var causes = struct{ path, snapshot, stamp, tools, order, random cause }{
	path: cause{"the path of the build folder is in the bytes",
		"build with paths left out: -trimpath (Go), --remap-path-prefix=$PWD=. in RUSTFLAGS or trim-paths (Rust), -ffile-prefix-map=$(CURDIR)=. (C and Zig's C), --noDebug (AssemblyScript), or strip the custom sections"},
	snapshot: cause{"the module holds the memory of a JavaScript engine that was given the time and random numbers when it was started for the build",
		"for componentize-qjs build with an engine that is given neither: engine.mjs of astrid-dev new --lang js makes it, for --runtime; for componentize-js no such way is known, so leave --repro out"},
	stamp: cause{"it looks like the time of the build",
		"take the time from SOURCE_DATE_EPOCH or leave it out"},
	tools: cause{"the two were made by different tools",
		"pin the toolchain: rust-toolchain.toml, the toolchain line of go.mod, or a lock file"},
	order: cause{"both have the same bytes, in another order",
		"sort what comes from a map, from a folder or from several threads before it is written; for Rust set codegen-units = 1 in the profile"},
	random: cause{"neither a path nor a time was found there",
		"usual causes: names or ids that are chosen at random, the order of a map or of files in a folder, threads that race"},
}

// window is how far around the first difference a time is looked for: a date as
// text has up to 30 bytes, and its first digits are the same.
const window = 40

// guess names the usual cause of d.
func (p build2) guess(a, b []byte, d difference) cause {
	switch {
	case bytes.Contains(a, []byte(p.tops[0])) || bytes.Contains(b, []byte(p.tops[1])):
		return causes.path
	case strings.Contains(d.where, "data section") && engines.Match(a):
		return causes.snapshot
	case strings.Contains(d.where, `custom section "producers"`):
		return causes.tools
	case p.isTime(around(a, d.a)) || p.isTime(around(b, d.b)):
		return causes.stamp
	case reordered(a, b):
		return causes.order
	}
	return causes.random
}

// reordered reports whether a and b have every byte equally often.
func reordered(a, b []byte) bool {
	var count [256]int
	for _, c := range a {
		count[c]++
	}
	for _, c := range b {
		count[c]--
	}
	return count == [256]int{}
}

// engines are the names that JavaScript engines leave in a module.
var engines = regexp.MustCompile(`(?i:quickjs|starlingmonkey|spidermonkey)`)

func around(data []byte, at int) []byte {
	return data[max(0, at-window):min(len(data), at+window)]
}

var dates = regexp.MustCompile(`\d{4}[-/]\d{2}[-/]\d{2}|\d{1,2}:\d{2}:\d{2}|\d{8}T\d{4}|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d|\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)`)

var digits = regexp.MustCompile(`\d{10,19}`)

// isTime reports whether text holds a date, or a count since 1970 that lies
// between the two builds: as digits or as a little-endian number, in seconds,
// milliseconds, microseconds or nanoseconds.
func (p build2) isTime(text []byte) bool {
	if dates.Match(text) {
		return true
	}
	for _, run := range digits.FindAll(text, -1) {
		var n uint64
		if _, err := fmt.Sscan(string(run), &n); err == nil && p.between(n) {
			return true
		}
	}
	for i := range text {
		if rest := text[i:]; len(rest) >= 8 && p.between(binary.LittleEndian.Uint64(rest)) || len(rest) >= 4 && p.between(uint64(binary.LittleEndian.Uint32(rest))) {
			return true
		}
	}
	return false
}

func (p build2) between(n uint64) bool {
	from, to := p.started[0].Add(-time.Second), p.ended.Add(time.Second)
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond, time.Nanosecond} {
		if n >= uint64(from.UnixNano()/int64(unit)) && n <= uint64(to.UnixNano()/int64(unit)) {
			return true
		}
	}
	return false
}
