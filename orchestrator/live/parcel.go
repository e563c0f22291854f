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

// announced is what e, a reload or an unchanged capsule, says that stands published, without its
// archive yet; nil when it says nothing of that.
type announced struct {
	*offer
	blob   string            // the module
	judged bool              // what is wrong with it is known
	found  []finding.Finding // which is this
}

// announcedBy understands e.
func announcedBy(e event.Event) *announced {
	a := &announced{offer: &offer{dir: e.Dir, name: e.Capsule}, judged: true}
	var module event.Artifact
	var latency int64
	switch b := e.Body.(type) {
	case event.Reload:
		a.source, a.key, a.generation, a.news = b.SourceHash, b.Key, b.Generation, true
		module, a.found, latency = b.Artifact, b.Findings, b.LatencyMS
	case event.Unchanged:
		a.source, a.key, a.news, a.judged = b.SourceHash, b.Key, b.Rebuilt, b.Rebuilt
		module, a.found, latency = b.Artifact, b.Findings, b.LatencyMS
		if !b.Rebuilt {
			a.reason = upToDateReason
		}
	}
	if module.Hash == "" {
		return nil
	}
	a.artifact, a.blob, a.quality = module.Hash, module.Blob, module.Quality
	if latency > 0 {
		a.edited = e.Time.Add(-time.Duration(latency) * time.Millisecond)
	}
	return a
}

const upToDateReason = "it was up to date"

// parcel packs what was announced. The findings say why it is not to be installed.
func (l *Live) parcel(ctx context.Context, a *announced) (found []finding.Finding, err error) {
	if !a.judged && l.o.Judge != nil {
		if a.found, err = l.o.Judge(ctx, a.dir, a.blob); err != nil {
			return nil, err
		}
	}
	if errs := finding.Only(a.found, finding.Error); len(errs) > 0 {
		return errs, nil
	}
	err = l.pack(ctx, a.offer, a.blob)
	var no *pack.Refused
	if errors.As(err, &no) {
		return []finding.Finding{no.Finding}, nil
	}
	return nil, err
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
