// Command golang is a program with a dependency, to be found in its module.
package main

import "github.com/zeebo/blake3"

func main() {
	sum := blake3.Sum256(nil)
	println(len(sum))
}
