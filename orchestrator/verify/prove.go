package verify

import (
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// prove notes what an attestation says of a capsule that was built. A module that cannot be
// read any more is no proof: the build has failed then.
func (r *run) prove(j *job, staged *builder.Staged) {
	if !r.Prove || j.helper {
		return
	}
	in := staged.Before
	p := &report.Proof{Version: in.Manifest.Package.Version, Key: in.Portable, Began: j.began, Ended: time.Now(), Runtimes: in.Judges,
		LinksOn: map[string][]string{}, SHA256: map[string]string{}}
	if staged.After != nil && staged.After.Portable != "" {
		p.Key = staged.After.Portable // with what the tool told that it read
	}
	if in.How != nil {
		p.Recipe = in.How.Identity.Portable
	}
	for _, m := range staged.Modules {
		id, err := shared.Identify(m.Path)
		if err != nil || id.BLAKE3 != m.Hash {
			s := j.capsule.Step(report.StepBuild)
			s.Verdict = report.Failed
			s.Findings = append(s.Findings, finding.Finding{Code: finding.StageFailed, File: m.File, Message: "its module is another one than was built a moment ago",
				Hint: "let nothing but astrid-dev write below TMPDIR"})
			return
		}
		p.SHA256[m.File], p.LinksOn[m.File] = id.SHA256, m.Report.LinksOn
	}
	j.capsule.Proof = p
}
