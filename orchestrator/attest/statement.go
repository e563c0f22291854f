package attest

import (
	"path"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// The types of what is written, and of what of it is our own.
const (
	Type          = "application/vnd.in-toto+json" // of the envelope's payload
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "https://slsa.dev/provenance/v1"
	buildType     = "https://github.com/astrid-runtime/astrid-dev/blob/main/docs/verify-and-ci.md#build-type-1"
	builderID     = "https://github.com/astrid-runtime/astrid-dev"
)

// Statement is an in-toto statement.
type Statement struct {
	Type          string     `json:"_type"`
	Subject       []Resource `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     Provenance `json:"predicate"`
}

// Resource is in-toto's ResourceDescriptor.
type Resource struct {
	Name        string            `json:"name,omitempty"`
	URI         string            `json:"uri,omitempty"`
	Digest      map[string]string `json:"digest,omitempty"`
	Annotations map[string]any    `json:"annotations,omitempty"`
}

// Provenance is SLSA's, version 1.
type Provenance struct {
	Definition Definition `json:"buildDefinition"`
	Details    Details    `json:"runDetails"`
}

// Definition is what was to be built.
type Definition struct {
	BuildType    string         `json:"buildType"`
	External     map[string]any `json:"externalParameters"`
	Internal     map[string]any `json:"internalParameters,omitempty"`
	Dependencies []Resource     `json:"resolvedDependencies,omitempty"`
}

// Details are of the one run.
type Details struct {
	Builder    Builder    `json:"builder"`
	Metadata   Metadata   `json:"metadata"`
	Byproducts []Resource `json:"byproducts,omitempty"`
}

// Builder is who built.
type Builder struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version"`
}

// Metadata are the times of a build.
type Metadata struct {
	Started  time.Time `json:"startedOn"`
	Finished time.Time `json:"finishedOn"`
}

// of is the statement about a capsule that passed.
func of(r *report.Report, c report.Capsule, from *source) Statement {
	p := c.Proof
	s := Statement{Type: statementType, PredicateType: predicateType}
	for _, a := range c.Artifacts {
		s.Subject = append(s.Subject, Resource{Name: path.Join(c.Dir, a.Path), Digest: map[string]string{"sha256": p.SHA256[a.Path], "blake3": a.Hash},
			Annotations: map[string]any{"component": a.ID, "kind": a.Kind, "linksOn": p.LinksOn[a.Path]}})
	}
	s.Predicate.Definition = Definition{BuildType: buildType,
		External:     map[string]any{"capsule": c.Name, "version": p.Version, "folder": c.Dir, "options": r.Options, "runtimes": p.Runtimes},
		Internal:     map[string]any{"key": p.Key, "recipe": p.Recipe},
		Dependencies: append([]Resource{{Name: "sources", Digest: map[string]string{"blake3": c.SourceHash}}}, from.resources()...)}
	s.Predicate.Details = Details{Builder: Builder{builderID, map[string]string{r.Tool.Name: r.Tool.Version}},
		Metadata:   Metadata{p.Began.UTC().Truncate(time.Second), p.Ended.UTC().Truncate(time.Second)},
		Byproducts: []Resource{{Name: "verdict", Annotations: map[string]any{"verdict": c.Verdict, "steps": steps(c), "tests": tests(c), "builtElsewhere": c.Shared || c.Elsewhere}}}}
	return s
}

func steps(c report.Capsule) map[string]string {
	all := map[string]string{}
	for _, s := range c.Steps {
		all[s.Name.String()] = s.Verdict.String()
	}
	return all
}

// tests are the names of the tests that ran, all of which passed.
func tests(c report.Capsule) []string {
	list := []string{}
	for _, s := range c.Steps {
		for _, one := range s.Cases {
			list = append(list, one.File+": "+one.Name)
		}
	}
	return list
}
