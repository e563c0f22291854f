# Every target works on a machine with only Go, but for toolchains, which
# installs what the tests of the other languages need on Debian.

GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
ACTIONLINT = github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
FUZZTIME ?= 30s

.PHONY: demo build test race bench bench-peers bench-verdict fuzz lint check toolchains reader reader-cache reader-check

demo: ## watch the Go example: edit examples/hello-go/main.go and see the reload
	@echo "demo: compiling astrid-dev; the first time takes about a minute"
	@$(GO) build -o bin/astrid-dev ./cmd/astrid-dev
	@echo "demo: change the text in examples/hello-go/main.go, save, and see the reload"
	@echo "demo: Ctrl-C or q ends, ? says which keys there are"
	@bin/astrid-dev watch examples/hello-go

build: ## bin/astrid-dev
	$(GO) build -trimpath -o bin/astrid-dev ./cmd/astrid-dev

test: ## every package, of its long tests one in ten; tests of what a machine lacks are skipped, and named at the end
	@echo "test: every package, some minutes on two cores; of the long tests one in ten, with ASTRID_DEV_THOROUGH=1 all"
	@echo "test: what this machine lacks is skipped and named at the end, and so is how many long tests were left out"
	@$(GO) run ./internal/gotest -timeout 40m ./...

race: reader-cache
	$(GO) test -race -timeout 60m ./...

bench: ## the tables of docs/performance.md
	$(GO) test -run '^$$' -bench . -benchtime 3x ./...

ROUNDS ?= 6
bench-peers: ## the same work by other watchers, b3sum, bare tools and Wasmtime, ROUNDS times (6), in turns; benchstat says what differs
	@GO="$(GO)" ROUNDS=$(ROUNDS) ./.ci/bench-peers

EDITS ?= 30
bench-verdict: ## from a save to its verdict, EDITS edits (30) of each example, and its table; wants a quiet machine. EDITS=5 takes some minutes, 30 half an hour
	$(GO) test -run '^$$' -bench EditToVerdict -benchtime $(EDITS)x -timeout 0 ./cmd/astrid-dev

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
	$(GO) run $(ACTIONLINT)
	$(GO) mod tidy -diff
	GOOS=darwin $(GO) vet ./...
	GOOS=windows $(GO) vet ./...

check: lint race ## what CI runs, less the installing

reader: ## builder/wasm/reader/reader.wasm from its sources; wants the Rust of make toolchains
	./builder/wasm/reader/build.sh

reader-cache: # the reader of modules, compiled for children: under the race detector that takes longer than a child may
	$(GO) test -count=1 -run '^TestPreparedChild$$' ./builder/smoke

reader-check: ## reader.wasm is what its sources build, byte for byte
	./builder/wasm/reader/build.sh --check

toolchains: ## Debian: what the tests of every language need
	./.ci/toolchains
