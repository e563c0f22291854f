// Package usage is the error of a wrong call or a wrong environment, which no capsule can
// help: the program ends with 2 then, and says what to do.
package usage

// Error is one. Hint says what to do; "" where nothing can be said.
type Error struct {
	Err  error
	Hint string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// New makes err one.
func New(err error) error { return &Error{Err: err} }

// Hint makes err one that says what to do.
func Hint(err error, hint string) error { return &Error{err, hint} }
