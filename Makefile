# Everything a contributor or a user runs. `make` alone explains itself.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= python3
ENGINE := $(shell find engine -name '*.rs' -o -name Cargo.toml 2>/dev/null) Cargo.toml Cargo.lock pyproject.toml
# What stands in the virtual environment: the binding of the development profile, that of the release, the tools of the tests.
BUILT    := $(VENV)/built
RELEASED := $(VENV)/released
DEV      := $(VENV)/dev
MATURIN  := PATH="$(CURDIR)/$(BIN):$$PATH" VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/maturin develop --quiet

# Processes that the Python tests are shared out to, one more than there are processors: many tests wait for something.
# tests/conftest.py says how.
WORKERS ?= $(shell expr $$(nproc) + 1)
SHARED  := -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

.PHONY: help
help: ## Show this list.
	@grep -E '^[a-z_-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: run
run: $(BUILT) ## Set everything up and open the console on this host.
	@exec $(BIN)/neurograph-tui $(ARGS)

.PHONY: test
test: $(DEV) ## Install what the tests need and run all of them.
	cargo test --workspace --features ng-wire/schema
	cargo build --workspace --bins --example echo
	$(BIN)/pytest $(SHARED) $(ARGS)

.PHONY: check
check: $(DEV) lint ## Everything that CI checks: lint, types, arrows, generated files, all tests.
	$(MAKE) --no-print-directory test

.PHONY: lint
lint: $(DEV) ## Formatting, clippy, ruff, mypy, the stub of the binding, import contracts, generated files.
	cargo fmt --all --check
	cargo clippy --quiet --workspace --all-targets --features ng-wire/schema -- -D warnings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/stubtest ng_tui._engine
	$(BIN)/lint-imports
	$(BIN)/python schema/generate.py --check

.PHONY: schema
schema: ## Write the wire schema from Rust and the Python types from the schema.
	UPDATE_SCHEMA=1 cargo test --quiet --package ng-wire --features schema
	$(PYTHON) schema/generate.py

.PHONY: snapshots
snapshots: $(DEV) ## Approve the pictures of all screens as they are, after looking at them.
	$(BIN)/pytest tests/console/test_snapshots.py --snapshot-update

.PHONY: docs
docs: $(BUILT) ## Write the pages of docs/ that are generated from code.
	$(BIN)/python docs/generate.py

.PHONY: bench
bench: $(DEV) $(RELEASED) ## Measure a release build on this machine beside its peers and print the table.
	$(BIN)/python bench/run.py $(ARGS)

DATA  ?= ../shared/data
TOOLS ?= ../shared/tools
REFERENCE ?= ../shared/prototypes/numeric_detector.rs

.PHONY: score
score: $(RELEASED) ## Score the labelled data in DATA with the programs in TOOLS, and say which gates hold.
	$(BIN)/python bench/score.py --data $(DATA) --tools $(TOOLS) $(if $(REFERENCE),--reference $(REFERENCE)) $(ARGS)

.PHONY: coverage
coverage: ## Run all tests as `make test` does, with a report of which Python was run.
	@$(MAKE) --no-print-directory test ARGS="--cov --cov-report=term:skip-covered $(ARGS)"

.PHONY: newest
newest: $(BUILT) ## Run the tests of single modules on the newest Python that is installed here.
	@.ci/newest

.PHONY: audit
audit: $(DEV) ## Licences and sources of all crates, and known faults of all Python packages. Asks the network.
	@command -v cargo-deny >/dev/null || { echo "cargo-deny is missing: cargo install cargo-deny --locked (some minutes)" >&2; exit 1; }
	cargo deny check bans licenses sources
	@$(BIN)/pip install --quiet --disable-pip-version-check 'pip-audit>=2.9'
	$(BIN)/pip freeze --exclude neurograph-tui | $(BIN)/pip-audit --strict --no-deps --disable-pip --requirement /dev/stdin

FUZZ := engine/ng-reading/fuzz
TARGET ?= $(basename $(notdir $(wildcard $(FUZZ)/fuzz_targets/*.rs)))
SECONDS_EACH ?= 300

.PHONY: fuzz
fuzz: ## Throw any bytes at every stage of reading. Wants a nightly compiler and cargo-fuzz.
	@mkdir -p $(FUZZ)/corpus && tar xzf $(FUZZ)/corpus.tar.gz -C $(FUZZ)/corpus
	cd engine/ng-reading && for target in $(TARGET); do \
	  ASAN_OPTIONS=detect_leaks=0 cargo +nightly fuzz run $$target -- -max_total_time=$(SECONDS_EACH) -detect_leaks=0 || exit 1; done

.PHONY: clean
clean: ## Remove what was built.
	rm -rf target $(VENV)

# The three tools that must be there before anything else; a missing one is named with its fix.
.PHONY: tools
tools:
	@command -v $(PYTHON) >/dev/null || { echo "python3 is missing: install Python 3.11 or later (Debian: apt install python3 python3-venv)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is $$($(PYTHON) -V): Python 3.11 or later is needed; name it with make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "the venv module of Python is missing (Debian: apt install python3-venv)" >&2; exit 1; }
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.89 or later, see https://rustup.rs" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "a C linker is missing (Debian: apt install gcc)" >&2; exit 1; }

$(VENV)/bin/pip: | tools
	@echo "==> making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(BIN)/maturin: | $(VENV)/bin/pip
	@$(BIN)/pip install --quiet --disable-pip-version-check 'maturin>=1.9.4,<2'

# The engine is compiled once and again when a source changes; the Python side is used in place. All that `make run` and
# `make test` compile is of one profile and one set of features, so that it is compiled once.
# maturin removes the old module before it copies the new one there, so an engine that runs keeps the one that it began
# with. Whoever puts one there by hand does it by a rename: a module that is overwritten in place ends it with SIGBUS.
$(BUILT): $(ENGINE) | $(BIN)/maturin
	@echo "==> building the engine for development (some minutes the first time)"
	@$(MATURIN)
	@rm -f $(RELEASED)
	@touch $@

# What is measured is what is shipped: optimised across crates. It takes the place of the other.
$(RELEASED): $(ENGINE) | $(BIN)/maturin
	@echo "==> building the engine as it is released (some minutes the first time)"
	@$(MATURIN) --release
	@rm -f $(BUILT)
	@touch $@

$(DEV): pyproject.toml $(BUILT)
	@echo "==> installing the tools of the tests"
	@$(MATURIN) --extras dev
	@touch $@
