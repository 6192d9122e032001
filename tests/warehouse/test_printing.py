"""Tables for people: no number is broken on a narrow terminal; LaTeX shows every name as text."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpowh.warehouse.console import print_table
from hpowh.warehouse.fitting import fit
from hpowh.warehouse.output.latex import ESCAPED, cell, escaped, latex_table

COLUMNS = [f"column_{at}" for at in range(12)]


def numbers(rows: int) -> list[tuple]:
    return [tuple((-1.0) ** at * (1000 * row + at + 0.37354) for at in range(12)) for row in range(1, rows + 1)]


@pytest.mark.parametrize("rows", [1, 9])
def test_no_number_is_broken(rows, capsys):
    print_table(COLUMNS, numbers(rows), width=80)
    printed = capsys.readouterr()
    written = {f"{value:.6g}" for row in numbers(rows) for value in row}
    shown = re.findall(r"(?<![\w.])-?\d+\.\d+(?![\w.])", printed.out)
    assert shown and set(shown) <= written
    assert max(map(len, printed.out.splitlines())) <= 80
    if rows == 1:
        assert set(shown) == written and printed.err == ""  # one column a line leaves nothing out
    else:
        left = re.search("left out.*: (.*?)\\. A pipe", printed.err)[1].split(", ")
        assert left == [name for name in COLUMNS if name not in printed.out]


def test_a_table_that_fits_is_whole(capsys):
    print_table(["name", "value"], [("a" * 200, 1.5)], width=80)
    printed = capsys.readouterr()
    assert printed.out.count("a") > 200 and "1.5" in printed.out and printed.err == ""


@given(st.lists(st.integers(1, 40), min_size=1, max_size=15), st.integers(0, 10), st.integers(20, 120))
def test_what_is_shown_fits_and_nothing_is_lost(least, rows, width):
    found = fit(least, rows, width)
    if found.is_upright:
        return
    kept = [at for at in found.shown if at is not None]
    assert sorted([*kept, *found.left_out]) == list(range(len(least)))
    assert kept == sorted(kept)
    assert sum(1 if at is None else least[at] for at in found.shown) + 2 * (len(found.shown) - 1) <= width


@given(st.text())
def test_a_name_is_no_command(text):
    rest = escaped(text)
    for written in sorted(ESCAPED.values(), key=len, reverse=True):
        rest = rest.replace(written, "")
    assert not set(rest) & set("\\{}&%$#_~^\n\r")


def test_a_table_in_latex():
    found = latex_table(
        ["algorithm", "p_adjusted", "n"], [("B & C_1", -1e-9, 3), (r"\input{x}", None, Decimal("4.50"))]
    )
    assert found.splitlines() == [
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r"algorithm & p adjusted & n \\",
        r"\midrule",
        r"B \& C\_1 & $-1 \times 10^{-9}$ & $3$ \\",
        r"\textbackslash{}input\{x\} & -- & $4.50$ \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]
    assert [cell(value) for value in (float("nan"), float("-inf"), True)] == ["--", r"$-\infty$", "True"]


def test_version_and_latex_on_the_command_line(hpowh, warehouse):
    said = hpowh("--version")
    assert (said.returncode, said.stderr) == (0, "") and re.fullmatch(r"hpowh \d+\.\d+\.\d+\S*\n", said.stdout)
    asked = hpowh("sql", "select 'a_b' as name, 1.5::double as x", "--format", "latex")
    assert r"a\_b & $1.5$ \\" in asked.stdout


def test_a_query_imports_neither_pandas_nor_alembic(warehouse, tmp_path):
    """Each takes longer than the query; DuckDB imports pandas for the first parameter of a statement."""
    import subprocess
    import sys

    script = "import sys\nsys.argv = ['hpowh', 'sql', 'select 1 as one', '-w', sys.argv[1]]\n"
    script += "from hpowh.warehouse.cli import build\nfrom hpowh.warehouse.console import run\ncode = run(build())\n"
    script += "print(code, sorted({'pandas', 'alembic', 'sqlalchemy', 'numpy', 'polars', 'scipy'} & set(sys.modules)))"
    command = [sys.executable, "-c", script, str(warehouse.path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
