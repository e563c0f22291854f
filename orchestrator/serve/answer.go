package serve

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/calls"
)

// failure is why something is not answered, as the page and programs read it.
type failure struct {
	status  int
	Message string `json:"error"`
	Hint    string `json:"hint,omitempty"`
}

// failed is err as a failure: of the call, of the capsule, or of this program.
func failed(err error) *failure {
	f := &failure{status: http.StatusInternalServerError, Message: err.Error()}
	var wrong *usage.Error
	switch {
	case errors.As(err, &wrong):
		f.status, f.Hint = http.StatusBadRequest, wrong.Hint
	case calls.IsGuestFault(err):
		f.status = http.StatusUnprocessableEntity
	}
	return f
}

func (f *failure) write(w http.ResponseWriter) { answer(w, f.status, f) }

// answer writes value. A reader that went away needs no answer.
func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
