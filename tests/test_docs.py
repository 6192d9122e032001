"""The documentation is true: its commands run and its answers are those of the demo data."""

from __future__ import annotations

import importlib
import inspect
import random
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
import typer

from hpowh.warehouse import Warehouse
from hpowh.warehouse.cli import build
from hpowh.warehouse.ingest import Request, find_source, ingest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands_of(page: Path) -> list[str]:
    """All `hpowh …` command lines of a page's console blocks."""
    blocks = re.findall(r"```(?:console|sh|bash)\n(.*?)```", page.read_text(), re.DOTALL)
    whole = [re.sub(r"\\\n\s*", " ", block) for block in blocks]
    lines = [line.removeprefix("$ ").strip() for block in whole for line in block.splitlines()]
    return [line for line in lines if line.startswith("hpowh ")]


@cache
def program():
    """The command line that users have, as a tree: to ask for its help costs a process a command."""
    return typer.main.get_command(build())


def test_every_command_appears_in_the_docs():
    text = "\n".join(page.read_text() for page in PAGES)
    names = [name for name, command in program().commands.items() if not command.hidden]
    assert {"ingest", "analyse", "report"} <= set(names)
    assert [name for name in names if f"hpowh {name}" not in text] == []


def leaves(command, name="hpowh"):
    """Every command with its name, its options' spellings among them."""
    if not hasattr(command, "commands"):
        return [(name, [(*option.opts, *option.secondary_opts) for option in command.params])]
    return [one for word, inner in command.commands.items() for one in leaves(inner, f"{name} {word}")]


def test_one_option_has_one_name_in_all_commands():
    """A letter stands for one option wherever it stands, and where output goes is `--out`."""
    letters: dict[str, set[str]] = {}
    for _, options in leaves(program()):
        for spelt in options:
            long = [one for one in spelt if one.startswith("--")]
            for letter in [one for one in spelt if re.fullmatch("-[a-z]", one)]:
                letters.setdefault(letter, set()).update(long[:1])
    assert {letter: names for letter, names in letters.items() if len(names) > 1} == {}
    known = {one for _, options in leaves(program()) for spelt in options for one in spelt}
    assert "--out" in known and not known & {"--to", "--output", "--site", "--permutations", "--output-dir"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_docs_exist_with_their_options(page):
    """Each command line parses: its command, sub-command and options are those of the program."""
    for line in commands_of(page):
        words = shlex.split(line, comments=True)[1:]
        words = words[: words.index("|")] if "|" in words else words
        command, taken = program(), 0
        while taken < len(words) and hasattr(command, "commands") and not words[taken].startswith("-"):
            assert words[taken] in command.commands, f"{page.name}: {line}: {words[taken]}"
            command, taken = command.commands[words[taken]], taken + 1
        known = {"--help", *(name for option in command.params for name in (*option.opts, *option.secondary_opts))}
        for option in [word for word in words if re.fullmatch(r"--[a-z0-9-]+", word)]:
            assert option in known, f"{page.name}: {line}: {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_of_the_docs_are_there(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} -> {target}"


def test_tests_that_the_docs_name_are_there():
    page = ROOT / "docs" / "testing.md"
    for name in re.findall(r"`(tests/[^`\s]+\.py(?:::\w+)?)`", page.read_text()):
        path, _, function = name.partition("::")
        text = (ROOT / path).read_text()
        assert not function or f"def {function}(" in text, f"{page.name} -> {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_toml_in_the_docs_is_toml(page):
    for block in re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL):
        assert tomllib.loads(block)


def blocks_of(page: Path) -> str:
    """The Python of a page, block after block: what a reader runs from top to bottom."""
    return "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))


@pytest.fixture(scope="module")
def readers_folder(empty_warehouse, tmp_path_factory) -> Path:
    """A folder whose warehouse has what the pages speak of: an experiment, a sweep, a grid."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copy(empty_warehouse, folder / "hpowh.duckdb")
    generator = random.Random(0)
    runs = [
        f"{a},b{b},{s},{prior},{n},{generator.random() / n}"
        for a in ("HB", "PB", "RS") for b in range(4) for s in range(3) for prior in ("good", "bad") for n in (1, 2, 4)
    ]  # fmt: skip
    (folder / "priorband.csv").write_text("\n".join(["algorithm,benchmark,seed,prior,budget,value", *runs]))
    trials = [f"{i},{0.1 * (i % 7)},{i % 3},{generator.random()}" for i in range(40)]
    (folder / "my-project.csv").write_text("\n".join(["number,params_lr,params_depth,val_loss", *trials]))
    cells = [f"{lr},{size},{generator.random()}" for lr in (1, 2, 3) for size in (8, 16, 32)]
    (folder / "fcnet.csv").write_text("\n".join(["lr,size,value", *cells]))
    with Warehouse(folder / "hpowh.duckdb") as store:
        for kind, options in (
            ("runs", {"experiment": "priorband", "direction": "min"}),
            ("trials", {}),
            ("grid", {"space": "fcnet", "benchmark": "fcnet/protein_structure", "direction": "min"}),
        ):
            name = {"runs": "priorband", "trials": "my-project", "grid": "fcnet"}[kind]
            mapping = {"val_loss": "metric"} if kind == "trials" else {}
            ingest(store, find_source(kind), Request(str(folder / f"{name}.csv"), name, mapping, options))
    (folder / "demo").mkdir()
    shutil.copy(folder / "hpowh.duckdb", folder / "demo" / "hpowh.duckdb")
    return folder


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page)], ids=lambda page: page.name)
def test_python_in_the_docs_runs(page, readers_folder, tmp_path, monkeypatch):
    """The README's in a process of its own; the others here, where what they import is there already."""
    shutil.copytree(readers_folder, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.delenv("HPOWH_WAREHOUSE", raising=False)
    if page.name == "README.md":
        done = subprocess.run([sys.executable, "-c", blocks_of(page)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    else:
        exec(compile(blocks_of(page), page.name, "exec"), {"__name__": "__main__"})


def test_public_modules_are_there_with_words():
    """Each module of the API page can be imported, and what it gives to others has a docstring."""
    names = re.findall(r"^\| `(hpowh[\w.]*)`", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE)
    assert len(names) > 10
    silent = [
        f"{name}.{function}"
        for name in names
        for function, thing in vars(importlib.import_module(name)).items()
        if not function.startswith("_")
        and (inspect.isfunction(thing) or inspect.isclass(thing))
        and thing.__module__ == name
        and not inspect.getdoc(thing)
    ]
    assert silent == []
