# Everything that is typed. Needs Python ≥ 3.11, git and make; Node comes from PyPI.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
NODE := PATH="$(CURDIR)/$(BIN):$$PATH"
PAGE := backend/dataferry/_web/index.html

.DEFAULT_GOAL := help
.PHONY: help setup run demo dev test check bench clean lock migration types

help: ## List the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .setup/python .setup/package $(PAGE) ## Set everything up; quick when nothing changed

run: setup ## Serve the app on http://localhost:8000
	@$(BIN)/dataferry serve

demo: setup ## Serve the app with made-up hubs: no key, no account, no internet
	@$(BIN)/python -m scripts.demo

dev: setup ## Serve the API, and the page from its sources, reloading both on a change
	@$(BIN)/python -m scripts.dev

test: setup ## Run every test
	@$(BIN)/python -m pytest
	@cd frontend && $(NODE) npm run --silent test

check: setup ## Run every check that CI runs
	@$(BIN)/python -m scripts.check

bench: setup ## Measure what docs/performance.md claims
	@$(BIN)/python -m benchmarks.startup
	@$(BIN)/python -m benchmarks.search
	@$(BIN)/python -m benchmarks.progress
	@$(BIN)/python -m benchmarks.transfer

types: setup ## Make the page's API types from the app
	@$(BIN)/python -m dataferry.app > frontend/openapi.json
	@cd frontend && $(NODE) npm run --silent gen

RESOLVE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header

lock: .setup/python ## Resolve the Python packages anew: for a checkout, and for the image
	@$(RESOLVE) --group dev pyproject.toml --output-file requirements.lock
	@$(RESOLVE) --no-annotate --constraints requirements.lock pyproject.toml --output-file deploy/requirements.lock

migration: setup ## Write a migration for what changed in the models: make migration m="what"
	@$(BIN)/python -m scripts.migration "$(m)"

clean: ## Remove what was made, but no data
	@rm -rf .venv .setup backend/dataferry/_web frontend/node_modules dist .*_cache .hypothesis

.setup/python: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Dataferry needs Python 3.11 or newer. Under another name: make PYTHON=python3.12 setup"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "Python's venv is missing. On Debian: apt install python3-venv"; exit 1; }
	@echo "Installing the Python packages …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@mkdir -p .setup && touch $@

.setup/package: .setup/python pyproject.toml hatch_build.py
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.setup/node: .setup/python frontend/package.json frontend/package-lock.json
	@echo "Installing the page's packages …"
	@cd frontend && $(NODE) npm ci --silent --no-audit --no-fund
	@touch $@

$(PAGE): .setup/node $(shell find frontend/src frontend/public frontend/index.html frontend/vite.config.ts -type f 2>/dev/null)
	@echo "Building the page …"
	@cd frontend && $(NODE) npm run --silent build -- --logLevel warn
	@touch $@
