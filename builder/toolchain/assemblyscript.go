package toolchain

import (
	"context"
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// assemblySyntax is that of asc: the place comes below the message, under a
// drawing of the line.
var assemblySyntax = syntax{
	pattern: regexp.MustCompile(`^(?P<severity>ERROR|WARNING)(?: (?P<code>[A-Z]+\d+))?: (?P<message>.+)$`),
	next:    assemblyNext,
}

var assemblyPlace = regexp.MustCompile(`^\s*└─ in (.+)\((\d+),(\d+)\)$`)

// assemblyNext looks for the place in the lines of the drawing.
func assemblyNext(f *finding.Finding, lines []string) int {
	for i, line := range lines {
		if strings.TrimSpace(line) == "" {
			return i
		}
		if m := assemblyPlace.FindStringSubmatch(line); m != nil {
			f.File = m[1]
			f.Line, _ = strconv.Atoi(m[2])
			f.Column, _ = strconv.Atoi(m[3])
			return i + 1
		}
	}
	return len(lines)
}

// assemblyReads is a transform of asc, which has no other way to tell what it compiles:
// it writes the list as a metafile.
const assemblyReads = "reads.mjs"

const assemblyReadsText = `import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
export default class {
  afterParse(parser) {
    const inputs = {};
    for (const source of parser.sources) {
      if (!source.normalizedPath.startsWith("~lib/")) inputs[resolve(this.baseDir, source.normalizedPath)] = {};
    }
    writeFileSync(new URL("asc.meta.json", import.meta.url), JSON.stringify({ inputs }));
  }
}
`

// asconfig is what we read of asconfig.json.
type asconfig struct {
	Extends string               `json:"extends"`
	Entries []string             `json:"entries"`
	Options asoptions            `json:"options"`
	Targets map[string]asoptions `json:"targets"`
}

type asoptions struct {
	Debug bool `json:"debug"`
}

func planAssemblyScript(ctx context.Context, j *job) (*Recipe, error) {
	node, err := j.tool("node")
	if err != nil {
		return nil, err
	}
	p := readPackage(j.dir)
	asc := lookTool("asc", j.dir, j.env)
	if asc == "" {
		return nil, toolchainProblem(p.notInstalled(j, "asc, the AssemblyScript compiler, is not installed in the project", "npm install --save-dev assemblyscript"))
	}
	var config asconfig
	_ = json.Unmarshal(readAll(filepath.Join(j.dir, "asconfig.json")), &config) // asc says what is wrong with it
	argv := []string{asc}
	if len(config.Entries) == 0 {
		argv = append(argv, "assembly/index.ts")
	}
	argv = append(argv, "--config", "asconfig.json")
	identity := p.identity(ctx, j, node, asc)
	outside := func(context.Context) ([]string, error) {
		list := p.outside(j)
		if config.Extends != "" {
			list = append(list, fsys.Absolute(j.dir, config.Extends))
		}
		return j.beyond(list), nil
	}
	recipe := func(target string) *Recipe {
		argv := slices.Clone(argv)
		if _, known := config.Targets[target]; known || j.profile != "" {
			argv = append(argv, "--target", target)
		}
		return &Recipe{
			StripNames: !config.Options.Debug && !config.Targets[target].Debug, // its code is the same with --debug
			argv: func(out string) []string {
				return append(slices.Clip(argv), "--outFile", j.moduleIn(out, 0), "--debug", "--sourceMap", "--transform", filepath.Join(out, assemblyReads))
			},
			beside: map[string]string{assemblyReads: assemblyReadsText}, Identity: identity, Outside: outside,
		}
	}
	if j.profile != "" {
		return recipe(j.profile), nil
	}
	release := recipe("release")
	if _, known := config.Targets["debug"]; known { // the author's own word on what is made sooner
		release.Debug = recipe("debug")
	}
	return release, nil
}
