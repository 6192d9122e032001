"""The notebooks of the docs run as they stand, and are those of their scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .notebook import FOLDER, cells_of, run

SCRIPTS = sorted(FOLDER.glob("*.py"))


def sources(notebook: Path) -> list[tuple[bool, str]]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [(cell["cell_type"] == "code", "".join(cell["source"])) for cell in cells]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_is_its_scripts_and_shows_what_its_cells_show(script, tmp_path, monkeypatch):
    cells = cells_of(script.read_text(encoding="utf-8"))
    stored = script.with_suffix(".ipynb")
    assert sources(stored) == [(cell.is_code, cell.text) for cell in cells], "run python tests/notebook.py"
    monkeypatch.chdir(tmp_path)
    shown = run(cells)
    kept = [cell.get("outputs", []) for cell in json.loads(stored.read_text(encoding="utf-8"))["cells"]]
    kinds = [[sorted(one.get("data", {"stream": 0})) for one in each] for each in shown]
    assert kinds == [[sorted(one.get("data", {"stream": 0})) for one in each] for each in kept]
    whole = json.dumps(shown)
    assert "is better than RS" in whole and "cannot be told apart" in whole and "<svg" in whole and "toprule" in whole
    assert "toprule" in whole and str(tmp_path) not in stored.read_text(encoding="utf-8")


def test_there_is_a_notebook():
    assert [path.stem for path in SCRIPTS] == ["first-steps"]
