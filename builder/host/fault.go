package host

import (
	"errors"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// fail is a case of a function's error type.
func fail(name string) error { return &abi.Fault{Name: name} }

// unknown is the case of an error type that carries a text.
func unknown(text string) error { return &abi.Fault{Name: "unknown", Value: text} }

// isFault reports whether an error is a case already.
func isFault(err error) bool {
	var f *abi.Fault
	return errors.As(err, &f)
}
