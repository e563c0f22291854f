package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// dailyName is the file with the flags that somebody would type each day: a table for a command,
// in which each key is a flag and its value what would follow it. Flags that are typed count
// more.
const dailyName = "astrid-dev.toml"

// typedOnly are flags that no file gives: what they ask for is for the one to say who calls, or
// makes no sense each day.
var typedOnly = map[string]string{
	"approve-untrusted": "who installs what is not signed says so each time",
	"allow-net":         "who lets a guest into the network says so each time",
	"allow-process":     "who lets a guest run programs says so each time",
	"approve":           "who approves of what a guest asks says so each time",
	"format":            "the programs that read the output give it themselves",
	"help":              "it is no setting",
	"update":            "it writes over the tests' files",
	"fix":               "it writes into sources",
}

// daily gives cmd's flags the values of the nearest astrid-dev.toml at or above the first of
// args, or the current folder, as far as the repository goes. applied names those that it gave.
func daily(cmd *cobra.Command, args []string) (applied []string, err error) {
	path, err := findDaily(args)
	if err != nil || path == "" {
		return nil, err
	}
	data, err := tomldoc.Read(path)
	if err != nil {
		return nil, usage.New(err)
	}
	d, faults := tomldoc.Parse(paths.Short(path), data)
	if len(faults) > 0 {
		f := faults[0]
		return nil, usage.Hint(fmt.Errorf("%s: %s", f.Where(), f.Message), f.Hint)
	}
	for _, table := range d.Keys() {
		if err := dailyTable(cmd.Root(), d, table); err != nil {
			return nil, err
		}
	}
	for _, key := range d.Keys(cmd.Name()) {
		flag := cmd.Flags().Lookup(key)
		if flag.Changed {
			continue
		}
		if err := set(flag, d, cmd.Name(), key); err != nil {
			return nil, err
		}
		applied = append(applied, "--"+key)
	}
	if len(applied) > 0 {
		applied = append([]string{paths.Short(path)}, applied...)
	}
	return applied, nil
}

// findDaily is the file, or "".
func findDaily(args []string) (string, error) {
	at := "."
	if len(args) > 0 {
		at = args[0]
	}
	dir, err := filepath.Abs(at)
	if err != nil {
		return "", usage.New(err)
	}
	for {
		file := filepath.Join(dir, dailyName)
		if _, err := os.Lstat(file); err == nil {
			return file, nil
		} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) && !isNotDir(err) {
			return "", usage.New(err)
		}
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil || filepath.Dir(dir) == dir {
			return "", nil
		}
		dir = filepath.Dir(dir)
	}
}

// isNotDir reports whether err says that a path goes through a file, as that of a module does.
func isNotDir(err error) bool {
	var p *fs.PathError
	return errors.As(err, &p) && strings.Contains(p.Err.Error(), "not a directory")
}

// dailyTable finds what is wrong with a table of the file, whichever command is called: a
// mistake that is seen tomorrow is looked for at the wrong place.
func dailyTable(root *cobra.Command, d *tomldoc.Document, table string) error {
	i := slices.IndexFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == table && c.HasFlags() })
	if i < 0 || d.Table(table) == nil {
		var names []string
		for _, c := range root.Commands() {
			names = append(names, c.Name())
		}
		return at(d, nearTo(table, names, "write the keys under the name of a command, as in [watch]"), []string{table}, "there is no command %q", table)
	}
	cmd := root.Commands()[i]
	for _, key := range d.Keys(table) {
		flag := cmd.Flags().Lookup(key)
		if why, no := typedOnly[key]; no && (flag != nil || key == "help" || key == "format") {
			return at(d, why, []string{table, key}, "%q is not taken from this file", key)
		}
		if flag == nil {
			return at(d, nearTo(key, flagNames(cmd.Flags()), seeHelp(cmd)), []string{table, key}, "%s has no flag --%s", table, key)
		}
	}
	return nil
}

func flagNames(flags *pflag.FlagSet) (names []string) {
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// nearTo is a hint that proposes the name of list that name may be, else otherwise.
func nearTo(name string, list []string, otherwise string) string {
	if near := capsule.Nearest(name, list); near != "" {
		return "did you mean " + near + "?"
	}
	return otherwise
}

// at is a wrong call about key of the file.
func at(d *tomldoc.Document, hint string, key []string, format string, args ...any) error {
	line, column := d.Position(key...)
	return usage.Hint(fmt.Errorf("%s:%d:%d: %s", text.Name(d.File()), line, column, fmt.Sprintf(format, args...)), hint)
}

// set gives flag the value that stands in table under key.
func set(flag *pflag.Flag, d *tomldoc.Document, table, key string) error {
	value, _ := d.Value(table, key)
	values := []any{value}
	_, several := flag.Value.(pflag.SliceValue)
	if list := tomldoc.Elements(value); list != nil && several {
		values = list
	}
	for _, v := range values {
		said, ok := asTyped(v, flag.Value.Type())
		if ok {
			ok = flag.Value.Set(said) == nil
		}
		if !ok {
			return at(d, "write it as in "+key+" = "+sample(flag, several), []string{table, key}, "this is no value of --%s", key)
		}
	}
	flag.Changed = true
	return nil
}

// asTyped is v as it would be typed after a flag of that type.
func asTyped(v any, kind string) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, kind != "bool" && kind != "int"
	case bool:
		return strconv.FormatBool(v), kind == "bool"
	case int64:
		return strconv.FormatInt(v, 10), kind == "int" || kind == "uint64"
	}
	return "", false
}

// sample is a value of flag as TOML.
func sample(flag *pflag.Flag, several bool) string {
	switch kind := flag.Value.Type(); {
	case several:
		return `["one", "two"]`
	case kind == "bool":
		return "true"
	case kind == "int", kind == "uint64":
		return "2"
	case kind == "duration":
		return `"500ms"`
	}
	return `"text"`
}

// dailyKey is where a command keeps what astrid-dev.toml gave it.
const dailyKey = "daily"

// dailyNotes say of cmd's flags which of them somebody may wonder about.
func dailyNotes(cmd *cobra.Command) []string {
	if given := cmd.Annotations[dailyKey]; given != "" {
		return []string{given}
	}
	return nil
}
