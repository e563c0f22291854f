package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// apart is how much later than the first a capsule's second build begins. A
// time in whole seconds then differs, and one in zip archives, which count in twos.
const apart = 2100 * time.Millisecond

// elsewhere is env in another time zone, one in which it is another day now: the
// two at the ends of the earth are 26 hours apart, so one of them always is.
func elsewhere(env []string, now time.Time) []string {
	zone := "Etc/GMT-14" // the signs are POSIX's: this is the east
	if now.UTC().Add(14*time.Hour).YearDay() == now.YearDay() {
		zone = "Etc/GMT+12"
	}
	out := slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		// a shared target folder would hand the second build what the first one made
		return name == "TZ" || name == "CARGO_TARGET_DIR" || name == "CARGO_BUILD_TARGET_DIR"
	})
	return append(out, "TZ="+zone)
}

// secondBuild builds j in the second copy and compares.
func (r *run) secondBuild(ctx context.Context, b *builder.Builder, j *job) {
	first := j.began
	if !wait(ctx, time.Until(first.Add(apart))) {
		return
	}
	r.began(j)
	defer r.paused(j)
	pair := build2{tops: [2]string{r.copies.First.Top(), r.copies.Second.Top()}, started: [2]time.Time{first, j.began}}
	in, err := b.Examine(ctx, r.copies.Second.Of(j.dir))
	var staged *builder.Staged
	if err == nil {
		staged, err = b.Build(ctx, in, nil)
	}
	if ctx.Err() != nil {
		staged.Discard()
		return
	}
	if err != nil {
		r.secondFailed(j, err)
		return
	}
	defer staged.Discard()
	pair.ended = time.Now()
	var list []finding.Finding
	manifest, _ := capsule.Load(r.copies.First.Of(j.dir)) // for places only
	for i, m := range staged.Modules {
		if i < len(j.built) && j.built[i].hash != m.Hash {
			list = append(list, r.differs(ctx, pair, j.built[i], m))
			place(manifest, i, list[len(list)-1:])
		}
	}
	j.pass(report.StepReproducible, time.Since(j.began), list)
}

// wait reports whether d passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(max(0, d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

func (r *run) secondFailed(j *job, err error) {
	list := []finding.Finding{{Code: finding.SecondBuildFailed, Message: "the same sources were built in one folder and cannot be in another",
		Hint: "let the build depend on nothing but its sources: no absolute paths, no time, nothing outside that inputs does not name"}}
	place(nil, -1, list)
	s := j.capsule.Step(report.StepReproducible)
	var failure *finding.Failure
	if errors.As(err, &failure) {
		list = append(list, r.findings(r.copies.Second.Mirror, failure.Findings)...)
		s.Tail = r.copies.Second.Text(failure.Tail)
	} else {
		list[0].Message += ": " + r.copies.Second.Text(err.Error())
	}
	s.Verdict, s.DurationMS, s.Findings = report.Failed, time.Since(j.began).Milliseconds(), list
}

// differs says where two modules differ first, and the usual cause of that.
func (r *run) differs(ctx context.Context, pair build2, one module, other builder.StagedModule) finding.Finding {
	f := finding.Finding{Code: finding.NotReproducible, Hint: causes.random.hint}
	f.Message = fmt.Sprintf("two builds of %s differ: BLAKE3 %s and %s", one.file, one.hash, other.Hash)
	a, errA := fsys.Read(one.path, wholeFile)
	b, errB := fsys.Read(other.Path, wholeFile)
	if errA != nil || errB != nil {
		return f
	}
	d, ok := firstDifference(ctx, a, b)
	if !ok {
		return f
	}
	c := pair.guess(a, b, d)
	where := d.where
	if name := functionAt(a, d.a); name != "" {
		where += ", in " + r.copies.First.Text(name)
	}
	f.Message += fmt.Sprintf("; first in the %s (at byte %d of the first, %d of the second): %s", where, d.a, d.b, c.message)
	f.Hint = c.hint
	return f
}
