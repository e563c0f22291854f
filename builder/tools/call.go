package tools

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
)

// Result is what a tool answered.
type Result struct {
	Content string `json:"content"` // as the tool gave it, mostly the JSON of a value
	IsError bool   `json:"is_error"`
}

// callID is the identity of a call. There is one at a time.
const callID = "call-1"

// Call calls a tool with arguments, a JSON object. What it did is in the Outcome. An error
// that is a *FaultError is the guest's own: it trapped, or gave no result.
func Call(ctx context.Context, g *guest.Guest, o host.Options, name string, arguments json.RawMessage) (*Result, *guest.Outcome, error) {
	topic, payload, err := Request(name, arguments)
	if err != nil {
		return nil, nil, err
	}
	data, outcome, err := ask{topic, payload, "tool_execute_" + name, topic + resultSuffix}.of(ctx, g, o)
	if err != nil {
		return nil, outcome, err
	}
	if data == nil {
		return nil, outcome, &FaultError{silence(topic, outcome)}
	}
	result, err := ReadResult(name, data)
	return result, outcome, err
}

// Request is the message that calls a tool, and its topic.
func Request(name string, arguments json.RawMessage) (topic string, payload json.RawMessage, err error) {
	payload, err = json.Marshal(map[string]any{"type": "tool_execute_request", "call_id": callID, "tool_name": name, "arguments": arguments})
	if err != nil {
		return "", nil, fmt.Errorf("writing the request: %w", err)
	}
	return executeTopic + name, payload, nil
}

// ReadResult reads what the capsule published as the result of a tool. The error is a *FaultError.
func ReadResult(name string, data []byte) (*Result, error) {
	var answer struct {
		Result *Result `json:"result"`
	}
	if err := json.Unmarshal(data, &answer); err != nil || answer.Result == nil {
		return nil, &FaultError{fmt.Sprintf("what it published on %s is no result of a tool", ResultTopic(name))}
	}
	return answer.Result, nil
}

// ResultTopic is where the runtime waits for the result of a tool.
func ResultTopic(name string) string { return executeTopic + name + resultSuffix }

// Send hands the guest a message, as the runtime does for the handler that its manifest names for
// the topic, or for its run loop. What it did is in the Outcome; the answer is a handler's, nil
// where it gives none. An error that is a *FaultError is the guest's own.
func Send(ctx context.Context, g *guest.Guest, o host.Options, topic string, payload json.RawMessage) ([]byte, *guest.Outcome, error) {
	if !g.RunLoop() && len(o.Handlers(topic)) == 0 {
		return nil, nil, &FaultError{"no entry of [subscribe] has a handler for " + topic}
	}
	const none = "" // no topic fits it: what a handler publishes is no answer
	data, outcome, err := ask{topic: topic, payload: payload, answer: none}.of(ctx, g, o)
	if err == nil && g.RunLoop() && outcome.Handed == 0 {
		err = &FaultError{"its run loop is subscribed to nothing that " + topic + " fits"}
	}
	return data, outcome, err
}

// silence says why there is no result.
func silence(topic string, o *guest.Outcome) string {
	for _, l := range o.Record.Lacked {
		if l.What == topic+resultSuffix {
			return fmt.Sprintf("its result was refused: Capsule.toml does not declare %s", l.Needs)
		}
	}
	if said := denial(o); said != "" {
		return said
	}
	if o.RunLoop && o.Handed == 0 {
		return "its run loop is subscribed to nothing that " + topic + " fits"
	}
	return "it published no result on " + topic + resultSuffix
}
