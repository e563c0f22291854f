package tree

import "strings"

// outcome of a match attempt. The two kinds of giving up keep patterns with
// many stars from trying every split of the text.
type outcome int

const (
	noMatch      outcome = iota
	matched              //
	abortAll             // the text ended too early: a longer part for an earlier star cannot help
	abortToStars         // the same as far as the next slash; only an earlier "**" can help
)

// wildmatch is git's matcher of the same name, step by step, since its corner
// cases are the format: with slashes false "*" and "?" match a slash as well,
// with slashes true only "**" between slashes does.
func wildmatch(pattern, text string, slashes bool) bool {
	return dowild(pattern, text, slashes) == matched
}

// at is s[i], or 0 past the end, as in the C strings that the format comes from.
func at(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

func dowild(pattern, text string, slashes bool) outcome {
	t := 0
	for p := 0; p < len(pattern); p, t = p+1, t+1 {
		c, tc := pattern[p], at(text, t)
		if tc == 0 && c != '*' {
			return abortAll
		}
		switch c {
		case '\\':
			p++
			if at(pattern, p) != tc {
				return noMatch
			}
		case '?':
			if slashes && tc == '/' {
				return noMatch
			}
		case '*':
			return star(pattern, p, text[min(t, len(text)):], slashes)
		case '[':
			end, ok := bracket(pattern, p+1, tc)
			if end < 0 {
				return abortAll
			}
			if !ok || slashes && tc == '/' {
				return noMatch
			}
			p = end
		default:
			if c != tc {
				return noMatch
			}
		}
	}
	if t < len(text) {
		return noMatch
	}
	return matched
}

// star matches text against pattern from the star at p on.
func star(pattern string, p int, text string, slashes bool) outcome {
	first := p
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	rest := pattern[p:]
	across := !slashes // whether what the star stands for may contain a slash
	if p-first > 1 && slashes && (first == 0 || pattern[first-1] == '/') &&
		(rest == "" || rest[0] == '/' || strings.HasPrefix(rest, "\\/")) {
		if strings.HasPrefix(rest, "/") && dowild(rest[1:], text, slashes) == matched {
			return matched
		}
		across = true
	}
	if rest == "" {
		if !across && strings.Contains(text, "/") {
			return abortToStars
		}
		return matched
	}
	if !across && rest[0] == '/' {
		slash := strings.IndexByte(text, '/')
		if slash < 0 {
			return abortToStars
		}
		return dowild(rest[1:], text[slash+1:], slashes)
	}
	return try(rest, text, across, slashes)
}

// try lets the star stand for ever more of text until rest matches what is left.
func try(rest, text string, across, slashes bool) outcome {
	for ; text != ""; text = text[1:] {
		if !strings.ContainsRune("*?[\\", rune(rest[0])) {
			// Straight to the next place where rest can begin.
			i := strings.IndexByte(text, rest[0])
			if slash := strings.IndexByte(text, '/'); !across && slash >= 0 && (i < 0 || slash < i) {
				return abortToStars
			}
			if i < 0 {
				if across {
					return abortAll
				}
				return abortToStars
			}
			text = text[i:]
		}
		if got := dowild(rest, text, slashes); got != noMatch {
			if !across || got != abortToStars {
				return got
			}
		} else if !across && text[0] == '/' {
			return abortToStars
		}
	}
	return abortAll
}

// bracket matches c against the bracket expression that begins after the "[",
// and returns where its "]" is, or -1 when there is none.
func bracket(pattern string, p int, c byte) (end int, ok bool) {
	negated := at(pattern, p) == '!' || at(pattern, p) == '^'
	if negated {
		p++
	}
	var previous byte // the character that a "-" makes the lower end of a range
	for first := true; first || at(pattern, p) != ']'; first = false {
		switch pc := at(pattern, p); {
		case pc == 0:
			return -1, false
		case pc == '\\':
			if p++; at(pattern, p) == 0 {
				return -1, false
			}
			ok = ok || pattern[p] == c
			previous = pattern[p]
		case pc == '-' && previous != 0 && at(pattern, p+1) != 0 && pattern[p+1] != ']':
			if p++; pattern[p] == '\\' {
				if p++; at(pattern, p) == 0 {
					return -1, false
				}
			}
			ok = ok || c >= previous && c <= pattern[p]
			previous = 0 // a range is no lower end
		case pc == '[' && at(pattern, p+1) == ':':
			close := strings.IndexByte(pattern[p+2:], ']')
			if close < 0 {
				return -1, false
			}
			name, isClass := strings.CutSuffix(pattern[p+2:p+2+close], ":")
			if !isClass { // no ":]": the "[" stands for itself
				ok = ok || c == '['
				previous = '['
				break
			}
			in, known := class(name, c)
			if !known {
				return -1, false
			}
			ok = ok || in
			p += 2 + close
			previous = 0
		default:
			ok = ok || pc == c
			previous = pc
		}
		p++
	}
	return p, ok != negated
}

// class reports whether c is in the named class; known is false for a name that is none.
func class(name string, c byte) (in, known bool) {
	upper, lower, digit := c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9'
	graph := c > ' ' && c < 0x7f
	switch name {
	case "alnum":
		return upper || lower || digit, true
	case "alpha":
		return upper || lower, true
	case "blank":
		return c == ' ' || c == '\t', true
	case "cntrl":
		return c < ' ' || c == 0x7f, true
	case "digit":
		return digit, true
	case "graph":
		return graph, true
	case "lower":
		return lower, true
	case "print":
		return graph || c == ' ', true
	case "punct":
		return graph && !upper && !lower && !digit, true
	case "space":
		return c == ' ' || c >= '\t' && c <= '\r', true
	case "upper":
		return upper, true
	case "xdigit":
		return digit || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F', true
	}
	return false, false
}
