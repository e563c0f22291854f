package daemon

import (
	"fmt"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Value is one of [env], as the runtime takes it with an install.
type Value struct {
	Key  string `json:"key"`
	Text string `json:"value"`
	Kind string `json:"kind"` // Text or Secret
}

// ValuesOf are the values of m's [env] to install it with: those that were given, else those of
// its settings, else the manifest's defaults. The runtime's own installer asks a person for what is missing, or
// refuses. kept are the names of the values that a runtime has already, nil for a fresh
// one: those are left as they are unless they were given, and defaults are the runtime's to
// know.
func ValuesOf(m *capsule.Manifest, given map[string]string, kept map[string]bool) (list []Value, missing []finding.Finding) {
	list = []Value{} // the runtime takes no null
	for _, v := range m.Env {
		text, ok := given[v.Name]
		if !ok {
			text, ok = m.Dev.Var[v.Name]
		}
		if !ok && kept != nil && (kept[v.Name] || v.Default != nil) {
			continue
		}
		if !ok && v.Default != nil {
			text, ok = fmt.Sprint(v.Default), true
		}
		f := finding.Finding{Code: finding.IsolatedValue, File: tree.ManifestName}
		f.Line, f.Column = m.Position(v.Key...)
		switch {
		case !ok:
			f.Message = fmt.Sprintf("[env] asks for %s, which has no default and was not given", v.Name)
			f.Hint = fmt.Sprintf("give it: --var %s=VALUE; or [package.metadata.astrid-dev] var = { %[1]s = \"...\" }", v.Name)
		case len(v.EnumValues) > 0 && !slices.Contains(v.EnumValues, text):
			f.Message = fmt.Sprintf("%s cannot be %q", v.Name, text)
			f.Hint = "the choices are " + strings.Join(v.EnumValues, ", ")
		default:
			kind := "Text"
			if v.Type == "secret" {
				kind = "Secret"
			}
			list = append(list, Value{v.Name, text, kind})
			continue
		}
		missing = append(missing, f)
	}
	return list, missing
}
