"""A folder with a configuration, three sources and an empty place for the site."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hpowh.reports.nightly.config import read_config
from hpowh.reports.nightly.night import Night, build_tonight
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import WarehouseLockedError

from ...commands import within

CONFIG = """
[nightly]
keep = 3
wait = 20

[[source]]
kind = "runs"
path = "first.csv"
as = "first"
experiment = "first"
map = { loss = "value" }

[[source]]
kind = "runs"
path = "second.csv"
as = "second"
experiment = "second"
map = { loss = "value" }

[[source]]
kind = "grid"
path = "grid.csv"
as = "grid"
benchmark = "iris"

[[analysis]]
job = "traces"

[[analysis]]
job = "landscapes"
"""


def runs(benchmark: str, *, seed_count: int = 3, better: str = "tpe") -> str:
    """Long-form runs of two algorithms, of which one is better."""
    rows = [
        f"{algorithm},{benchmark},{seed},{budget},{(1 if algorithm == better else 2) / budget + seed / 100}"
        for algorithm in ("random", "tpe")
        for seed in range(seed_count)
        for budget in range(1, 11)
    ]
    return "algorithm,benchmark,seed,budget,loss\n" + "\n".join(rows) + "\n"


@dataclass
class Place:
    """A folder in which nightly builds are made."""

    folder: Path
    CONFIG: ClassVar[str] = CONFIG
    runs: ClassVar[Callable[..., str]] = staticmethod(runs)

    @property
    def site(self) -> Path:
        """The site."""
        return self.folder / "site"

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse, opened anew."""
        return Warehouse(self.folder / "hpowh.duckdb")

    def write(self, name: str, text: str) -> None:
        """Write one of the sources."""
        (self.folder / name).write_text(text)

    def build(self, **more: Any) -> Night:
        """Make a nightly build in this process."""
        return build_tonight(read_config(self.folder / "hpowh.toml"), **more)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `hpowh …` here."""
        return within(arguments, self.folder, self.environment)

    def start(self, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        """Start `hpowh …` here."""
        return subprocess.Popen(
            [sys.executable, "-m", "hpowh.warehouse", *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            **more,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment without a warehouse of the caller's."""
        return {name: value for name, value in os.environ.items() if name != "HPOWH_WAREHOUSE"} | {"COLUMNS": "200"}

    def warehouse_count(self, table: str) -> int:
        """Return the rows of a table, or 0 while another process holds the warehouse."""
        try:
            with self.warehouse as warehouse:
                return int(warehouse.sql(f"select count(*) from {table}").one())
        except WarehouseLockedError:
            return 0

    def pages(self) -> dict[str, str]:
        """The pages of the site as they are now."""
        return {path.name: path.read_text() for path in self.site.glob("*.html")}

    def summary(self) -> dict[str, Any]:
        """The summary beside the site."""
        found: dict[str, Any] = json.loads((self.folder / "site.nightly.json").read_text())
        return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Sources and a configuration; nothing is built yet."""
    monkeypatch.delenv("HPOWH_WAREHOUSE", raising=False)
    found = Place(tmp_path)
    found.write("hpowh.toml", CONFIG)
    found.write("first.csv", runs("digits"))
    found.write("second.csv", runs("wine"))
    found.write("grid.csv", "lr,depth,loss\n0.1,1,0.5\n0.1,2,0.6\n0.2,1,0.7\n0.2,2,0.4\n")
    return found


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory, empty_warehouse: Path) -> Path:
    folder = tmp_path_factory.mktemp("nightly")
    found = Place(folder)
    found.write("hpowh.toml", CONFIG)
    found.write("first.csv", runs("digits"))
    found.write("second.csv", runs("wine"))
    found.write("grid.csv", "lr,depth,loss\n0.1,1,0.5\n0.1,2,0.6\n0.2,1,0.7\n0.2,2,0.4\n")
    (folder / "hpowh.duckdb").write_bytes(empty_warehouse.read_bytes())
    done = found.command("nightly")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def built(_built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The same after one nightly build; paths in the ledger are those of the copy."""
    import shutil

    monkeypatch.delenv("HPOWH_WAREHOUSE", raising=False)
    folder = tmp_path / "built"
    shutil.copytree(_built, folder, symlinks=True)
    found = Place(folder)
    with found.warehouse.writing() as connection:
        for column in ("site", "config", "folder"):
            connection.execute(f"update ops.nightly set {column} = replace({column}, ?, ?)", [str(_built), str(folder)])
    return found


@pytest.fixture
def broken_page(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the page of methods fail from now on."""

    def start() -> None:
        from hpowh.reports.pages.methods import page as methods

        def fail(*_: object) -> None:
            raise RuntimeError("no methods tonight")

        monkeypatch.setattr(methods, "_build", fail)

    return start
