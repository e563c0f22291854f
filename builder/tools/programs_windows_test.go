package tools_test

func jobMain([]string) (int, bool) { return 0, false }
