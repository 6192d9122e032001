"""The road for newcomers: the examples of docs/where-new-code-goes.md, added to a copy of the tree, built and used."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from hpowh.warehouse.revisions import newest_revision

ROOT = Path(__file__).resolve().parents[2]
ADDED = Path(__file__).with_name("added")
DOCS = ROOT / "docs" / "where-new-code-goes.md"
FLOORS = ("front", "warehouse", "sql", "migrations", "analyses", "reports")


def texts() -> list[Path]:
    return sorted(path for path in ADDED.rglob("*") if path.suffix in (".py", ".sql"))


def test_the_docs_show_these_files_to_the_letter():
    shown = dict(re.findall(r"```(?:py|sql) file=(\S+)\n(.*?)```", DOCS.read_text(), re.DOTALL))
    files = {
        str(path.relative_to(ADDED)): path.read_text() for path in ADDED.rglob("*") if path.suffix in (".py", ".sql")
    }
    assert shown == {name: text for name, text in files.items() if not name.endswith("__init__.py")}


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text, path
    path.write_text(text.replace(before, after, 1))


def add_the_toy(tree: Path) -> None:
    """Copy the files to their places and make the three entries that the docs name."""
    last = newest_revision()
    number = f"{int(last) + 1:04d}"
    for path in texts():
        place = tree / str(path.relative_to(ADDED)).replace("NEXT", number)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(path.read_text().replace('"NEXT"', f'"{number}"').replace('"LAST"', f'"{last}"'))
    packages = ("hpowh.warehouse.sources.toy", "hpowh.analyses.toy", "hpowh.reports.pages.toy")
    edit(tree / "pyproject.toml", "packages = [\n", "packages = [\n" + "".join(f'    "{name}",\n' for name in packages))
    edit(tree / "analyses" / "cli.py", "FAMILIES = (", "FAMILIES = (toy, ")
    edit(
        tree / "analyses" / "cli.py",
        "from hpowh.analyses.traces import commands as traces\n",
        "from hpowh.analyses.toy import commands as toy\nfrom hpowh.analyses.traces import commands as traces\n",
    )
    edit(tree / "warehouse" / "schema" / "__init__.py", "    traces,\n", "    toy,\n    traces,\n")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder to put first on Python's path: the program with the toy in it, as a wheel installs it."""
    tree = tmp_path_factory.mktemp("tree")
    for name in (*FLOORS, "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tree / name)
    add_the_toy(tree)
    target = tmp_path_factory.mktemp("target")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def toy(built, tmp_path):
    def run(*words: str, start: Sequence[str] = ("-m", "hpowh.warehouse")) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(built), "COLUMNS": "200"}
        command = [sys.executable, *start, *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


SEVERAL = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from hpowh.warehouse.cli import build
from hpowh.warehouse.console import run

app, told = build(), []
for words in json.loads(sys.argv[1]):
    sys.argv, said = ["hpowh", *words], io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        try:
            code = run(app)
        except SystemExit as leave:
            code = leave.code
    told.append([code or 0, said.getvalue()])
print(json.dumps(told))
"""
"""Commands one after the other in one process: to start one takes longer than what most of them do."""


def test_each_example_works(toy, tmp_path):
    (tmp_path / "classes.txt").write_text("digits = 10\niris = 3\n")
    assert toy("init").returncode == 0
    lines = [
        "ingest --help",
        "ingest toy classes.txt --dry-run",
        "ingest toy classes.txt",
        "tables mart",
        "sql --query toy/classes --format csv",
        "analyse toy",
        "sql 'select class_mean, reason from result.toy_mean' --format csv",
        "report --out site",
        "check",
    ]
    process = toy(json.dumps([shlex.split(line) for line in lines]), start=["-c", SEVERAL])
    assert process.returncode == 0, process.stderr
    told = dict(zip(lines, json.loads(process.stdout), strict=True))
    assert {line: said for line, (code, said) in told.items() if code} == {}
    kinds, preview, _, tables, classes, analysed, mean, _, _ = (said for _, said in told.values())
    assert "toy" in kinds
    assert "n_classes" in preview
    assert "mart.toy_benchmark" in tables
    assert classes.splitlines()[1:] == ["digits,10", "iris,3"]
    assert "Analysis run 1" in analysed
    assert mean.splitlines()[1] == "6.5,"
    page = (tmp_path / "site" / "toy.html").read_text()
    assert "How many classes the benchmarks have." in page
    assert "from mart.toy_benchmark" in page
    assert "2 benchmarks have 6.5 classes on average." in (tmp_path / "site" / "index.html").read_text()


def test_a_bad_line_is_refused_by_the_toy(toy, tmp_path):
    (tmp_path / "classes.txt").write_text("digits = 10\nno number here\n")
    toy("init")
    refused = toy("ingest", "toy", "classes.txt")
    assert refused.returncode != 0
    assert "row 2" in refused.stderr
    assert "Traceback" not in refused.stderr
