package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// Version is the JSON report's format. A changed name or meaning needs a new one;
// a new optional field does not.
const Version = 1

// Report is one run of verify. The fields Started and those named DurationMS are
// the only ones that differ between two runs over the same tree with
// reproducible builds; see WithoutTimes.
type Report struct {
	Version     int       `json:"version"` // set by the writers
	Tool        Tool      `json:"tool"`
	Started     time.Time `json:"started,omitzero"` // written in UTC; zero is left out
	DurationMS  int64     `json:"duration_ms"`      // of the whole run, in milliseconds
	Root        string    `json:"root"`             // absolute; best the repository's top, which forges resolve paths against
	Commit      string    `json:"commit,omitempty"` // of the repository at Root when the run began; "": there is none
	Options     Options   `json:"options"`
	Interrupted bool      `json:"interrupted"` // ended before its time, by a signal or the run's timeout
	Capsules    []Capsule `json:"capsules"`
	Summary     Summary   `json:"summary"` // set by Settle and the writers
	Cache       *Cache    `json:"cache,omitempty"`

	// Copies are absolute folders that hold a copy of Root in which builds ran.
	// Files below them are written as files of Root, and their names are taken
	// out of messages, hints and tails, which would differ from run to run.
	Copies []string `json:"-"`
	// From is the folder of the person who reads the answer, from which files are
	// seen in it; "": Root.
	From string `json:"-"`
}

// Tool is the program that wrote the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Options are the flags that decide what a run looks at.
type Options struct {
	Strict        bool   `json:"strict"`
	Repro         bool   `json:"repro"`
	CheckArtifact bool   `json:"check_artifact"`
	FailFast      bool   `json:"fail_fast"`
	ChangedSince  string `json:"changed_since,omitempty"` // the ref as it was given
	Against       string `json:"against,omitempty"`       // likewise
	Shard         string `json:"shard,omitempty"`         // "i/n"
	Runtime       string `json:"runtime,omitempty"`       // the releases of --runtime, with commas between
	Changes       bool   `json:"runtime_changes,omitempty"`
	Isolated      bool   `json:"isolated,omitempty"`
}

// Alike are those flags that two runs must share for their reports to be parts of one.
func (o Options) Alike() Options {
	o.Shard = ""
	return o
}

// Cache tells of the results that machines share.
type Cache struct {
	Address   string            `json:"address"`             // of the store, as it was given
	Hits      int               `json:"hits"`                // capsules whose modules were taken from it
	Built     int               `json:"built"`               // capsules that were built because it had nothing that counts,
	Elsewhere int               `json:"elsewhere,omitempty"` // and by another machine
	Offered   int               `json:"offered"`             // results that it was given
	Again     int               `json:"again"`               // hits that were built again and compared,
	Differed  int               `json:"differed"`            // and came out otherwise
	Refused   int               `json:"refused"`             // entries and modules that were not believed
	Failures  int               `json:"failures"`            // questions that it did not answer
	Read      int64             `json:"read"`                // bytes of modules
	Written   int64             `json:"written"`             // likewise
	Findings  []finding.Finding `json:"findings"`            // what went wrong with it; never a capsule's fault
}

// Capsule is what became of one capsule.
type Capsule struct {
	Name       string     `json:"name"` // may be empty where the manifest could not be read
	Dir        string     `json:"dir"`  // relative to Root ("." is Root itself), or absolute
	Verdict    Verdict    `json:"verdict"`
	Reason     string     `json:"reason,omitempty"`  // why it was skipped or not run
	Changed    string     `json:"changed,omitempty"` // why --changed-since selected it
	DurationMS int64      `json:"duration_ms"`
	Steps      []Step     `json:"steps"`
	SourceHash string     `json:"source_hash,omitempty"` // lower-case hex; empty where it was not taken
	Elsewhere  bool       `json:"elsewhere,omitempty"`   // another machine built its modules for this run, and they were loaded here
	Shared     bool       `json:"shared,omitempty"`      // its modules are another machine's, and were loaded here
	Artifacts  []Artifact `json:"artifacts"`

	Proof *Proof `json:"-"` // what an attestation says besides; nil where nothing was built
}

// Proof is what is known of a capsule that was built, for others to check.
type Proof struct {
	Version  string    // the manifest's
	Key      string    // the portable key: of everything that the build depended on
	Recipe   []string  // toolchain, versions, flags, profile and command, as the key has them
	Began    time.Time // the build, and what followed it
	Ended    time.Time
	Runtimes []string            // the releases of the runtime that judged
	LinksOn  map[string][]string // the known releases that have all imports of a module, by its path below the capsule
	SHA256   map[string]string   // of the modules, likewise
}

// Step is one check of one capsule.
type Step struct {
	Name       StepName `json:"name"`
	Verdict    Verdict  `json:"verdict"`
	Reason     string   `json:"reason,omitempty"` // why it was skipped or not run
	DurationMS int64    `json:"duration_ms"`
	// Findings name files relative to the capsule's folder, or absolute. The
	// writers make them relative to Root.
	Findings []finding.Finding `json:"findings"`
	// Tail is the end of what the step printed. The writers keep it for failed
	// steps only: on the others it is noise that differs from run to run.
	Tail string `json:"tail,omitempty"`
	// Cases are the parts of a step that count for themselves: the tests of a capsule.
	Cases []Case `json:"cases,omitempty"`
}

// Case is one part of a step that passed or failed.
type Case struct {
	Name       string            `json:"name"`
	File       string            `json:"file"` // as Finding.File
	Line       int               `json:"line,omitempty"`
	DurationMS int64             `json:"duration_ms"`
	Findings   []finding.Finding `json:"findings,omitempty"` // why it failed; none: it passed. They are among the step's too
}

// Artifact is a module that was built.
type Artifact struct {
	ID   string `json:"id"`
	Path string `json:"path"` // as Finding.File: relative to the capsule's folder, or absolute
	Hash string `json:"hash"` // BLAKE3, lower-case hex
	Size int64  `json:"size"` // bytes
	Kind string `json:"kind"` // core or component
}

// Summary counts a report's capsules by verdict and its findings by severity.
type Summary struct {
	Capsules int `json:"capsules"`
	Passed   int `json:"passed"`
	Failed   int `json:"failed"`
	NotRun   int `json:"not_run"`
	Skipped  int `json:"skipped"`
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Notes    int `json:"notes"`
}

// Planned is a capsule none of whose steps has run yet.
func Planned(name, dir string, steps ...StepName) Capsule {
	c := Capsule{Name: name, Dir: dir}
	for _, s := range steps {
		c.Steps = append(c.Steps, Step{Name: s})
	}
	return c
}

// Step returns the step called name, adding it as not_run where there is none.
// The pointer is good until the next call.
func (c *Capsule) Step(name StepName) *Step {
	for i := range c.Steps {
		if c.Steps[i].Name == name {
			return &c.Steps[i]
		}
	}
	c.Steps = append(c.Steps, Step{Name: name})
	return &c.Steps[len(c.Steps)-1]
}

// Settle puts r into its stable order, gives every capsule that has steps the
// verdict they add up to, and counts the summary. It may be called again.
func (r *Report) Settle() {
	slices.SortStableFunc(r.Capsules, func(a, b Capsule) int {
		return cmp.Or(cmp.Compare(a.Dir, b.Dir), cmp.Compare(a.Name, b.Name))
	})
	r.Summary = Summary{Capsules: len(r.Capsules)}
	for i := range r.Capsules {
		c := &r.Capsules[i]
		c.settle()
		r.Summary.add(c)
	}
}

func (c *Capsule) settle() {
	slices.SortStableFunc(c.Steps, func(a, b Step) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(c.Artifacts, func(a, b Artifact) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Path, b.Path))
	})
	for i := range c.Steps {
		finding.Sort(c.Steps[i].Findings)
	}
	if len(c.Steps) > 0 {
		c.Verdict = sum(c.Steps)
	}
}

func (s *Summary) add(c *Capsule) {
	switch c.Verdict {
	case Passed:
		s.Passed++
	case Failed:
		s.Failed++
	case Skipped:
		s.Skipped++
	default:
		s.NotRun++
	}
	for _, step := range c.Steps {
		s.Errors += finding.Count(step.Findings, finding.Error)
		s.Warnings += finding.Count(step.Findings, finding.Warning)
		s.Notes += finding.Count(step.Findings, finding.Note)
	}
}

// WithoutTimes is a copy of r whose times are zero, to compare two runs by. It
// shares findings and artifacts with r.
func (r Report) WithoutTimes() Report {
	r.Started, r.DurationMS = time.Time{}, 0
	r.Capsules = slices.Clone(r.Capsules)
	for i := range r.Capsules {
		c := &r.Capsules[i]
		c.DurationMS = 0
		c.Steps = slices.Clone(c.Steps)
		for j := range c.Steps {
			c.Steps[j].DurationMS = 0
			c.Steps[j].Cases = slices.Clone(c.Steps[j].Cases)
			for k := range c.Steps[j].Cases {
				c.Steps[j].Cases[k].DurationMS = 0
			}
		}
	}
	return r
}

// sum is failed when any step failed, else not_run when any was not run, else
// skipped when all were skipped, else passed.
func sum(steps []Step) Verdict {
	var count [len(verdicts)]int
	for _, s := range steps {
		if s.Verdict >= 0 && int(s.Verdict) < len(count) {
			count[s.Verdict]++
		}
	}
	switch {
	case count[Failed] > 0:
		return Failed
	case count[Passed]+count[Skipped] < len(steps):
		return NotRun
	case count[Passed] == 0:
		return Skipped
	}
	return Passed
}
