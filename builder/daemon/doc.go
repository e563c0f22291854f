// Package daemon installs capsules in Astrid's own runtime, through its socket, and says what it
// answered.
//
// A Daemon is a private one: a process with a home, a socket and a workspace of its own, which
// no other session meets and of which nothing stays. A User is the runtime that the user
// runs. Both are had as a Link, a connection to one process. The answer to the install is
// the only proof that a capsule runs: after a failed load the runtime's own lists call it
// ready all the same.
//
// Whatever becomes of this program, a private process ends and its folder goes: it runs under
// builder/proc's guardian, and a keeper, which is this program again, removes the folder when
// the process has ended. What even the keeper could not remove, because it was killed too,
// the next Daemon does.
//
// Its files, from top to bottom:
//
//	daemon.go   the private runtime, of as many processes as it takes
//	user.go     the user's
//	running.go  one private process
//	keeper.go   what it runs under
//	logs.go     what capsules logged in it
//	link.go     what is asked of a process
//	courier.go  what is asked of capsules, through one of ours
//	values.go   the values for [env]
//	answer.go   what it answered
//	client.go   its protocol
//	loaded.go   what it tells everybody
//	frames.go   the frames of that
//	find.go     where the program is
package daemon
