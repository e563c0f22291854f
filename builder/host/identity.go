package host

import (
	"fmt"
	"slices"
	"strings"
)

// identities is astrid:identity/host (host/identity.rs; the crate astrid-storage, identity.rs).
// Nobody is known at the start, as in a fresh runtime.
type identities struct{ *World }

type person struct {
	id   string
	name *string
}

type link struct{ platform, platformUser, user, at, method string }

type resolveRequest struct{ Platform, PlatformUserId string }

type resolveResponse struct {
	UserId      string
	DisplayName *string
}

type linkRequest struct{ Platform, PlatformUserId, AstridUserId, Method string }

type unlinkRequest struct{ Platform, PlatformUserId string }

type createUserRequest struct{ DisplayName *string }

type createUserResponse struct{ UserId string }

type platformLink struct{ Platform, PlatformUserId, LinkedAt, Method string }

// maxPeople bounds what a guest may have kept.
const maxPeople = 10_000

// may holds an operation against the manifest: a level includes those below it
// (security/mod.rs, identity_capability_satisfies).
func (i identities) may(function, level string) error {
	have := i.options.Capabilities.Identity
	for _, enough := range map[string][]string{"resolve": {"resolve", "link", "admin"}, "link": {"link", "admin"}, "admin": {"admin"}}[level] {
		if slices.Contains(have, enough) {
			return nil
		}
	}
	_ = i.denied("astrid:identity/host."+function, level, `[capabilities] identity = ["`+level+`"]`)
	return unknown(fmt.Sprintf("security: capsule '%s' denied: identity operation '%s' not declared in manifest (has: %s)", i.options.Capsule, level, rustList(have)))
}

// rustList is a list as Rust's {:?} writes it.
func rustList(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = fmt.Sprintf("%q", s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func (i identities) find(platform, user string) int {
	return slices.IndexFunc(i.links, func(l link) bool { return l.platform == platform && l.platformUser == user })
}

func (i identities) resolve(r resolveRequest) (resolveResponse, error) {
	if err := i.may("identity-resolve", "resolve"); err != nil {
		return resolveResponse{}, err
	}
	at := i.find(platformName(r.Platform), r.PlatformUserId)
	if at < 0 {
		return resolveResponse{}, fail("link-not-found")
	}
	for _, p := range i.people {
		if p.id == i.links[at].user {
			return resolveResponse{p.id, p.name}, nil
		}
	}
	return resolveResponse{}, fail("user-not-found")
}

// platformName is a platform as it is kept.
func platformName(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func (i identities) link(r linkRequest) error {
	if !uuidForm.MatchString(r.AstridUserId) {
		return fail("invalid-input")
	}
	if err := i.may("identity-link", "link"); err != nil {
		return err
	}
	known := slices.ContainsFunc(i.people, func(p person) bool { return p.id == strings.ToLower(r.AstridUserId) })
	switch {
	case !known:
		return fail("user-not-found")
	case len(i.links) >= maxPeople:
		return fail("store-unavailable")
	}
	l := link{platformName(r.Platform), r.PlatformUserId, strings.ToLower(r.AstridUserId), i.stamp(), r.Method}
	if at := i.find(l.platform, l.platformUser); at >= 0 {
		i.links[at] = l
		return nil
	}
	i.World.links = append(i.World.links, l)
	return nil
}

func (i identities) unlink(r unlinkRequest) error {
	if err := i.may("identity-unlink", "link"); err != nil {
		return err
	}
	at := i.find(platformName(r.Platform), r.PlatformUserId)
	if at < 0 {
		return fail("link-not-found")
	}
	i.World.links = slices.Delete(i.links, at, at+1)
	return nil
}

func (i identities) createUser(r createUserRequest) (createUserResponse, error) {
	if err := i.may("identity-create-user", "admin"); err != nil {
		return createUserResponse{}, err
	}
	if len(i.people) >= maxPeople {
		return createUserResponse{}, fail("store-unavailable")
	}
	p := person{i.uuid(), r.DisplayName}
	i.World.people = append(i.World.people, p)
	return createUserResponse{p.id}, nil
}

func (i identities) listLinks(user string) ([]platformLink, error) {
	if !uuidForm.MatchString(user) {
		return nil, fail("invalid-input")
	}
	if err := i.may("identity-list-links", "link"); err != nil {
		return nil, err
	}
	list := []platformLink{}
	for _, l := range i.links {
		if l.user == strings.ToLower(user) {
			list = append(list, platformLink{l.platform, l.platformUser, l.at, l.method})
		}
	}
	return list, nil
}

func (i identities) functions() functions {
	return functions{
		"identity-resolve": i.resolve, "identity-link": i.link, "identity-unlink": i.unlink,
		"identity-create-user": i.createUser, "identity-list-links": i.listLinks,
	}
}
