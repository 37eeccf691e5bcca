# Everything that is typed. Needs Python ≥ 3.11, git and make; Node comes from PyPI.
SHELL := /bin/sh
# The first of these that is new enough, unless one is named: make PYTHON=python3.12 …
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && exit; \
	done; echo python3)
else
NAMED := --this-python
endif
# Another program's Python packages are none of this one's.
unexport PYTHONHOME PYTHONPATH
BIN := .venv/bin
NODE := PATH="$(CURDIR)/$(BIN):$$PATH"
# A part of the tests: make test ARGS="tests/unit -k ranking"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run demo dev test axe check audit bench eval clean lock images migration types

help: ## List the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: ## Set everything up; quick when nothing changed
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "There is no $(PYTHON) here. On Debian and Ubuntu: apt install python3-venv; on macOS: brew install python"; \
		exit 1; }
	@"$(PYTHON)" backend/dataferry/interpreter.py
	@"$(PYTHON)" scripts/set_up.py $(NAMED)

run: setup ## Serve the app on http://localhost:8000
	@$(BIN)/dataferry serve

demo: setup ## Serve the app with made-up hubs: no key, no account, no internet
	@$(BIN)/python -m scripts.demo

dev: setup ## Serve the API, and the page from its sources, reloading both on a change
	@$(BIN)/python -m scripts.dev

test: setup ## Run every test; a part with ARGS="tests/unit -k word"
	@$(BIN)/python -m scripts.test $(ARGS)

axe: setup ## Run the browser tests with every rule of accessibility in every state
	@DATAFERRY_AXE=1 $(BIN)/python -m scripts.test tests/e2e $(ARGS)

check: setup ## Run every check that CI runs
	@$(BIN)/python -m scripts.check

audit: setup ## Name the known holes in the packages; asks the advisory databases
	@$(BIN)/python -m scripts.audit

bench: setup ## Measure what docs/performance.md claims
	@$(BIN)/python -m benchmarks.startup
	@$(BIN)/python -m benchmarks.search
	@$(BIN)/python -m benchmarks.index
	@$(BIN)/python -m benchmarks.progress
	@$(BIN)/python -m benchmarks.registry
	@$(BIN)/python -m benchmarks.lists
	@$(BIN)/python -m benchmarks.git_datasets
	@$(BIN)/python -m benchmarks.mirror
	@$(BIN)/python -m benchmarks.plugins
	@$(BIN)/python -m benchmarks.tables
	@$(BIN)/python -m benchmarks.gallery
	@$(BIN)/python -m benchmarks.uploads
	@$(BIN)/python -m benchmarks.transfer

eval: setup ## Score searches and the planner's answers on the development set
	@$(BIN)/python -m tests.evals $(ARGS)

types: setup ## Make the page's API types from the app
	@$(BIN)/python -m dataferry.app > frontend/openapi.json
	@cd frontend && $(NODE) npm run --silent gen

RESOLVE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header

lock: setup ## Resolve the Python packages anew: for a checkout, the image, and `make audit`
	@$(RESOLVE) --group dev pyproject.toml --output-file requirements.lock
	@$(RESOLVE) --no-annotate --constraints requirements.lock pyproject.toml --output-file deploy/requirements.lock
	@echo pip-audit | $(RESOLVE) --no-annotate --constraints requirements.lock - --output-file scripts/audit.lock
	@echo openapi-python-client | $(RESOLVE) --no-annotate - --output-file scripts/clients.lock

images: setup ## Pin the image's base, Postgres and Redis to what their tags are now; wants Docker
	@$(BIN)/python -m scripts.pin_images

migration: setup ## Write a migration for what changed in the models: make migration m="what"
	@$(BIN)/python -m scripts.migration "$(m)"

clean: ## Remove what was made, but no data
	@rm -rf .venv .setup backend/dataferry/_web frontend/node_modules dist .*_cache .hypothesis
