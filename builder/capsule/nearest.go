package capsule

// maxWord bounds the words that Nearest compares, in bytes: no key of ours is
// half as long, and the comparison takes time with the product of the lengths.
const maxWord = 64

// Nearest is the name that a misspelt word most likely meant, or "" when none
// is close: at most a third of the letters may differ.
func Nearest(word string, names []string) string {
	if len(word) > maxWord {
		return ""
	}
	best, bestDistance := "", len(word)/3+1
	for _, name := range names {
		if d := distance(word, name); d < bestDistance {
			best, bestDistance = name, d
		}
	}
	return best
}

// distance is how many letters must be added, removed, replaced or swapped
// with their neighbour to get from a to b; - and _ count as the same letter.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		older := before
		before, row = row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] || isDash(a[i-1]) && isDash(b[j-1]) {
				cost = 0
			}
			row[j] = min(before[j]+1, row[j-1]+1, before[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

func isDash(c byte) bool { return c == '-' || c == '_' }
