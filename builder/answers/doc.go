// Package answers keeps what programs said of themselves from one process to the next.
//
// To ask a tool for its version costs a process, and often more than all else that is done before a
// watch is ready. An answer is kept together with the files that it is of, and counts as long as each of
// them is the same file, not written to since: by device, inode, size, mode, mtime and ctime, and by
// where links lead. Who keeps an answer knows that nothing else decides it, besides what is in the question.
//
// What if a file is replaced while it is asked? Its ctime is not older than the question then, and the
// answer is not kept. What if its times say nothing, as on a network folder? Then nothing is kept. What
// if a process dies while it writes? The note is written beside and renamed, and one that is cut short has another
// checksum. Several processes may use one folder at once.
//
// The files call one way, from top to bottom:
//
//	answers.go  a folder of answers
//	file.go     what is compared of a file
package answers
