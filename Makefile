# Every target works on a machine with only Go, but for toolchains, which
# installs what the tests of the other languages need on Debian.

GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 30s

.PHONY: demo build test race bench fuzz lint check toolchains

demo: ## watch the Go example: edit examples/hello-go/main.go and see the reload
	$(GO) run ./cmd/astrid-dev watch examples/hello-go

build: ## bin/astrid-dev
	$(GO) build -trimpath -o bin/astrid-dev ./cmd/astrid-dev

test: ## everything; tests of what a machine lacks are skipped, and named with go test -v
	$(GO) test ./...

race:
	$(GO) test -race ./...

bench: ## the README's performance tables
	$(GO) test -run '^$$' -bench . -benchtime 3x ./...

fuzz: ## each fuzz target for FUZZTIME
	@set -e; for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; \
	  done; \
	done

lint:
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "gofmt: $$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff
	GOOS=darwin $(GO) vet ./...
	GOOS=windows $(GO) vet ./...

check: lint race ## what CI runs, less the installing

toolchains: ## Debian: what the tests of every language need
	./.ci/toolchains
