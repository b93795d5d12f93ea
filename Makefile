# Every target does its own set-up: a virtual environment in .venv with the pinned dependencies of constraints.txt.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c '$(FITS)' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Python compiles what is imported; compiling all that comes with the packages takes longer than installing them. So it must
# be allowed to keep what it compiled, or every process would begin with fifteen seconds of it.
unexport PYTHONDONTWRITEBYTECODE
INSTALL := $(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable

.PHONY: demo test run bench soak lint clean

demo: $(VENV)/engine.stamp  ## three grids of the embedded model, one per approach
	PROFILE=embedded DATA_DIR=demo/data $(BIN)/python -m engine demo --out demo

test: $(VENV)/all.stamp  ## all tests; only loopback is used
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

run: $(VENV)/all.stamp  ## the bot: every platform that has a token, and the chat in the browser
	$(BIN)/python -m bot

bench: $(VENV)/all.stamp  ## how fast, beside plain diffusers, in one run; make bench ARGS="growth --quick" for a part
	$(BIN)/python -m bench $(ARGS)

soak: $(VENV)/all.stamp  ## does it stay up: 4,000 jobs while a seeded plan breaks things; SOAK="--jobs 100 --people 10" for less
	$(BIN)/python -m bench.soak $(SOAK)

lint: $(VENV)/all.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy

clean:
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(or $(PYTHON),false) -c '$(FITS)' || { echo "Tessera needs Python 3.11 to 3.13: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/engine.stamp: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[engine]'
	@touch $@

$(VENV)/all.stamp: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) '.[all]'
	@touch $@ $(VENV)/engine.stamp
