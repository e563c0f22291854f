package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
)

// Topics of tools (crate astrid-capsule, topic.rs and tool_discovery.rs).
const (
	DescribeTopic  = "tool.v1.request.describe"
	DescribeAnswer = "tool.v1.response.describe.*"
	executeTopic   = "tool.v1.execute."
	resultSuffix   = ".result"
)

// Tool is one tool as the capsule describes it.
type Tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	InputSchema json.RawMessage `json:"input_schema,omitempty"`
}

// caller is the identity of who asks: the broker that the runtime's clients go through.
const caller = "00000000-0000-4000-8000-00000000000b"

// Describe asks the guest for its tools; none is no error. What it did meanwhile is in the
// Outcome. An error that is a *FaultError is the guest's own.
func Describe(ctx context.Context, g *guest.Guest, o host.Options) ([]Tool, *guest.Outcome, error) {
	message := ask{DescribeTopic, json.RawMessage("{}"), "tool_describe", DescribeAnswer}
	data, outcome, err := message.of(ctx, g, o)
	if err != nil || data == nil {
		return nil, outcome, err
	}
	list, err := ReadTools(data)
	return list, outcome, err
}

// ReadTools reads what a capsule answers when it is asked for its tools. The error is a *FaultError.
func ReadTools(data []byte) ([]Tool, error) {
	var answer struct {
		Tools []Tool `json:"tools"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, &FaultError{fmt.Sprintf("it describes its tools with what is no JSON of tools: %v", err)}
	}
	return answer.Tools, nil
}

// FaultError is a guest that did not answer as it should.
type FaultError struct{ Message string }

func (e *FaultError) Error() string { return e.Message }

// ask is what a guest is asked, and where it answers.
type ask struct {
	topic   string
	payload json.RawMessage
	handler string // that is called where the manifest names none
	answer  string // pattern of the topic on which it answers
}

// of asks the guest, its handler or its run loop, and returns what it answers: its data, else
// what it published. nil is nothing.
func (a ask) of(ctx context.Context, g *guest.Guest, o host.Options) ([]byte, *guest.Outcome, error) {
	m := host.Message{Topic: a.topic, Payload: a.payload, Source: caller, Principal: cmp.Or(o.Caller.Principal, host.DefaultPrincipal)}
	var outcome *guest.Outcome
	var err error
	if g.RunLoop() {
		outcome, err = g.Deliver(ctx, m)
	} else {
		outcome, err = dispatch(ctx, g, o, m, a.handler)
	}
	switch {
	case err != nil:
		return nil, outcome, err
	case outcome.Error != "":
		return nil, outcome, &FaultError{outcome.Error}
	case outcome.HasData && outcome.Action == "continue":
		return outcome.Data, outcome, nil
	}
	for _, p := range outcome.Record.Published {
		if host.Matches(a.answer, p.Topic) {
			return p.Payload, outcome, nil
		}
	}
	return nil, outcome, nil
}

// denial is what a guest says that does not do what it is asked for; "" when it does.
func denial(o *guest.Outcome) string {
	if o.Action != "deny" && o.Action != "abort" {
		return ""
	}
	return strings.TrimSpace("it answered " + o.Action + ": " + string(o.Data))
}
