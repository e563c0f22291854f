package check

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// runtimeVersion holds astrid-version against the releases. What is no requirement at all
// is told by builder/capsule.
func runtimeVersion(c *capsuleFiles) {
	requirement := c.m.Package.AstridVersion
	key := []string{"package", "astrid-version"}
	newest := astrid.Newest()
	if requirement == "" || slices.ContainsFunc(c.list, func(f finding.Finding) bool { return f.Code == finding.PackageAstridVersion }) {
		return
	}
	refused := false
	for _, chosen := range c.chosen() {
		if !chosen.Satisfies(requirement) {
			c.addAt(finding.RuntimeRefuses, key, fmt.Sprintf("write astrid-version = %q", floor(requirement, chosen)),
				"the runtime %s would refuse the capsule, which asks for %s", chosen.Version, requirement)
			refused = true
		}
	}
	if refused {
		return
	}
	if !slices.ContainsFunc(astrid.Releases(), func(r *astrid.Release) bool { return r.CalVer() && r.Satisfies(requirement) }) && !speaksOfYears(requirement) {
		c.addAt(finding.RuntimeCalendar, key, fmt.Sprintf("write astrid-version = %q", floor(requirement, newest)),
			"no runtime with a calendar version satisfies %s: the newest known is %s", requirement, newest.Version)
	}
}

// chosen are the releases that the capsule is meant for, as far as anybody said.
func (c *capsuleFiles) chosen() []*astrid.Release {
	if len(c.options.Runtime) > 0 {
		return c.options.Runtime
	}
	list, _ := astrid.FindAll(c.m.Dev.Runtime) // builder/capsule refuses what is not known
	return list
}

// speaksOfYears reports whether a requirement names a calendar version itself: one that no
// known release satisfies may be meant for one to come.
func speaksOfYears(requirement string) bool {
	for _, part := range strings.Split(requirement, ",") {
		if number := strings.TrimLeft(part, " ^~=<>"); len(number) >= 4 && number[:2] == "20" && !strings.Contains(number[:4], ".") {
			return true
		}
	}
	return false
}

// floor is the requirement that says from where on, if its lowest bound lies below the release.
func floor(requirement string, release *astrid.Release) string {
	for _, part := range strings.Split(requirement, ",") {
		part = strings.TrimSpace(part)
		number := strings.TrimSpace(strings.TrimLeft(part, "^~=>"))
		if lower := ">=" + number; !strings.HasPrefix(part, "<") && !strings.ContainsAny(number, "*xX") && release.Satisfies(lower) {
			return lower
		}
	}
	if strings.HasPrefix(strings.TrimSpace(requirement), "<") {
		return ">=" + astrid.Releases()[0].Version
	}
	return ">=" + release.Version
}

// runtimeLoads finds what the runtime would not load, or not find, of a manifest that it takes.
func runtimeLoads(c *capsuleFiles) {
	for i, u := range c.m.Uplinks {
		c.addAt(finding.UplinkNeedsOperator, []string{fmt.Sprintf("uplink[%d]", i)}, "ask the operator to name the capsule under [[uplinks]] in the runtime's own settings", "the operator has to list %q for its uplink %q to load", c.m.Package.Name, u.Name)
	}
	for i := range c.m.Components {
		if i > 0 {
			c.addAt(finding.ComponentInert, []string{fmt.Sprintf("component[%d]", i)}, "make a capsule of its own of it, or remove it",
				"the runtime loads the first component only: %q is never loaded, though its capabilities count", c.m.Components[i].File)
		}
		c.archivePath(i)
	}
	handlers := 0
	for _, t := range c.m.Subscribe {
		if t.Handler == "" {
			continue
		}
		if handlers++; handlers == astrid.Handlers+1 {
			c.addKey(finding.HandlersTooMany, t.Key, "subscribe to a wider pattern, or split the capsule",
				"the handler of %q is number %d: with a run loop the runtime takes %d at most, and refuses the capsule", t.Pattern, handlers, astrid.Handlers)
		}
	}
}

// archivePath holds a component's file against the names in the package that the runtime
// makes of the folder: plain ones, and nothing from below target or .git.
func (c *capsuleFiles) archivePath(component int) {
	file := c.m.Components[component].File
	clean := path.Clean(file)
	hint, why := "", ""
	switch folders := strings.Split(path.Dir(clean), "/"); {
	case slices.Contains(folders, "target"):
		hint, why = "write file = \""+path.Base(clean)+"\"", "lies below a folder target, which is not packed"
	case slices.Contains(folders, ".git"):
		hint, why = "write file = \""+path.Base(clean)+"\"", "lies below .git, which is not packed"
	case strings.HasPrefix(file, "/"), clean == "..", strings.HasPrefix(clean, "../"):
		return // builder/capsule refuses it
	case clean != file:
		hint, why = "write file = \""+clean+"\"", "is not spelled as in the package"
	default:
		return
	}
	c.addAt(finding.ComponentFileArchive, c.fileKey(component), hint, "the file %q %s: the runtime would not find it when the folder is installed", file, why)
}

// rustCdylibs counts what the packer of the runtime counts: targets of the crate that are
// cdylibs, its examples among them.
func rustCdylibs(c *capsuleFiles) {
	if c.cargo == nil {
		return
	}
	var made []string
	if c.cargo.Manifest.IsCdylib("lib") {
		made = append(made, "the library")
	}
	examples, _ := c.cargo.Manifest.Value("example")
	list, _ := examples.([]map[string]any)
	for i, example := range list {
		at := fmt.Sprintf("example[%d]", i)
		if !c.cargo.Manifest.IsCdylib(at) {
			continue
		}
		name, _ := example["name"].(string)
		made = append(made, fmt.Sprintf("the example %q", name))
		if len(made) == 2 {
			c.add(finding.RustCdylibs, c.inCargo(at), "keep one: the others as plain libraries", "%s and %s are cdylibs: the runtime's packer refuses more than one", made[0], made[1])
		}
	}
}
