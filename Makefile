# `make demo` and `make test` set up what they need. `make` without a target lists the targets.
PYTHON ?= python3
RUN := .venv/bin
# -qq: show errors, but no warnings about the pip configuration of this machine.
INSTALL := $(RUN)/python -m pip install -qq --disable-pip-version-check
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo down test test-fast check bench lock

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: $(READY) ## Create .venv and install pluginctl there

$(READY): requirements/pip.txt requirements/dev.txt pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or later is needed: make PYTHON=/path/to/python3.13 …' >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || scripts/install-venv
	@echo 'Making .venv …'
	@$(PYTHON) -m venv --clear .venv
	@# The pip of Python 3.11 cannot check the hash of a package that is required with an extra.
	@$(INSTALL) --require-hashes --requirement requirements/pip.txt
	@$(INSTALL) --require-hashes --requirement requirements/dev.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## Start a sandbox (GENERATION=2.x or 1.12) and Prefect, release the portfolio plugin, show what was collected
	@$(RUN)/pluginctl demo $(if $(GENERATION),--generation $(GENERATION))

down: $(READY) ## Stop all sandboxes and Prefect; the data is kept
	@$(RUN)/pluginctl sandbox down

test: $(READY) ## Run all tests, including those with the real services
	@$(if $(PYTEST),$(RUN)/python -m pytest $(PYTEST),scripts/test)

test-fast: $(READY) ## Run the tests that need no server (about three minutes)
	@$(RUN)/python -m pytest -m 'not prefect and not integration and not e2e' $(PYTEST)

check: $(READY) ## Check format, lint rules, types and layers
	@$(RUN)/ruff format --check .
	@$(RUN)/ruff check .
	@$(RUN)/mypy
	@cd plugin/src && ../../$(RUN)/mypy --config-file ../../pyproject.toml -p plugin
	@$(RUN)/lint-imports --no-logo
	@cd plugin/src && ../../$(RUN)/lint-imports --no-logo ../.importlinter

bench: $(READY) ## Run the benchmarks, print a table and write build/benchmarks.json
	@$(RUN)/python -m tests.benchmarks $(BENCH)

lock: $(READY) ## Rewrite the requirements files from pyproject.toml
	@scripts/lock
