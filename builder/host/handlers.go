package host

import (
	"cmp"
	"slices"
	"strings"
)

// Handlers are what the manifest has called for a topic, in the order of their priorities, and
// among equal ones of their names. For a handler a * stands for one segment, also at the end
// (crate astrid-capsule, dispatcher.rs and topic.rs).
func (o Options) Handlers(topic string) (list []Subscription) {
	for _, s := range o.Subscribe {
		if s.Handler != "" && strings.Count(s.Pattern, ".") == strings.Count(topic, ".") && Matches(s.Pattern, topic) {
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b Subscription) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), strings.Compare(a.Handler, b.Handler))
	})
	return list
}
