"""Imports that nobody asked for do not happen, and those that somebody asks for do."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
__file__ = "script.py"  # without one DuckDB takes this for a person's session, and draws how far a slow query is
import sys
from hpowh.warehouse.commands.accidental import avoid
from hpowh.warehouse.store import Warehouse
avoid()
heavy = ("pandas", "numpy.f2py", "numpy.testing", "numpy.char", "numpy.core", "numpy.polynomial",
         "unittest", "charset_normalizer")
with Warehouse(sys.argv[1]) as store:
    assert store.sql("select ? as one", ["a"]).rows() == [("a",)]
    assert store.sql("select $a as one", {"a": 1.5}).arrow().to_pylist() == [{"one": 1.5}]
    import scipy.linalg, scipy.special
    print([name for name in heavy if name in sys.modules])
    frame = store.sql("select ? as one", [2]).df()
    assert type(frame).__module__.startswith("pandas")
    import pandas as pd
    assert store.sql("select ? as one", [pd.NaT]).rows() == [(None,)]  # and DuckDB knows it now
import importlib, numpy, pandas, pyarrow
assert importlib.import_module("pandas") is pandas
assert numpy.f2py.__name__ == "numpy.f2py" and numpy.testing.assert_allclose
assert pyarrow.table({"x": [1]}).to_pandas()["x"][0] == 1 and pyarrow.array(pandas.Series(["b", None])).null_count == 1
"""


def test_a_parameter_imports_no_pandas_and_linear_algebra_no_compiler(empty_warehouse):
    command = [sys.executable, "-c", SCRIPT, str(empty_warehouse)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "", 0)


def test_whoever_writes_import_gets_it(empty_warehouse):
    script = "from hpowh.warehouse.commands.accidental import avoid\navoid()\nimport pandas\nprint(pandas.NaT)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "NaT\n"


def test_functions_of_scipy_are_the_same_with_the_documentation_that_they_were_written_with():
    script = (
        "import sys\nfrom hpowh.warehouse.commands.accidental import avoid\n"
        "if sys.argv[1] == 'avoid': avoid()\n"
        "import scipy.special, scipy.linalg, scipy.optimize, numpy\n"
        "numbers = scipy.special.stdtrit(3.5, 0.975), scipy.special.ndtri(0.1), scipy.special.gammaincinv(2.0, 0.3)\n"
        "print(*numbers, *scipy.linalg.cholesky(numpy.array([[2.0, 1.0], [1.0, 3.0]])).ravel())\n"
        "print('CuPy' in scipy.special.logsumexp.__doc__, 'Parameters' in scipy.special.logsumexp.__doc__)\n"
        "print(hasattr(sys.modules['scipy._lib._array_api'], 'xp_capabilities'))"
    )
    found = [
        subprocess.run([sys.executable, "-c", script, word], capture_output=True, text=True, check=True).stdout
        for word in ("avoid", "leave")
    ]
    numbers, documentation, is_written_into = zip(*(text.splitlines() for text in found), strict=True)
    assert numbers[0] == numbers[1]
    assert is_written_into[0] == is_written_into[1]
    written = "True True" if is_written_into[1] == "True" else "False True"  # SciPy 1.15 leaves it alone
    assert documentation == ("False True", written)
