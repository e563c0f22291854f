package check

import (
	"fmt"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// The topics of the tool bus. A tool's handler is called on
// tool.v1.execute.<tool> and answers on the same topic with .result; the
// describe pair is how the bus learns which tools there are.
const (
	executePrefix   = "tool.v1.execute."
	resultTopics    = "tool.v1.execute.*.result"
	describeRequest = "tool.v1.request.describe"
	describeAnswers = "tool.v1.response.describe.*"
	describeHandler = "tool_describe" // the SDK's macro makes it
)

// tools finds handlers of tools without the topics that make them usable.
func tools(c *capsuleFiles) {
	first := -1
	for i, t := range c.m.Subscribe {
		if !isToolHandler(t) {
			continue
		}
		if first < 0 {
			first = i
		}
		if !covered(c.m.Publish, t.Pattern+".result") {
			c.addKey(finding.ToolResultPublish, t.Key, "write under [publish]: "+topicLine(resultTopics),
				"the handler of %q may not publish %q", t.Pattern, t.Pattern+".result")
		}
	}
	if first < 0 {
		return
	}
	at := c.m.Subscribe[first]
	if !covered(c.m.Publish, strings.TrimSuffix(describeAnswers, "*")+"x") {
		c.addKey(finding.ToolDescribePublish, at.Key, "write under [publish]: "+topicLine(describeAnswers), "the capsule has tools and may not publish %q", describeAnswers)
	}
	for _, t := range c.m.Subscribe {
		if t.Pattern == describeRequest && t.Handler != "" {
			return
		}
	}
	c.addKey(finding.ToolDescribeSubscribe, at.Key, "write under [subscribe]: "+describeLine(), "the capsule has tools and no handler of %q", describeRequest)
}

func describeLine() string {
	return fmt.Sprintf("%q = { wit = %q, handler = %q }", describeRequest, witOf(describeRequest), describeHandler)
}

func isToolHandler(t capsule.Topic) bool {
	name, ok := strings.CutPrefix(t.Pattern, executePrefix)
	return ok && t.Handler != "" && name != "" && name != "result" && !strings.HasSuffix(name, ".result")
}

// covered reports whether one of the patterns lets a topic through. A * is one
// segment, as the last one it may be several.
func covered(patterns []capsule.Topic, topic string) bool {
	segments := strings.Split(topic, ".")
	for _, p := range patterns {
		if matches(strings.Split(p.Pattern, "."), segments) {
			return true
		}
	}
	return false
}

func matches(pattern, topic []string) bool {
	for i, p := range pattern {
		if i >= len(topic) || p != "*" && p != topic[i] {
			return false
		}
		if p == "*" && i == len(pattern)-1 {
			return true
		}
	}
	return len(pattern) == len(topic)
}
