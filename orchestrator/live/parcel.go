package live

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/pack"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// parcel packs what e, a reload or an unchanged capsule, says that stands published. The
// findings say why it is not to be installed.
func (l *Live) parcel(ctx context.Context, e event.Event) (*offer, []finding.Finding, error) {
	o := &offer{dir: e.Dir, name: e.Capsule}
	var module event.Artifact
	switch b := e.Body.(type) {
	case event.Reload:
		o.source, o.generation, o.news, module = b.SourceHash, b.Generation, true, b.Artifact
		if b.LatencyMS > 0 {
			o.edited = e.Time.Add(-time.Duration(b.LatencyMS) * time.Millisecond)
		}
		if errs := finding.Only(b.Findings, finding.Error); len(errs) > 0 {
			return o, errs, nil
		}
	case event.Unchanged:
		o.source, o.reason, module = b.SourceHash, "it was up to date", b.Artifact
		errs, err := l.judged(ctx, e.Dir)
		if err != nil || len(errs) > 0 {
			return o, errs, err
		}
	}
	o.artifact = module.Hash
	err := o.pack(ctx, module.Blob)
	var no *pack.Refused
	if errors.As(err, &no) {
		return o, []finding.Finding{no.Finding}, nil
	}
	return o, nil, err
}

// judged is what keeps the capsule in dir from being kernel-ready.
func (l *Live) judged(ctx context.Context, dir string) ([]finding.Finding, error) {
	if l.o.Judge == nil {
		return nil, nil
	}
	found, err := l.o.Judge(ctx, dir)
	return finding.Only(found, finding.Error), err
}

// pack makes the archive of the capsule with the module.
func (o *offer) pack(ctx context.Context, module string) (err error) {
	if o.manifest, err = capsule.Load(o.dir); err != nil {
		return err
	}
	contracts, err := toolchain.Contracts(ctx, o.manifest, os.Environ())
	if err != nil {
		return fmt.Errorf("looking for the SDK's WIT: %w", err)
	}
	archive, err := pack.Of(pack.Source{Manifest: o.manifest, Module: module, Contracts: contracts})
	if err != nil {
		return err
	}
	var content bytes.Buffer
	if err := archive.Write(&content); err != nil {
		return err
	}
	o.archive = content.Bytes()
	sum := sha256.Sum256(o.archive)
	o.digest = hex.EncodeToString(sum[:])
	return nil
}
