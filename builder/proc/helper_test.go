package proc

import "fmt"

func helperMain(args []string) (int, bool) {
	if len(args) > 0 && args[0] == "hello" {
		fmt.Println("hello")
		return 3, true
	}
	return 0, false
}
