package proc

// Suspend does nothing: Windows has no stop signal.
func Suspend() {}

// Resume does nothing.
func Resume() {}
