# standfast: everything that a machine with Debian 12, Python 3.11 and make needs is fetched by these targets.
SHELL := /bin/bash
VENV := .venv
STANDFAST := $(VENV)/bin/standfast

.PHONY: help setup packages demo test check bench docs kill clean
help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STANDFAST) ## Make .venv with everything in it
$(STANDFAST): uv.lock pyproject.toml kit/pyproject.toml
	@tools/set-up
	@touch $@

packages: ## Install (as root) or name (otherwise) the Debian packages that the tests need
	@tools/debian-packages

demo: setup ## Start the shop with standfast, break it, and watch
	@$(STANDFAST) demo

test: setup packages ## Run every test
	@tools/test

check: setup ## Lint, types, layers, documents
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(MAKE) --no-print-directory docs

docs: setup ## Build the documentation; a broken link fails
	@$(VENV)/bin/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: setup ## Measure, with the yardsticks in the same run
	@tools/find-uv >/dev/null && $$(tools/find-uv) sync -q --frozen --group bench
	@$(VENV)/bin/python -m bench

kill: setup ## 1,000 seeded kill -9; takes long
	@$(VENV)/bin/python -m bench.kill

clean: ## Remove what the other targets made
	rm -rf $(VENV) .tools docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
