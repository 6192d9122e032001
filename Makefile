# Every target sets up what it needs. `make demo` and `make test` are the two to know.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

WHEEL := build/wheel
# Empty: install the built wheel, as a user gets it.
INSTALL ?= --editable
# Two processes; the tests of one file stay together and share what it makes.
SPREAD ?= -n 2 --dist loadfile

.PHONY: demo test test-all bench lint floors wheel format clean

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(INSTALL) '.[dev]'
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/hpowh demo

test: $(STAMP) lint floors
	$(BIN)/python -m pytest -m "not slow" $(SPREAD)

test-all: $(STAMP) lint floors
	$(BIN)/python -m pytest $(SPREAD)

bench: $(STAMP)
	$(BIN)/python -m benchmarks

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Type and import checkers cannot follow an editable install, so they look at the built wheel.
wheel: $(STAMP)
	rm -rf build
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(WHEEL) .

floors: wheel
	PYTHONPATH=$(WHEEL) $(BIN)/lint-imports
	MYPYPATH=$(WHEEL) $(BIN)/mypy -p hpowh.warehouse -p hpowh.analyses -p hpowh.reports

clean:
	rm -rf $(VENV) build dist *.egg-info
