"""The documentation is true: its commands run and its answers are those of the demo data."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands_of(page: Path) -> list[str]:
    """All `hpowh …` command lines of a page's console blocks."""
    blocks = re.findall(r"```(?:console|sh|bash)\n(.*?)```", page.read_text(), re.DOTALL)
    whole = [re.sub(r"\\\n\s*", " ", block) for block in blocks]
    lines = [line.removeprefix("$ ").strip() for block in whole for line in block.splitlines()]
    return [line for line in lines if line.startswith("hpowh ")]


def all_commands() -> list[str]:
    shown = subprocess.run(
        [sys.executable, "-m", "hpowh.warehouse", "--help"], capture_output=True, text=True, check=True
    ).stdout
    table = shown[shown.index("Commands") :]
    return re.findall(r"^│ ([a-z]+) ", table, re.MULTILINE)


def test_every_command_appears_in_the_docs():
    text = "\n".join(page.read_text() for page in PAGES)
    assert [name for name in all_commands() if f"hpowh {name}" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_docs_exist_with_their_options(page):
    """Each command line parses: its command, sub-command and options are those of the program."""
    for line in commands_of(page):
        words = shlex.split(line, comments=True)[1:]
        words = words[: words.index("|")] if "|" in words else words
        name = [word for word in words[:2] if re.fullmatch(r"[a-z-]+", word)]
        known = subprocess.run(
            [sys.executable, "-m", "hpowh.warehouse", *(name if words[0] == "analyse" else name[:1]), "--help"],
            capture_output=True,
            text=True,
            check=False,
            env={"COLUMNS": "250", "PATH": "/usr/bin:/bin"},
        )
        assert known.returncode == 0, (line, known.stderr)
        for option in [word for word in words if re.fullmatch(r"--[a-z-]+", word)]:
            assert option in known.stdout, f"{page.name}: {line}: {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_of_the_docs_are_there(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} -> {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_toml_in_the_docs_is_toml(page):
    for block in re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL):
        assert tomllib.loads(block)
