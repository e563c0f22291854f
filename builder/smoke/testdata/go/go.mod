module capsule

go 1.24
