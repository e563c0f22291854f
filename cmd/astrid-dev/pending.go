package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/ask"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// This file says what a running watch has pending: who waits, and who has capsules left alone.

// pendingAt is what the watch of path, if there is one, has pending there, and whether it builds
// the capsule in dir now.
func pendingAt(ctx context.Context, dir string) (p ask.Pending, building bool) {
	var nothing ask.Pending
	w, err := ask.Find([]string{dir})
	if err != nil {
		return nothing.About(nil), false
	}
	snapshot, all, err := w.Status(ctx)
	if err != nil {
		return nothing.About(nil), false // it ended just now
	}
	for _, s := range snapshot.Standing {
		building = building || s.Building && s.Dir == dir
	}
	return all.About([]string{dir}), building
}

func tellPending(w io.Writer, p ask.Pending) {
	for _, h := range p.Holds {
		left := max(0, time.Until(h.Until)).Round(time.Second)
		fmt.Fprintf(w, "on hold  %s for %s more: neither built nor announced until astrid-dev release\n", placesOf(h.Paths), left)
	}
	for _, q := range p.Waits {
		of := "capsules to be looked for"
		if len(q.For) > 0 {
			of = placesOf(q.For)
		}
		fmt.Fprintf(w, "waiting  somebody waits for the verdict on %s\n", of)
	}
}

// placesOf are paths for a person.
func placesOf(list []string) string {
	if len(list) == 0 {
		return "everything"
	}
	var short []string
	for _, path := range list {
		short = append(short, text.Name(paths.Short(path)))
	}
	return strings.Join(short, ", ")
}
