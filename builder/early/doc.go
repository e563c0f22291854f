// Package early runs the program's helper processes before the rest of the program is made.
//
// Each command has a guardian and each load a child, and both are this program again. What
// libraries make of themselves before main, tables and schemas, is of no use to them and would be
// most of what they cost. Go makes packages in the order of their paths, each after what it
// imports (https://go.dev/doc/go1.21#language): so a package that imports nothing but the two helpers is
// made before libraries that need more. Importing this package is all that a program does; main still
// calls the helpers' Main, for a compiler with another order.
//
// The files:
//
//	early.go  the helpers
package early
