package host

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// ipc is astrid:ipc/host (host/ipc.rs).
type ipc struct{ *World }

// Limits of host/ipc.rs, and of the rate limiter in the crate astrid-events.
const (
	maxPayload       = 1 << 20
	maxSubscriptions = 128
	maxWait          = 60 * time.Second
	maxThroughput    = 10 << 20 // bytes that a capsule may publish in a second
	maxPublished     = 5 << 20  // bytes of one payload, above which the rate limiter answers
)

type ipcMessage struct {
	Topic     string
	Payload   string
	SourceID  string `wit:"source-id"`
	Principal abi.Case
}

type ipcEnvelope struct {
	Messages []ipcMessage
	Dropped  uint64
	Lagged   uint64
}

type interceptorBinding struct {
	HandleID uint64 `wit:"handle-id"`
	Action   string
	Topic    string
}

const failureTopics = "astrid.v1.delivery_failure"

func (i ipc) publish(topic, payload string) error {
	return i.publishAs("astrid:ipc/host.publish", topic, payload, i.principal())
}

// publishForOther is publish-as: the name that the guest gives does not count, and without
// a connection there is nobody but the one who may do nothing.
func (i ipc) publishForOther(topic, payload, _ string) error {
	if !i.options.Capabilities.Uplink {
		return i.denied("astrid:ipc/host.publish-as", topic, "[capabilities] uplink = true")
	}
	return i.publishAs("astrid:ipc/host.publish-as", topic, payload, "anonymous")
}

func (i ipc) publishAs(function, topic, payload, principal string) error {
	switch {
	case strings.HasPrefix(topic, failureTopics):
		return i.denied(function, topic, "nothing: only the runtime publishes it")
	case len(topic) > maxTopic:
		return fail("invalid-input")
	case !i.mayPublish(len(payload)):
		return fail("rate-limited")
	case !validTopic(topic), strings.Count(topic, ".") >= maxSegments:
		return fail("invalid-input")
	case !anyMatches(i.options.Publish, topic):
		return i.denied(function, topic, quoted("publish", topic))
	case len(payload) > maxPayload:
		return fail("invalid-input")
	}
	text, ok := canonical(payload)
	if !ok {
		return fail("invalid-input")
	}
	m := Message{Topic: topic, Payload: text, Source: CapsuleUUID, Principal: principal}
	i.book.publish(m)
	i.bus.deliver(m)
	if i.tell != nil {
		i.tell(m)
	}
	return nil
}

// canonical is a payload as it arrives: the runtime reads it and writes it anew, with the
// keys of objects in their order.
func canonical(payload string) (json.RawMessage, bool) {
	d := json.NewDecoder(strings.NewReader(payload))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil || d.More() {
		return nil, false
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, false
	}
	return json.RawMessage(bytes.TrimSpace(b.Bytes())), true
}

// mayPublish counts what is published in a second of the world's clock.
func (i ipc) mayPublish(n int) bool {
	if n > maxPublished {
		return false
	}
	if i.elapsed-i.window.began >= time.Second {
		i.window.began, i.window.bytes = i.elapsed, 0
	}
	if i.window.bytes+n > maxThroughput {
		return false
	}
	i.window.bytes += n
	return true
}

func (i ipc) subscribe(pattern string) (abi.Rep, error) {
	const function = "astrid:ipc/host.subscribe"
	wild := strings.Index("."+pattern+".", ".*.")
	switch {
	case len(pattern) > maxTopic, !validTopic(pattern), strings.Count(pattern, ".") >= maxSegments,
		wild >= 0 && wild+1 < len(pattern): // a * is the last segment, or there is none
		return 0, fail("invalid-input")
	case !anyMatches(i.patterns(), pattern):
		return 0, i.denied(function, pattern, quoted("subscribe", pattern))
	case len(i.bus.subscriptions) >= maxSubscriptions:
		return 0, fail("quota")
	}
	rep, ok := i.add(i.bus.subscribe(pattern))
	if !ok {
		return 0, unknown("resource table: full")
	}
	return rep, nil
}

func (i ipc) patterns() (list []string) {
	for _, s := range i.options.Subscribe {
		list = append(list, s.Pattern)
	}
	return list
}

func (i ipc) getInterceptorBindings() ([]interceptorBinding, error) { return i.bindings, nil }

func (i ipc) poll(self abi.Rep) (ipcEnvelope, error) {
	s, ok := get[*subscription](i.World, self)
	if !ok {
		return ipcEnvelope{}, fail("closed")
	}
	return i.envelope(s), nil
}

// recv waits for a message. While none is there the guest is idle: whoever runs it may hand
// it one, and else the time of the world passes.
func (i ipc) recv(self abi.Rep, timeout uint64) (ipcEnvelope, error) {
	s, ok := get[*subscription](i.World, self)
	if !ok {
		return ipcEnvelope{}, fail("closed")
	}
	wait := maxWait
	if timeout < uint64(maxWait/time.Millisecond) {
		wait = time.Duration(timeout) * time.Millisecond
	}
	if len(s.queue) == 0 {
		i.Wait(Signal{Idle: true, For: wait})
	}
	if len(s.queue) == 0 {
		i.elapsed += wait
	}
	return i.envelope(s), nil
}

// envelope takes one message at most: it is handled in one caller's name.
func (i ipc) envelope(s *subscription) ipcEnvelope {
	e := ipcEnvelope{Messages: []ipcMessage{}, Lagged: s.lagged}
	s.lagged = 0
	if len(s.queue) == 0 {
		return e
	}
	m := s.take()
	i.message = &m
	from := abi.Case{Name: "system"}
	if m.Principal != "" {
		from = abi.Case{Name: "verified", Value: m.Principal}
	}
	e.Messages = append(e.Messages, ipcMessage{m.Topic, string(m.Payload), m.Source, from})
	return e
}

func (i ipc) functions() functions {
	return functions{
		"publish":                                  i.publish,
		"publish-as":                               i.publishForOther,
		"subscribe":                                i.subscribe,
		"get-interceptor-bindings":                 i.getInterceptorBindings,
		"[method]subscription.poll":                i.poll,
		"[method]subscription.recv":                i.recv,
		"[method]subscription.subscribe-readiness": func(abi.Rep) abi.Rep { return i.alwaysReady() },
	}
}
