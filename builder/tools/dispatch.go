package tools

import (
	"context"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
)

// dispatch has a message handled as the runtime's dispatcher does it: handlers of different
// priorities are a chain, in which one may change the payload for the next, or end it; those of
// one priority are independent of each other. byDefault is called where there is none. The
// outcome is that of all of them.
func dispatch(ctx context.Context, g *guest.Guest, o host.Options, m host.Message, byDefault string) (*guest.Outcome, error) {
	list := o.Handlers(m.Topic)
	if len(list) == 0 {
		list = []host.Subscription{{Handler: byDefault}}
	}
	chain := list[0].Priority != list[len(list)-1].Priority
	payload := []byte(m.Payload)
	var all *guest.Outcome
	for _, h := range list {
		one, err := g.Call(ctx, h.Handler, payload, &m)
		if err != nil {
			return all, err
		}
		all = joined(all, one)
		if one.Error != "" || chain && one.Action != "continue" {
			break
		}
		if chain && len(one.Data) > 0 {
			payload = one.Data
		}
	}
	return all, nil
}

// joined is what came of two calls for one message: the first answer that has data counts.
func joined(before, now *guest.Outcome) *guest.Outcome {
	if before == nil {
		return now
	}
	if before.HasData && before.Action == "continue" {
		now.Action, now.Data, now.HasData = before.Action, before.Data, before.HasData
	}
	a, b := &before.Record, &now.Record
	b.Logs, b.Published, b.Calls = append(a.Logs, b.Logs...), append(a.Published, b.Published...), append(a.Calls, b.Calls...)
	b.Exchanges, b.Strayed = append(a.Exchanges, b.Exchanges...), append(a.Strayed, b.Strayed...)
	for _, l := range b.Lacked {
		if !slices.Contains(a.Lacked, l) {
			a.Lacked = append(a.Lacked, l)
		}
	}
	b.Lacked = a.Lacked
	b.Left += a.Left
	b.Used = slices.Concat(a.Used, b.Used)
	slices.Sort(b.Used)
	b.Used = slices.Compact(b.Used)
	b.Ready = b.Ready || a.Ready
	now.Millis += before.Millis
	now.Stdout, now.Stderr = before.Stdout+now.Stdout, before.Stderr+now.Stderr
	return now
}
