// Package watcher turns file-system events into batches of changed paths.
//
// One goroutine owns all of it. Where the system gives events a folder is
// watched; where it gives none, or no more, the folder is read again and again
// and the differences take the same way as events do. Whatever may have been
// missed ends in a Batch with Lost, never in a guess.
//
// The files call one way, from top to bottom:
//
//	count.go          how many folders a plan would watch
//	watcher.go        Run, and what it takes and gives
//	loop.go           one thing after the other
//	doubt.go          events that were lost, and what gives none
//	poll.go           folders are read again and again
//	seams.go          what tests replace
//	change.go         one change
//	plan.go           what to watch
//	state.go          all that one Run knows
//	resolve.go        where a path leads
//	folder.go         one watched folder
//	target.go         one path of the plan
//	pending.go        the batch that waits to be taken
//	notify.go         the system's events
//	stat.go           what stands in a folder
//	limits.go         the system's limits
//	limits_*.go       where a system keeps them
//	mounts_*.go       what was mounted
//	sleep_*.go        how long the machine has slept
//	descriptors_*.go  what a watch costs
package watcher
