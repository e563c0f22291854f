//go:build !(darwin || freebsd || openbsd || netbsd || dragonfly)

package watcher

// descriptors is how many a watch takes: the system has one for all of them.
func descriptors(string) int { return 0 }

// descriptorBudget is 0: without limit.
func descriptorBudget() int { return 0 }
