package smoke

// peakResident is not known on Windows.
func peakResident() uint64 { return 0 }
