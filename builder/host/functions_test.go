package host

import (
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// Every function of every interface that a release offers has a Go function of its type, and
// no other is there.
func TestEveryFunctionIsAnswered(t *testing.T) {
	w := world(t, Options{})
	table := w.Functions()
	release := astrid.Newest()
	for name, iface := range release.Interfaces {
		for function, text := range iface.Functions {
			typ, err := abi.Parse(text)
			if err != nil {
				t.Errorf("%s.%s: %v", name, function, err)
				continue
			}
			fn, ok := table[name][function]
			if !ok {
				t.Errorf("%s.%s is not answered", name, function)
				continue
			}
			if _, err := abi.Bind(typ, fn); err != nil {
				t.Errorf("%s.%s: %v", name, function, err)
			}
		}
		for function := range table[name] {
			if _, ok := iface.Functions[function]; !ok {
				t.Errorf("%s has no %s", name, function)
			}
		}
		delete(table, name)
	}
	for name := range table {
		t.Errorf("the runtime %s has no %s", release.Version, name)
	}
}

func world(t testing.TB, o Options) *World {
	t.Helper()
	w, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}
