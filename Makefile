# Everything a reader, a teacher or a researcher types. Each target makes .venv on its first use.
.DEFAULT_GOAL := help
.PHONY: help book test figures bench clean

PYTHON ?= python3
PRESET ?= laptop
RUN := .venv/bin/python
NOTEBOOKS := $(basename $(notdir $(wildcard notebooks/*.py)))

help: ## show this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

book: .venv/installed ## execute every notebook and build the book into _build/html
	$(RUN) -m smwm_core book

test: .venv/installed ## prove that code, notebooks and book are right
	sh tools/need.sh chromium
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m pytest
	$(RUN) -m pytest --nbval-lax --nbval-current-env -o filterwarnings= notebooks

figures: .venv/installed ## recompute every figure from nothing (PRESET=smoke, laptop or paper)
	@for name in $(NOTEBOOKS); do \
		$(RUN) -m smwm_core run $$name --preset $(PRESET) --recompute || exit $$?; \
	done
	$(RUN) -m smwm_core pages

bench: .venv/installed ## measure training against a straightforward reference
	$(RUN) benchmarks/training.py

clean: ## remove what was built here; results, weights and the cache of runs stay
	rm -rf _build .venv

.venv/installed: requirements.txt pyproject.toml
	sh tools/need.sh venv $(PYTHON)
	test -x $(RUN) || $(PYTHON) -m venv .venv
	$(RUN) -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@
