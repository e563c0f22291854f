//go:build more

package main

// With this file the capsule has three functions more, and Go's linker puts others behind them.

var sum = first(1)

//go:noinline
func first(n int) int { return second(n) + 1 }

//go:noinline
func second(n int) int { return third(n) * 2 }

//go:noinline
func third(n int) int { return n + len(verb) }
