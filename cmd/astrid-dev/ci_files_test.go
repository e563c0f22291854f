package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

// pipelines are the files that run this program in other people's CI. actionlint (make lint) reads
// the workflows and action.yml; that they call us rightly is tested here.
var pipelines = []string{"action.yml", ".pre-commit-hooks.yaml", "ci/gitlab.yml"}

// flagOfVerify is one in a pipeline, as a word of its own or behind a bracket or a quote.
var flagOfVerify = regexp.MustCompile(`[ ("]--([a-z][a-z-]*)`)

func TestPipelinesNameWhatIsThere(t *testing.T) {
	flags := []string{"global", "add"} // git's
	for _, set := range []*pflag.FlagSet{newVerify().Flags(), newReportMerge().Flags(), newCheck().Flags()} {
		set.VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
	}
	for _, name := range pipelines {
		found := flagOfVerify.FindAllStringSubmatch(readText(t, filepath.Join(top, filepath.FromSlash(name))), -1)
		if len(found) == 0 && name != ".pre-commit-hooks.yaml" {
			t.Errorf("%s names no flag: the test looks at nothing", name)
		}
		for _, m := range found {
			if !slices.Contains(flags, m[1]) {
				t.Errorf("%s: there is no flag --%s", name, m[1])
			}
		}
	}
}
