package host

import "strings"

// maxTopic is the length of a topic, maxSegments how deep it is (host/ipc.rs).
const (
	maxTopic    = 256
	maxSegments = 8
)

// validTopic reports whether a topic or pattern has no empty segments (topic.rs).
func validTopic(s string) bool {
	for segment := range strings.SplitSeq(s, ".") {
		if segment == "" {
			return false
		}
	}
	return true
}

// maxTopicDepth is beyond which nothing fits (astrid-events, route/matcher.rs).
const maxTopicDepth = 20

// Matches reports whether a topic, or a narrower pattern, fits a pattern. At the end of a
// pattern a * stands for one segment or more, elsewhere for one (astrid-events,
// route/matcher.rs, topic_pattern_matches).
func Matches(pattern, topic string) bool {
	have := strings.Split(topic, ".")
	if len(have) > maxTopicDepth {
		return false
	}
	prefix, open := strings.CutSuffix(pattern, ".*")
	want := strings.Split(prefix, ".")
	if open && len(have) <= len(want) || !open && len(have) != len(want) {
		return false
	}
	for i, segment := range want {
		if segment != "*" && segment != have[i] {
			return false
		}
	}
	return true
}

// Overlap reports whether there is a topic that fits both patterns.
func Overlap(a, b string) bool {
	x, openX := strings.CutSuffix(a, ".*")
	y, openY := strings.CutSuffix(b, ".*")
	p, q := strings.Split(x, "."), strings.Split(y, ".")
	if len(p) > len(q) {
		p, q, openX, openY = q, p, openY, openX
	}
	for i := range p {
		if p[i] != q[i] && p[i] != "*" && q[i] != "*" {
			return false
		}
	}
	return openX && (openY || len(q) > len(p)) || !openX && !openY && len(p) == len(q)
}

func anyMatches(patterns []string, topic string) bool {
	for _, p := range patterns {
		if Matches(p, topic) {
			return true
		}
	}
	return false
}
