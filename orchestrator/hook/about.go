package hook

import (
	"strconv"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// about is what a command is told of e beside the event itself. Of a live one the file is not
// told: what stands published may be newer.
type about struct {
	artifact, hash, source string
	generation             int
	quality                event.Quality
}

func aboutOf(e event.Event) about {
	switch b := e.Body.(type) {
	case event.Reload:
		return about{b.Path, b.Hash, b.SourceHash, b.Generation, b.Quality}
	case event.Unchanged: // made again
		return about{b.Path, b.Hash, b.SourceHash, b.Generation, b.Quality}
	case event.BuildFailed:
		return about{source: b.SourceHash}
	case event.SmokeFailed:
		return about{source: b.SourceHash}
	case event.Held:
		return about{source: b.SourceHash}
	case event.Live:
		return about{"", b.Hash, b.SourceHash, b.Generation, b.Quality}
	}
	return about{}
}

func variables(e event.Event) []string {
	a := aboutOf(e)
	return []string{
		"CAPSULE_NAME=" + e.Capsule,
		"CAPSULE_DIR=" + e.Dir,
		"CAPSULE_ARTIFACT=" + a.artifact,
		"ARTIFACT_HASH=" + a.hash,
		"SOURCE_HASH=" + a.source,
		"GENERATION=" + strconv.Itoa(a.generation),
		"QUALITY=" + string(a.quality),
	}
}
