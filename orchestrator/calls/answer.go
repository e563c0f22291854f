package calls

import (
	"errors"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
)

// Answer is what came of a call.
type Answer struct {
	Tool    string
	Result  *tools.Result // nil: Fault says why
	Fault   string
	Outcome *guest.Outcome
	Around  []Peer // other capsules that were found to be on its bus

	// Isolated: the real runtime answered. Of the Outcome there are the lines of the log and the time.
	Isolated bool

	Recorded string // the test that the call is now; "": it was not asked for
	New      bool   // it was none before

	secrets []string // values that are never written
}

// Failed reports whether the tool says that it failed, or gave no answer.
func (a *Answer) Failed() bool { return a.Result == nil || a.Result.IsError }

// Explain is why there is no answer, or that the tool failed; "" when neither is so.
func (a *Answer) Explain() string {
	switch {
	case a.Fault != "":
		return a.Tool + ": " + hide(a.Fault, a.secrets)
	case a.Failed():
		return a.Tool + " says that it failed"
	}
	return ""
}

// blame keeps what the capsule itself did wrong as the answer's fault. Another error is returned.
func (a *Answer) blame(err error) error {
	var fault *tools.FaultError
	if errors.As(err, &fault) {
		a.Fault = fault.Message
		return nil
	}
	return err
}

// known lists what there is, for a hint.
func known(what string, list []string) string {
	if len(list) == 0 {
		return "none is declared"
	}
	return what + strings.Join(list, ", ")
}
