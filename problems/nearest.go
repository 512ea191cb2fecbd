package problems

// Nearest is the candidate that a mistyped word most likely meant, or empty
// where none is near: at most one and a third of the word's letters may differ.
func Nearest(word string, candidates []string) string {
	best, bestAt := "", len([]rune(word))/3+2
	for _, c := range candidates {
		if d := distance([]rune(word), []rune(c)); d < bestAt || d == bestAt && best != "" && c < best {
			best, bestAt = c, d
		}
	}
	return best
}

// distance is the Levenshtein distance.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost = min(diagonal, row[j], row[j+1]) + 1
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
