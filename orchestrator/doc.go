// Package orchestrator decides when a capsule is examined, built, published and announced.
//
// All scheduling is one step: something happens (files changed, a build ended, time
// passed), and the step answers what is to be done about it (examine, build, publish,
// say). The step neither waits nor works, so that it needs no mutex and can be tried
// by millions in a simulation. Run carries out what it asks for: slow work (hashing,
// building, publishing) runs in goroutines whose results are the next happenings, and
// Run joins all of them before it returns.
//
// What is known of one capsule is nine small types, each of which answers one question
// and knows nothing of the others (burst, examination, work, standing, product, hold,
// authors, trail, told).
//
// The files call one way, from top to bottom:
//
//	run.go          carries out what the steps ask for
//	step.go         what happens, and everything that is due after it
//	pending.go      who waits, and who has capsules left alone
//	question.go     what others ask, and capsules that are left alone meanwhile
//	take.go         what the watcher and the user tell
//	idle.go         that all is ready, and that nothing is pending
//	outcome.go      what came of a build, and its publication
//	feedback.go     a build that changed its own inputs
//	quality.go      a release takes the place of a debug module when all is quiet
//	early.go        a build begins before everything was looked at
//	examine.go      when the disk is looked at, and what was found
//	decide.go       what the newest examination means
//	start.go        which builds begin
//	circle.go       builds that lead to each other, round and round
//	product.go      what stands published is watched, and put back
//	capsules.go     which capsules there are
//	graph.go        which capsules take what others publish
//	transient.go    what came and went while a build ran
//	owners.go       which capsules a path concerns, and what is watched
//	leave.go        which capsules are left alone, because somebody asked for it
//	locks.go        git at work
//	events.go       what is said of a capsule
//	told.go         what was said of a capsule, and what is still to be answered
//	authors.go      who writes a capsule's files
//	trail.go        which builds led to which
//	state.go        the state of all capsules
//	capsule.go      what is known of one capsule
//	hold.go         whether its builds write its inputs
//	standing.go     what came of its inputs, and what is published
//	work.go         what is to be built of it, and what is being built
//	examination.go  how well its newest examination is known to be what is on disk
//	burst.go        whether somebody is writing just now
//	clock.go        when, in the course of builds, files are written
//	effect.go       what a step asks for
//	orchestrator.go what Run needs
package orchestrator
