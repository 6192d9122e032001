"""Notebooks from scripts: a `.py` with `# %%` cells becomes an `.ipynb` beside it, run, with what each cell shows.

`python tests/notebook.py` writes all of `docs/notebooks` anew.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "notebooks"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


@dataclass(frozen=True)
class Cell:
    """Markdown without its hashes, or code."""

    is_code: bool
    text: str


def cells_of(script: str) -> list[Cell]:
    """Return the cells of a script in percent format."""
    found = []
    for part in re.split(r"^# %%", script, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        is_code = "[markdown]" not in head
        text = body if is_code else re.sub(r"^# ?", "", body, flags=re.MULTILINE)
        found.append(Cell(is_code, text.strip("\n")))
    return found


def run(cells: list[Cell]) -> list[list[dict[str, Any]]]:
    """Run the code cells in order, here, and return what each prints and shows."""
    names: dict[str, Any] = {}
    return [_run(cell.text, names) if cell.is_code else [] for cell in cells]


def _run(code: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)
        shown = None if last is None else eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    out: list[dict[str, Any]] = []
    if printed.getvalue():
        out.append({"output_type": "stream", "name": "stdout", "text": printed.getvalue().splitlines(keepends=True)})
    if shown is not None:
        data = {"text/plain": [repr(shown)]}
        for kind, method in (("text/html", "_repr_html_"), ("image/svg+xml", "_repr_svg_")):
            if hasattr(shown, method):
                data[kind] = getattr(shown, method)().splitlines(keepends=True)
        out.append({"output_type": "display_data", "data": data, "metadata": {}})
    return out


def notebook(script: str, outputs: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """Return a notebook (nbformat 4.5) of a script and what its cells showed."""
    made = []
    for place, (cell, out) in enumerate(zip(cells_of(script), outputs, strict=True)):
        one: dict[str, Any] = {
            "cell_type": "code" if cell.is_code else "markdown",
            "id": f"cell-{place}",
            "metadata": {},
            "source": cell.text.splitlines(keepends=True),
        }
        made.append(one | ({"execution_count": None, "outputs": out} if cell.is_code else {}))
    return {"cells": made, "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5}


def main() -> None:
    """Write every notebook anew, run in a folder of its own."""
    for path in sorted(FOLDER.glob("*.py")):
        script = path.read_text(encoding="utf-8")
        with TemporaryDirectory() as folder:
            before = Path.cwd()
            os.chdir(folder)
            try:
                outputs = run(cells_of(script))
            finally:
                os.chdir(before)
        made = json.dumps(notebook(script, outputs), indent=1, ensure_ascii=False)
        path.with_suffix(".ipynb").write_text(made + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
