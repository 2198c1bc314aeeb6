# Everything here works alone in a fresh clone: each target makes the virtual environment it needs.
#
#   make train ARGS="scenario=aigc_paper seed=1"
#   make test ARGS="tests/twin -k arrivals"
#   make train PYTHON=python3.12

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
TORCH := $(shell grep '^torch==' constraints.txt)

.DEFAULT_GOAL := help
.PHONY: help train test test-all fuzz lint docs release clean
.DELETE_ON_ERROR:

help:
	@echo "make train   install, train on scenario=aigc, print the table   (ARGS: more key=value)"
	@echo "make test    install, run the tests                             (ARGS: pytest's)"
	@echo "make test-all  the same with the slow tests"
	@echo "make fuzz    install, try 20,000 inputs that nobody would write   (ARGS: another number)"
	@echo "make lint    install, ruff check, ruff format --check, mypy"
	@echo "make docs    install, build the documentation site into site/"
	@echo "make release  rehearse a release: wheel and sdist into dist/, installed and tried elsewhere"
	@echo "make clean   remove $(VENV) and caches; runs/ stays"

train: $(VENV)/.installed
	$(BIN)/edgesim train scenario=aigc $(ARGS)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n auto --maxprocesses 4 $(ARGS)

test-all: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n auto --maxprocesses 4 -m "slow or not slow" $(ARGS)

fuzz: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/fuzz.py $(or $(ARGS),20000)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

release:
	PYTHON=$(PYTHON) .ci/release

clean:
	rm -rf $(VENV) site build dist edgesim.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find edgesim tests -name __pycache__ -type d -prune -exec rm -rf {} +

# pip is the last file that venv writes, so a half-made environment is made again.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	    || { echo "edgesim needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is not one" \
	              "($$($(PYTHON) --version 2>&1 | head -n 1)): name one, as in make PYTHON=python3.12" >&2; \
	         exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade pip -c constraints.txt # resolves in a third of an old pip's time

# torch first and by its exact version: a torch that is already there is then never replaced.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/pip
	$(PIP) install $(TORCH) -c constraints.txt
	$(PIP) install -e . -c constraints.txt
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/pip
	$(PIP) install $(TORCH) -c constraints.txt
	$(PIP) install -e '.[dev,sweep,tune,diffusion,services,docs,notebooks]' -c constraints.txt
	@touch $@ $(VENV)/.installed
