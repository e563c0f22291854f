package cargo

import "strings"

// unknownCfg is what `rustc --print cfg` says of wasm32-unknown-unknown, as far
// as configurations ask for it.
var unknownCfg = map[string]bool{
	`target_arch="wasm32"`: true, `target_family="wasm"`: true, `target_os="unknown"`: true, `target_env=""`: true,
	`target_pointer_width="32"`: true, `target_endian="little"`: true, `target_vendor="unknown"`: true, `panic="abort"`: true,
}

// cfgHolds evaluates a cfg expression, such as all(target_arch = "wasm32", not(unix)),
// for wasm32-unknown-unknown. What cannot be read does not hold.
func cfgHolds(expression string) bool {
	holds, rest, ok := cfgTerm(strings.TrimSpace(expression))
	return ok && strings.TrimSpace(rest) == "" && holds
}

func cfgTerm(s string) (holds bool, rest string, ok bool) {
	for _, operator := range []string{"all", "any", "not"} {
		inner, found := strings.CutPrefix(s, operator)
		if inner = strings.TrimSpace(inner); found && strings.HasPrefix(inner, "(") {
			return cfgList(operator, inner[1:])
		}
	}
	end := strings.IndexAny(s, ",)")
	if end < 0 {
		end = len(s)
	}
	term := strings.TrimSpace(s[:end])
	name, value, hasValue := strings.Cut(term, "=")
	if hasValue {
		term = strings.TrimSpace(name) + "=" + strings.TrimSpace(value)
	}
	return unknownCfg[term], s[end:], term != ""
}

func cfgList(operator, s string) (holds bool, rest string, ok bool) {
	all, any, count := true, false, 0
	for {
		s = strings.TrimSpace(s)
		if after, closed := strings.CutPrefix(s, ")"); closed {
			s = after
			break
		}
		one, after, ok := cfgTerm(s)
		if !ok {
			return false, "", false
		}
		all, any, count = all && one, any || one, count+1
		s = strings.TrimPrefix(strings.TrimSpace(after), ",")
		if s == "" {
			return false, "", false
		}
	}
	switch operator {
	case "all":
		return all, s, true
	case "any":
		return any, s, true
	}
	return !all, s, count == 1
}
