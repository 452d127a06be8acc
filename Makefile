# Everything a reader, a teacher or a researcher types. Each target makes .venv on its first use.
.DEFAULT_GOAL := help
.PHONY: help book test trial figures bench clean

unexport SMWM_CHANGES SMWM_PUBLISH

PYTHON ?= python3
PRESET ?=
RUN := .venv/bin/python
NOTEBOOKS := $(basename $(notdir $(wildcard notebooks/*.py)))

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-9s %s\n", $$1, $$2}' Makefile

book: .venv/installed ## execute every notebook and build the book into _build/html
	$(RUN) -m smwm_book book

test: export OMP_NUM_THREADS = 1
test: .venv/installed ## check code, notebooks and book
	sh tools/need.sh chromium
	sh tools/need.sh egl
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m pytest -n 2
	$(RUN) -m pytest -n 2 --dist loadfile --nbval-lax --nbval-current-env -o filterwarnings= notebooks

trial: .venv/installed ## kill trainings, results and publications 120 times; a quarter of an hour at most
	OMP_NUM_THREADS=1 $(RUN) -m pytest -m trial tests/book/test_trial.py tests/book/test_surroundings.py

figures: .venv/installed ## recompute every figure, at its own budget or another (PRESET=smoke, laptop, paper); reuses finished runs
	@for name in $(NOTEBOOKS); do \
		$(RUN) -m smwm_book run $$name $(if $(PRESET),--preset $(PRESET)) --recompute || exit $$?; \
	done

bench: .venv/installed ## measure training and planning against straightforward references
	$(RUN) benchmarks/training.py
	$(RUN) benchmarks/planning.py
	$(RUN) benchmarks/pages.py

clean: ## remove what was built here, and the cache of runs
	rm -rf _build .venv data/cache

.venv/installed: requirements.txt requirements-sim.txt requirements-nodeps.txt constraints.txt pyproject.toml
	$(RUN) -m pip --version >/dev/null 2>&1 || { sh tools/need.sh venv $(PYTHON) && $(PYTHON) -m venv --clear .venv; }
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-sim.txt -c constraints.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-nodeps.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@
