package attest

import (
	"context"
	"net/url"
	"strings"

	"github.com/astrid-runtime/astrid-dev/orchestrator/verify/workspace"
)

// source is the commit that the sources are from; nil outside of a repository. What is changed
// besides is in the source hash.
type source struct {
	remote string // without credentials; "": there is none
	commit string
	dirty  bool // something in the repository is not committed, or nobody knows what was
}

// sourceOf is where the sources in dir are from, which were built when commit was checked out there. Where
// another one is by now, nobody knows what was not committed then.
func sourceOf(ctx context.Context, dir, commit string) *source {
	if commit == "" {
		return nil
	}
	s := &source{commit: commit}
	if remote, err := workspace.Git(ctx, dir, "config", "--get", "remote.origin.url"); err == nil {
		s.remote = bare(strings.TrimSpace(string(remote)))
	}
	status, err := workspace.Git(ctx, dir, "status", "--porcelain=v1", "-z")
	s.dirty = err != nil || len(status) > 0 || workspace.Commit(ctx, dir) != commit
	return s
}

// bare is the address of a repository without who asks for it; "" for a path of this machine.
func bare(remote string) string {
	if u, err := url.Parse(remote); err == nil && u.Host != "" {
		u.User, u.RawQuery, u.Fragment = nil, "", ""
		return "git+" + u.String()
	}
	if host, path, ok := strings.Cut(remote, ":"); ok && !strings.ContainsAny(host, `/\`) && len(host) > 1 { // scp's way: git@host:path
		_, host, _ = strings.Cut("@"+host[strings.LastIndex(host, "@")+1:], "@")
		return "git+ssh://" + host + "/" + strings.TrimPrefix(path, "/")
	}
	return ""
}

func (s *source) resources() []Resource {
	if s == nil {
		return nil
	}
	return []Resource{{Name: "repository", URI: s.remote, Digest: map[string]string{"gitCommit": s.commit}, Annotations: map[string]any{"dirty": s.dirty}}}
}
