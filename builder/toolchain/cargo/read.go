package cargo

import (
	"os"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
)

// document is ReadFile that is never nil.
func document(path string) *tomldoc.Document {
	if doc := tomldoc.ReadFile(path); doc != nil {
		return doc
	}
	return tomldoc.Empty(path)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// Env looks up a variable of the environment that cargo will have.
type Env func(name string) (value string, set bool)

func (e Env) get(name string) string {
	value, _ := e(name)
	return value
}
