package builder

import (
	"encoding/json"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// Module is one published component of a capsule.
type Module struct {
	ID   string `json:"id"`
	Path string `json:"path"` // the published path, absolute
	Blob string `json:"blob"` // an immutable copy by content hash, absolute
	Hash string `json:"hash"` // BLAKE3, 64 lower-case hex digits
	Size int64  `json:"size"` // bytes
	Kind string `json:"kind"` // core or component
}

// Published is what stands at a capsule's published paths.
type Published struct {
	SourceHash string // of the sources that they were built from
	Modules    []Module
	Findings   []finding.Finding // warnings and notes of the smoke load and the toolchain
	Delta      json.RawMessage   // what changed against the artifact before; nil when nothing did
	BuildTime  time.Duration
	SmokeTime  time.Duration
}
