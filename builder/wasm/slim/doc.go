// Package slim leaves out of a module the code that an earlier load has checked and did not run.
//
// In a capsule of JavaScript nearly all of the module is an engine, whose code is the same after
// each edit. So a load that went well is noted: for each large core module the bodies of its
// functions, and which of them ran. In the next file, a body that is the same, of a core module
// that is the same but for bodies and data, is known to be valid; where it did not run either, a
// trap takes its place, and where it ran, it need not be validated again. A load of what is left is
// quick, and one that goes well says what a load of the whole would say: what ran is the same code
// on the same data. One that does not go well says nothing, and the whole is loaded.
//
// A compiler that moves data or functions, as Go's does at each edit, changes the numbers in half of all bodies, and nothing
// else of them. Whether a body is valid does not hang on the value of a constant, nor on the offset of an access to memory, as
// long as that is a number of 32 bits; so a body is known too that differs in these alone from the noted one of the same number in the same
// frame, where types, functions, tables, memories and globals are the same. To leave it out is as right as it is for one
// that is the same: that it did not run before says nothing for sure in either case, since data and script are others in each file. What is sure
// is that a load which goes well has called nothing of what was left out, and that all it called was there with the numbers of this file.
//
// An edit that adds a function moves all behind it, and so the numbers that others call them by. Then there is no note of the same
// frame. One whose module is of the same kin serves: types, imports, globals, and which tables and memories there are,
// are the same. A body is known where it is alike, in the order of both modules, to one of the same type, and calls functions of the same types.
//
// Notes lie in a folder that is the user's own, under a key of this very program, and each carries
// its own checksum: one that is missing, broken or of somebody else costs a load of the whole.
//
// The files call one way, from top to bottom:
//
//	slim.go      what is left out of a file, and what is noted of one
//	note.go      a note, in bytes and in a file
//	program.go   which program this is
//	data.go      data, taken out
//	moved.go     a note, in the numbers of another module
//	core.go      core modules in a file
//	frame.go     what bodies may name
//	alike.go     two bodies that differ in numbers alone
//	sections.go  the sections of a module
package slim
