// Package verify says whether capsules are sound: what they are made of, that they build and load.
//
// Run checks every capsule where it lies, and builds it in a copy of its workspace, so that
// the tree stays as it was found and may be read-only; nothing is published and no record
// of earlier builds is believed.
//
// The layers of its files, from top to bottom; each uses only those after it: verify.go;
// rounds.go, selection.go; first.go, second.go; others.go, artifact.go; needs.go; mutation.go;
// findings.go; cause.go; difference.go; run.go; job.go; config.go; shard.go.
package verify
