# `make demo` and `make test` set up what they need; `make` alone lists what there is.
PYTHON ?= python3
RUN := .venv/bin
# Twice quiet: errors are shown, warnings about how this machine's pip is set up are not.
INSTALL := $(RUN)/python -m pip install -qq --disable-pip-version-check
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo down test test-fast check bench lock

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: $(READY) ## Make .venv with pluginctl in it

$(READY): requirements/pip.txt requirements/dev.txt pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or later is needed: make PYTHON=/path/to/python3.13 …' >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || scripts/install-venv
	@echo 'Making .venv …'
	@$(PYTHON) -m venv --clear .venv
	@# The pip of Python 3.11 cannot check the hash of a package that is wanted with an extra.
	@$(INSTALL) --require-hashes --requirement requirements/pip.txt
	@$(INSTALL) --require-hashes --requirement requirements/dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## Start a sandbox (GENERATION=2.x or 1.12) and Prefect, release the portfolio plugin, show what came in
	@$(RUN)/pluginctl demo $(if $(GENERATION),--generation $(GENERATION))

down: $(READY) ## Stop all that was started; the data stays
	@$(RUN)/pluginctl sandbox down

test: $(READY) ## Run all tests, those with the real services too
	@$(RUN)/python -m pytest $(PYTEST)

test-fast: $(READY) ## Run the tests that need no server: under a minute
	@$(RUN)/python -m pytest -m 'not prefect and not integration and not e2e' $(PYTEST)

check: $(READY) ## Format, lint, types and layers
	@$(RUN)/ruff format --check .
	@$(RUN)/ruff check .
	@$(RUN)/mypy
	@cd plugin/src && ../../$(RUN)/mypy --config-file ../../pyproject.toml -p plugin
	@$(RUN)/lint-imports --no-logo
	@cd plugin/src && ../../$(RUN)/lint-imports --no-logo ../.importlinter

bench: $(READY) ## Measure, print a table and write build/benchmarks.json
	@$(RUN)/python -m tests.benchmarks $(BENCH)

lock: $(READY) ## Write the requirements files anew from pyproject.toml
	@scripts/lock
