package live

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/pack"
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
	err := l.pack(ctx, o, module.Blob)
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

// pack makes the archive of o, with the module.
func (l *Live) pack(ctx context.Context, o *offer, module string) (err error) {
	if o.manifest, err = capsule.Load(o.dir); err != nil {
		return err
	}
	contracts, err := l.contracts.of(ctx, o.manifest)
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

// beside are what lies in the archive beside the module: a digest for each file, in order.
func (o *offer) beside() (list [][sha256.Size]byte) {
	if o.manifest == nil || len(o.manifest.Components) == 0 {
		return nil
	}
	module := path.Base(o.manifest.Components[0].File)
	content, err := gzip.NewReader(bytes.NewReader(o.archive))
	if err != nil {
		return nil
	}
	for entries := tar.NewReader(content); ; {
		h, err := entries.Next()
		if err != nil {
			return list
		}
		if h.Name == module {
			continue
		}
		sum := sha256.New()
		fmt.Fprintln(sum, h.Name, h.Mode)
		if _, err := io.Copy(sum, entries); err != nil {
			return nil
		}
		list = append(list, [sha256.Size]byte(sum.Sum(nil)))
	}
}
