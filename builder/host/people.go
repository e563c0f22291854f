package host

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// What people answer: astrid:approval/host (host/approval.rs) and astrid:elicit/host
// (host/elicit.rs). Their answers are in Options; a question that has none is not answered,
// and ends as it does in the runtime when nobody is there: with a timeout.

// maxAction is how long the name of an action may be.
const maxAction = 256

type approvalRequest struct {
	Action         string
	TargetResource string
}

type approvalResponse struct{ Decision decision }

type decision string

// Decisions are what Options.Approve may say.
var Decisions = []string{"denied", "approved", "approved-session", "approved-always"}

func (w *World) requestApproval(r approvalRequest) (approvalResponse, error) {
	if len([]rune(r.Action)) > maxAction {
		return approvalResponse{}, fail("invalid-input")
	}
	action, resource := printable(r.Action), printable(r.TargetResource)
	for _, before := range w.approved {
		if strings.HasPrefix(resource, before+" ") {
			return approvalResponse{"allowance"}, nil
		}
	}
	switch w.options.Approve {
	case "": // nobody is there who could be asked
		w.book.lack(Lack{"astrid:approval/host.request-approval", action, "somebody who approves: --approve approved"})
		return approvalResponse{"denied"}, nil
	case "approved-session", "approved-always":
		if action != "" && len(w.approved) < maxApproved {
			w.approved = append(w.approved, action)
		}
	}
	return approvalResponse{decision(w.options.Approve)}, nil
}

// maxApproved bounds what a guest may have remembered.
const maxApproved = 10_000

// printable is a text without what moves a cursor, as the runtime shows it.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
}

type elicitRequest struct {
	Kind         elicitType
	Key          string
	Description  string
	Options      *[]string
	DefaultValue *string
}

type elicitType string

func (w *World) elicit(r elicitRequest) (abi.Case, error) {
	if err := r.valid(); err != nil {
		return abi.Case{}, err
	}
	answer, ok := w.options.Answers[r.Key]
	if !ok {
		w.book.lack(Lack{"astrid:elicit/host.elicit", r.Key, fmt.Sprintf("an answer: --answer %s=VALUE", r.Key)})
		return abi.Case{}, fail("timeout")
	}
	switch r.Kind {
	case "secret":
		if answer == "" {
			return abi.Case{}, fail("invalid-input")
		}
		w.secrets[r.Key] = answer
		return abi.Case{Name: "secret-stored"}, nil
	case "array":
		return abi.Case{Name: "values", Value: strings.Split(answer, ",")}, nil
	}
	return abi.Case{Name: "value", Value: answer}, nil
}

// valid is map_to_onboarding_field.
func (r elicitRequest) valid() error {
	hidden := r.Kind == "secret" || r.Kind == "array"
	if hidden && r.DefaultValue != nil {
		return fail("invalid-input")
	}
	if r.Kind != "select" {
		return nil
	}
	if r.Options == nil || len(*r.Options) == 0 || r.DefaultValue != nil && !slices.Contains(*r.Options, *r.DefaultValue) {
		return fail("invalid-input")
	}
	return nil
}

func (w *World) hasSecret(key string) (bool, error) {
	_, elicited := w.secrets[key]
	return elicited || slices.Contains(w.options.Secrets, key) && w.options.Config[key] != "", nil
}

func (w *World) approvalFunctions() functions {
	return functions{"request-approval": w.requestApproval}
}

func (w *World) elicitFunctions() functions {
	return functions{"elicit": w.elicit, "has-secret": w.hasSecret}
}
