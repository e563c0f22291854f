package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Fix mends those of the findings that leave no choice, and returns the files
// that it changed, relative to dir, in the order of their names. What has two
// sensible remedies is left for a person. findings are what Check said about
// dir; those that are not true any more are passed over, so that Fix after
// Fix changes nothing.
//
// Only files in dir are changed, each in one step and with its mode kept.
// Comments, order and line ends stay as they are. A file that cannot be mended
// is left whole and named by the error; others are mended all the same.
func Fix(ctx context.Context, dir string, findings []finding.Finding) (changed []string, err error) {
	c, err := open(dir, Options{})
	if err != nil {
		return nil, err
	}
	asked := map[finding.Code]bool{}
	for _, f := range findings {
		asked[f.Code] = true
	}
	var faults []error
	for _, part := range []func(*capsuleFiles, map[finding.Code]bool) (string, error){fixCargoConfig, fixManifest, fixToolchain} {
		if err := ctx.Err(); err != nil {
			return changed, err
		}
		name, err := part(c, asked)
		if err != nil {
			faults = append(faults, err)
		} else if name != "" {
			changed = append(changed, name)
		}
	}
	return changed, errors.Join(faults...)
}

// fixManifest mends Capsule.toml.
func fixManifest(c *capsuleFiles, asked map[finding.Code]bool) (string, error) {
	doc := c.m.Document()
	if doc.Values() == nil {
		return "", nil // no TOML: nothing can be mended
	}
	e := tomldoc.NewEdits(doc)
	if asked[finding.PackageVersion] {
		fixVersion(e, c.m.Package.Version)
	}
	if asked[finding.ManifestWrongType] {
		for _, key := range lists {
			if s := doc.String(key...); s != "" {
				e.Replace(quoted([]string{s}), []any{s}, key...)
			}
		}
	}
	if asked[finding.TopicInertKey] {
		fixInertKeys(e)
	}
	fixTools(c, e, asked)
	return c.save(filepath.Join(c.dir, tree.ManifestName), e)
}

// lists are the keys where a string can only have been meant as a list of one.
var lists = [][]string{{"package", "authors"}, {"package", "keywords"}, {"package", "categories"}, {"capabilities", "net"}, {"capabilities", "kv"}, {"capabilities", "fs_read"}, {"capabilities", "fs_write"}, {"capabilities", "net_bind"}, {"capabilities", "net_connect"}, {"capabilities", "identity"}}

// fixVersion writes 1.0 or v1.0.0 as strict semver.
func fixVersion(e *tomldoc.Edits, version string) {
	loose, err := semver.NewVersion(version)
	if err != nil || loose.String() == version {
		return
	}
	e.Replace(fmt.Sprintf("%q", loose.String()), loose.String(), "package", "version")
}

// fixInertKeys removes what has no effect on its side.
func fixInertKeys(e *tomldoc.Edits) {
	for _, side := range []struct {
		section string
		names   []string
	}{{"publish", []string{"handler", "priority"}}, {"subscribe", []string{"fanout"}}} {
		for _, topic := range e.Document().Keys(side.section) {
			for _, name := range side.names {
				if e.Document().Has(side.section, topic, name) {
					e.Remove(side.section, topic, name)
				}
			}
		}
	}
}

// fixTools adds the topics that every capsule with tools has.
func fixTools(c *capsuleFiles, e *tomldoc.Edits, asked map[finding.Code]bool) {
	still := map[finding.Code]bool{}
	before := len(c.list)
	tools(c)
	for _, f := range c.list[before:] {
		still[f.Code] = asked[f.Code]
	}
	c.list = c.list[:before]
	entry := func(wit string, more map[string]any) map[string]any {
		value := map[string]any{"wit": wit}
		for name, v := range more {
			value[name] = v
		}
		return value
	}
	if still[finding.ToolResultPublish] {
		e.Add([]string{"publish"}, resultTopics, topicLine(resultTopics), entry(witOf(resultTopics), nil))
	}
	if still[finding.ToolDescribePublish] {
		e.Add([]string{"publish"}, describeAnswers, topicLine(describeAnswers), entry(witOf(describeAnswers), nil))
	}
	if still[finding.ToolDescribeSubscribe] {
		e.Add([]string{"subscribe"}, describeRequest, describeLine(), entry(witOf(describeRequest), map[string]any{"handler": describeHandler}))
	}
}

// fixToolchain lets rust-toolchain.toml install the target.
func fixToolchain(c *capsuleFiles, asked map[finding.Code]bool) (string, error) {
	if c.cargo == nil || !asked[finding.RustToolchainTarget] {
		return "", nil
	}
	c.cargo = c.readCargo() // fixCargoConfig may have set the target
	found := cargo.ToolchainFile(c.dir)
	if found == nil || !fsys.Inside(c.dir, found.Path) {
		return "", nil
	}
	e := tomldoc.NewEdits(found.Doc)
	targets, _ := c.cargo.Targets()
	for _, target := range targets {
		switch {
		case slices.Contains(found.Doc.Strings("toolchain", "targets"), target) || found.Doc.Has("toolchain", "path"):
		case found.Doc.Has("toolchain", "targets"):
			e.AppendTo(target, "toolchain", "targets")
		default:
			e.Add([]string{"toolchain"}, "targets", "targets = "+quoted(targets), anys(targets))
		}
	}
	return c.save(found.Path, e)
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// fixCargoConfig sets the target and the getrandom cfg in the capsule's own
// .cargo/config.toml, which is made when it is missing.
func fixCargoConfig(c *capsuleFiles, asked map[finding.Code]bool) (string, error) {
	if c.cargo == nil || !asked[finding.RustNoWasmTarget] && !asked[finding.RustGetrandomCfg] {
		return "", nil
	}
	path := filepath.Join(c.dir, ".cargo", "config.toml")
	doc := tomldoc.ReadFile(path)
	if doc == nil {
		if exists(path) || exists(filepath.Join(c.dir, ".cargo", "config")) {
			return "", nil // in the old form, or no TOML
		}
		doc, _ = tomldoc.Parse(path, nil)
	}
	e := tomldoc.NewEdits(doc)
	targets, _ := c.cargo.Targets()
	random := asked[finding.RustGetrandomCfg]
	if asked[finding.RustNoWasmTarget] && len(targets) == 0 {
		e.Add([]string{"build"}, "target", fmt.Sprintf("target = %q", canonical), canonical)
		targets, random = []string{canonical}, true // the cfg matters from now on
	}
	if random && slices.Contains(targets, canonical) && c.usesRandom() != "" && !cargo.HasRandomFlag(c.cargo.Rustflags(canonical)) {
		c.addRandomFlag(e)
	}
	return c.save(path, e)
}

// addRandomFlag adds the flag where the flags in force are: those of [build]
// would no longer count as soon as the target has its own.
func (c *capsuleFiles) addRandomFlag(e *tomldoc.Edits) {
	doc, table := e.Document(), []string{"target", canonical}
	if len(c.cargo.Rustflags(canonical)) > 0 && !doc.Has("target", canonical, "rustflags") {
		table = []string{"build"}
		if !doc.Has("build", "rustflags") {
			return // set in a file above the capsule, or for a cfg(...)
		}
	}
	key := append(slices.Clone(table), "rustflags")
	flags, _ := doc.Value(key...)
	switch old := flags.(type) {
	case nil:
		e.Add(table, "rustflags", "rustflags = ['"+cargo.RandomFlag+"']", []any{cargo.RandomFlag})
	case string:
		both := strings.TrimSpace(old + " " + cargo.RandomFlag)
		e.Replace(fmt.Sprintf("%q", both), both, key...)
	default:
		e.AppendTo(cargo.RandomFlag, key...)
	}
}

// save writes the edited file in one step and returns its name, or "" when
// there was nothing to change.
func (c *capsuleFiles) save(path string, e *tomldoc.Edits) (string, error) {
	name := c.relative(path)
	if !e.Any() {
		return "", nil
	}
	text, err := e.Apply()
	if err != nil {
		return "", fmt.Errorf("mending %s: %w", name, err)
	}
	if target, outside := c.leadsOut(name); outside {
		return "", fmt.Errorf("mending %s: it is a link to %s, outside the capsule", name, target)
	}
	if err := replaceFile(path, text); err != nil {
		return "", fmt.Errorf("mending %s: %w", name, err)
	}
	return name, nil
}

// replaceFile writes text beside path and renames it over path, through a
// link if path is one. The mode stays, and a byte order mark.
func replaceFile(path, text string) error {
	mode := fs.FileMode(0o644)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		mode = info.Mode().Perm()
		if old, err := capsule.ReadFile(path); err == nil && strings.HasPrefix(string(old), "\xef\xbb\xbf") {
			text = "\xef\xbb\xbf" + text
		}
	}
	return fsys.Replace(path, mode, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
