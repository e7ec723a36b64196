# zest. `make` lists what there is to do.
.DEFAULT_GOAL := help
SHELL := /bin/bash
export CGO_ENABLED ?= 0

FUZZTIME ?= 20s
VERSION ?= 0.1.0
NFPM ?= go run github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.44.0

.PHONY: help build demo test race fuzz golden lint bench pages torture score man package shots messages clean selftest

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the static binary bin/zest
	go build -trimpath -buildvcs=auto -ldflags "-s -w" -o bin/zest ./cmd/zest

demo: ## run the whole job on this machine: sources, SMTP, inbox; open the printed address
	go run ./cmd/zest demo

test: ## run the tests
	go test ./...

race: ## run the tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race -timeout 60m ./...

fuzz: ## fuzz every target for FUZZTIME each
	@set -e; for pkg in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$pkg; done; done

golden: ## renew the golden files; read the diff before you commit it
	go test ./digest/render ./digest/deliver ./digest/inline ./digest/extract -run Golden -update

lint: ## gofmt, go vet, staticcheck
	@out=$$(gofmt -l cmd config digest templates); if [ -n "$$out" ]; then echo "gofmt would change:"; echo "$$out"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

bench: build ## measure sending beside Postfix's load generator; ZEST_BENCH=quick takes a minute
	.ci/bench.sh
	go test -run '^$$' -bench . -benchtime 1s ./...
	go run ./digest/internal/load -zest bin/zest
	go run ./digest/internal/planning
	go run ./digest/internal/starting -zest bin/zest

pages: ## walk every page that readers meet in Chromium, with axe-core; contact sheets in docs/img
	.ci/npm.sh > /dev/null
	CI=true ZEST_SHOTS=$(CURDIR)/bin/pages go test ./digest/web -run ReadersWalk -count 1 -v

torture: ## try ten million tickets, and what else takes minutes
	ZEST_TORTURE=1 go test ./digest -run ResistGuessing -count 1 -v

selftest: ## torture the delivery engine, on SQLite and on a Postgres of its own
	.ci/selftest.sh

man: ## write the man pages and shell completions to bin/package
	rm -rf bin/package/man bin/package/completions
	go run -tags manual ./cmd/zest manual bin/package
	gzip -9n bin/package/man/*.1

package: man ## build the .deb and the .rpm for this machine in bin/
	go build -trimpath -buildvcs=auto -ldflags "-s -w" -o bin/package/zest ./cmd/zest
	set -e; for kind in deb rpm; do VERSION=$(VERSION) ARCH=$$(go env GOARCH) $(NFPM) package -f config/deploy/nfpm.yaml -p $$kind -t bin/; done

shots: ## look at every theme in Chromium, with axe-core; contact sheets in docs/img
	.ci/shots.sh

messages: ## have SpamAssassin and the W3C checker judge the golden messages
	.ci/messages.sh

score: ## score zest on suites that others wrote, where they are present
	.ci/score.sh

clean: ## remove what was built
	rm -rf bin
