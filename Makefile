# make demo · make test · make check · make eval · make bench        `make help` explains each.
# Every step does its own set-up, says what it does, and is quick when there is nothing to do.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CHUANGMING_SHARED ?= $(abspath ../shared)
export CHUANGMING_SHARED
# ONNX Runtime and OpenCV bring threads of their own; two are what the smallest mini-PC has.
export OMP_NUM_THREADS ?= 2

PYTHON ?= python3
VENV := .venv
BIN := target/debug
STAMPS := .setup
WEB := central/web
CALIBRATION_WEB := calibration/web
BROWSER := tests/browser

# By name within the whole workspace: -p would build every dependency again, with the features that central alone needs.
CENTRAL_TESTS := $(patsubst central/tests/%.rs,--test %,$(wildcard central/tests/*.rs))

.PHONY: help demo test check eval bench setup setup-test models web build clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: setup build ## set up, build, and show the job on a bundled clip (CAMERA=rtsp://… or /dev/video0, DEMO_SECONDS=90)
	@$(VENV)/bin/python deploy/demo/demo.py

# Programs and tests are built together: apart they would build the dependencies twice, with other features.
test: setup-test ## set up, build and run every test
	@echo "== building (the first time takes some minutes)"
	cargo test --workspace --no-run
	@echo "== formatting and lints"
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	@echo "== Python: converter, generator, training, demo"
	$(VENV)/bin/python -m pytest -q models/fetch/tests models/train/tests models/report/tests scenes/tests deploy/demo
	@echo "== web pages"
	npm --prefix $(WEB) test
	npm --prefix $(CALIBRATION_WEB) test
	@echo "== Rust"
	cargo test --workspace
	@echo "== Rust: central again, on PostgreSQL"
	CHUANGMING_TEST_DATABASE=postgres cargo test --workspace $(CENTRAL_TESTS)
	@echo "== browser"
	npm --prefix $(BROWSER) test
	@echo "== the API, fuzzed from its own description"
	$(VENV)/bin/python -m pytest -q tests/fuzz

check: setup-test build ## formatting, lints, licences and bans
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny --log-level error check licenses bans sources

eval: setup build ## score every labelled set of ../shared/data (and CHUANGMING_EVAL_SETS=DIR:DIR…) and write models/RESULTS.md
	@$(VENV)/bin/python models/results.py

bench: setup-test build ## measure load and speed on this machine
	@$(VENV)/bin/python tests/bench.py

setup: $(STAMPS)/packages-build models web ## everything that a build needs

setup-test: $(STAMPS)/packages-test models web $(STAMPS)/python-test $(BROWSER)/node_modules/.package-lock.json ## everything that the tests need

models: $(STAMPS)/python
	@$(VENV)/bin/python models/fetch/fetch.py
	@$(VENV)/bin/python models/fetch/convert.py

web: $(WEB)/dist/index.html $(CALIBRATION_WEB)/dist/index.html

build: setup
	@echo "building (the first time takes some minutes)"
	@cargo build --bins

$(STAMPS)/packages-build $(STAMPS)/packages-test: deploy/setup/packages.sh
	@deploy/setup/packages.sh $(patsubst packages-%,%,$(@F))
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/python: models/fetch/requirements.txt | $(STAMPS)/packages-build
	@echo "Python environment: setting up"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/python-test: models/fetch/requirements-test.txt scenes/requirements-test.txt tests/fuzz/requirements-test.txt $(STAMPS)/python
	@echo "Python environment: adding what the tests need"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r models/fetch/requirements-test.txt -r scenes/requirements-test.txt -r tests/fuzz/requirements-test.txt
	@mkdir -p $(STAMPS) && touch $@

%/node_modules/.package-lock.json: %/package-lock.json
	@echo "$*: installing its npm packages"
	@npm --prefix $* ci --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB)/dist/index.html: $(WEB)/node_modules/.package-lock.json central/openapi.json $(shell find $(WEB)/src $(WEB)/index.html locales -type f 2>/dev/null)
	@echo "central's pages: building"
	@npm --prefix $(WEB) run --silent build
	@touch $@

# The installers' page takes look and components from central's.
$(CALIBRATION_WEB)/dist/index.html: $(CALIBRATION_WEB)/node_modules/.package-lock.json calibration/openapi.json $(shell find $(CALIBRATION_WEB)/src $(CALIBRATION_WEB)/index.html $(WEB)/src/ui $(WEB)/src/styles locales -type f 2>/dev/null)
	@echo "installers' page: building"
	@npm --prefix $(CALIBRATION_WEB) run --silent build
	@touch $@

clean: ## remove what was built (not what was fetched)
	rm -rf target $(WEB)/dist $(CALIBRATION_WEB)/dist .demo
