# Every target sets up what it needs. `make demo`, `make test` and `make quick` are the three to know.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

WHEEL := build/wheel
# The folders under the names that they have as packages: for tools that cannot follow an editable install.
TREE := .tree
FLOORS := warehouse analyses reports sql migrations
PACKAGES := -m hpowh -p hpowh.warehouse -p hpowh.analyses -p hpowh.reports
# A third of what is installed, which nobody here imports: other packages' own tests, Plotly's classes, pip.
UNREAD := /tests?/|/plotly/(graph_objs|validators)/|/pip/
# Empty: install the built wheel, as a user gets it.
INSTALL ?= --editable
# Three processes on two cores, for browsers make tests wait; the tests of one file stay together and share what it makes,
# and the dearest files begin (tests/conftest.py).
SPREAD ?= -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: demo test test-all quick test-lowest test-duckdb-2 lock audit api bench lint floors looked-at wheel tree format clean

# Every package with the hash of its file; ourselves without asking for anything more.
$(STAMP): pyproject.toml locked.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes --requirement locked.txt
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --no-deps --no-build-isolation $(INSTALL) .
	@$(BIN)/python -m compileall -q -j 0 -x '$(UNREAD)' $(VENV)/lib >/dev/null || true  # on all cores; pip does it on one
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/hpowh demo

# Contracts and types are looked at beside the tests, which wait for browsers now and then; what they say comes last.
test: $(STAMP) lint wheel
	@$(MAKE) --no-print-directory looked-at > build/floors.log 2>&1 & floors=$$!; \
	$(BIN)/python -m pytest -m "not slow" $(SPREAD); tests=$$?; \
	wait $$floors; floors=$$?; cat build/floors.log; [ $$tests = 0 ] && [ $$floors = 0 ]

test-all: $(STAMP) lint floors
	HPOWH_EXAMPLES=all $(BIN)/python -m pytest $(SPREAD)

# The inner loop: lint, contracts, types, and the pure tests nearest to what differs from the last commit. No wheel.
quick: $(STAMP) tree lint
	PYTHONPATH=$(TREE) $(BIN)/lint-imports
	MYPYPATH=$(TREE) $(BIN)/mypy $(PACKAGES)
	@tests="$$($(BIN)/python tests/nearest.py)"; \
	if [ -n "$$tests" ]; then $(BIN)/python -m pytest -q -m "pure and not slow" $$tests || [ $$? = 5 ]; \
	else echo "No test lies near what was changed."; fi

# The lowest versions that pyproject.toml declares, in an environment of their own.
test-lowest:
	$(PYTHON) -m venv build/lowest
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check packaging
	build/lowest/bin/python tests/lowest.py > build/lowest/constraints.txt
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint build/lowest/constraints.txt '.[dev]'
	build/lowest/bin/python -m pytest -m "not slow" $(SPREAD)

# What breaks on DuckDB 2, past the bound that its SQLAlchemy dialect declares (to be looked at again in March 2027).
test-duckdb-2:
	$(PYTHON) -m venv build/duckdb-2
	build/duckdb-2/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt '.[dev]'
	build/duckdb-2/bin/python -m pip install --quiet --disable-pip-version-check --upgrade --no-deps 'duckdb>=2'
	build/duckdb-2/bin/python -m pytest -m "not slow" $(SPREAD)

# Renew locked.txt from pyproject.toml and constraints.txt, for Python 3.11 and newer on any system; by uv.
lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	echo 'setuptools>=77' > build/lock/build.in
	build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra dev --constraint constraints.txt --output-file locked.txt pyproject.toml build/lock/build.in

# Known vulnerabilities of what is locked; --strict: a package that the database does not know is a failure too.
audit:
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	build/audit/bin/pip-audit --strict --disable-pip --require-hashes --requirement locked.txt

# The API reference, from docstrings, as pages in build/api.
api: $(STAMP)
	$(BIN)/python -m pdoc --output-directory build/api $$(sed -n 's/^| `\(hpowh[a-z_.]*\)`.*/\1/p' docs/api.md)

bench: $(STAMP)
	$(BIN)/python -m benchmarks

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

tree:
	@mkdir -p $(TREE)/hpowh
	@for floor in $(FLOORS); do ln -sfn ../../$$floor $(TREE)/hpowh/$$floor; done
	@for file in __init__.py py.typed; do ln -sfn ../../front/$$file $(TREE)/hpowh/$$file; done

# Type and import checkers cannot follow an editable install, so they look at the built wheel.
wheel: $(STAMP)
	rm -rf $(WHEEL) build/lib build/bdist.*
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --target $(WHEEL) .

floors: wheel looked-at

looked-at:
	PYTHONPATH=$(WHEEL) $(BIN)/lint-imports
	MYPYPATH=$(WHEEL) $(BIN)/mypy $(PACKAGES)

clean:
	rm -rf $(VENV) $(TREE) build dist *.egg-info
