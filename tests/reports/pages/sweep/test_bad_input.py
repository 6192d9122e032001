"""Sweeps of which little can be said: the command says why, and each has a page that opens and says it too."""

from __future__ import annotations

import csv
import json
import math
import os
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from hpowh.analyses.sweeps.job import analyse
from hpowh.reports.build import build_site
from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, find_source, ingest

from ....commands import within

HOSTILE = [
    "a.b",
    "with space",
    'qu"ote',
    "it's",
    "'; drop table core.trial; --",
    "<img src=x onerror=alert(1)>",
    "$run",
]


def rows(count: int, names: list[str], seed: int = 0) -> list[dict[str, Any]]:
    random = np.random.default_rng(seed)
    made = []
    for i in range(count):
        config = {name: float(random.uniform()) for name in names}
        loss = 3 * config[names[0]] + 0.1 * float(random.normal())
        made.append({"name": f"r{i}", "state": "finished", "config": config, "loss": loss})
    return made


def changing() -> list[dict[str, Any]]:
    """A parameter that is a number, a text, a truth value or a list, from run to run."""
    made = rows(40, ["x"])
    for i, row in enumerate(made):
        row["config"]["depth"] = [3, "auto", True, [1, 2], None, 7.5][i % 6]
    return made


SWEEPS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "no finished run": (
        [{"name": "a", "state": "failed", "config": {"x": 1.0}, "loss": None}] * 3,
        "no finished trial has a value",
    ),
    "one finished run": (rows(1, ["x", "z"]), "was not analysed"),
    "one hyperparameter": (rows(60, ["x"]), "x mattered most for loss"),
    "all NaN": ([row | {"loss": math.nan} for row in rows(12, ["x"])], "no finished trial has a value"),
    "infinite": ([row | {"loss": math.inf} for row in rows(12, ["x"])], "no finished trial has a value"),
    "some infinite": (
        [row | ({"loss": -math.inf} if i % 7 == 0 else {}) for i, row in enumerate(rows(40, ["x", "z"]))],
        "6 finished without a finite value",
    ),
    "constant metric": ([row | {"loss": 1.0} for row in rows(12, ["x"])], "have the same value of the metric"),
    "changing type": (changing(), "Numbers and texts are mixed in depth"),
    "infinite setting": (
        [{**row, "config": {**row["config"], "z": math.inf if i % 3 else 0.5 * i}}
         for i, row in enumerate(rows(60, ["x", "z"]))],
        "x mattered most for loss",
    ),
    "many hyperparameters": (rows(30, [f"p{i:03d}" for i in range(120)]), "120 of 120"),
    "hostile names": (rows(30, HOSTILE), "a.b mattered most for loss"),
}  # fmt: skip


@pytest.fixture(scope="module")
def made(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The site of all these sweeps, and what the command said."""
    folder = tmp_path_factory.mktemp("bad")
    path = folder / "w.duckdb"
    path.write_bytes(empty_warehouse.read_bytes())
    with Warehouse(path) as warehouse:
        for number, (name, (trials, _)) in enumerate(SWEEPS.items()):
            file = folder / f"{number}.jsonl"
            file.write_text("\n".join(map(json.dumps, trials)))
            request = Request(str(file), name, {"loss": "metric"}, {"direction": "min"})
            ingest(warehouse, find_source("trials"), request)
    done = within(["analyse", "sweeps", "--warehouse", str(path)], folder, os.environ)
    assert done.returncode == 0, done.stderr
    with Warehouse(path) as warehouse:
        built = build_site(warehouse, folder / "site")
    assert built.warnings == []
    return folder / "site", done.stderr


def page_of(site: Path, name: str) -> Path:
    (found,) = [path for path in site.glob("sweep-*.html") if f"<bdi>{name}</bdi></h1>" in path.read_text()]
    return found


@pytest.mark.parametrize("name", SWEEPS)
def test_the_page_says_what_can_be_said(made: tuple[Path, str], name: str):
    site, said = made
    text = unescape(re.sub(r"<[^>]+>", "", page_of(site, name).read_text()))
    assert SWEEPS[name][1] in text
    assert f"{name}: analysis run" in said


@pytest.mark.slow
@pytest.mark.browser
def test_every_page_opens_without_a_complaint(made: tuple[Path, str], browse: Callable[..., Any]):
    site, _ = made
    watched = browse()
    for path in [*sorted(site.glob("sweep-*.html")), site / "sweeps.html", site / "index.html"]:
        page = watched.open(path.as_uri())
        assert page.locator(".chart[data-chart]").count() == page.locator(".chart[data-drawn=yes]").count()
        assert path.stat().st_size < 1_000_000


def test_the_courses_side_by_side_are_running_minima(made: tuple[Path, str]):
    with next((made[0] / "data").glob("sweeps-sweeps-courses*.csv")).open(newline="") as file:
        found = [row for row in csv.DictReader(file) if row["sweep"] == "one hyperparameter"]
    losses = [row["loss"] for row in SWEEPS["one hyperparameter"][0]]
    best = np.minimum.accumulate(losses)
    wanted = [(1, best[0])] + [(i + 1, best[i]) for i in range(1, len(best)) if best[i] < best[i - 1]]
    if wanted[-1][0] < len(best):
        wanted.append((len(best), best[-1]))
    assert [(int(row["trial"]), float(row["best"])) for row in found] == wanted


def test_sweeps_with_a_metric_in_common_are_set_side_by_side(made: tuple[Path, str]):
    text = unescape(re.sub(r"<[^>]+>", "", (made[0] / "sweeps.html").read_text()))
    for title in ("Best value so far", "Importances side by side", "Where the best trials lie"):
        assert title in text


def test_sweeps_of_one_name_are_told_apart_also_where_one_was_analysed_before_the_other_came(
    empty_warehouse: Path, tmp_path: Path
):
    path = tmp_path / "w.duckdb"
    path.write_bytes(empty_warehouse.read_bytes())
    with Warehouse(path) as warehouse:
        for source in ("monday", "tuesday"):
            study = tmp_path / source / "study.db"
            study.parent.mkdir()
            made = optuna.create_study(storage=f"sqlite:///{study}", study_name="tuning")
            made.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=6)
            ingest(warehouse, find_source("optuna"), Request(str(study), source))
            analyse(warehouse)
        build_site(warehouse, tmp_path / "site")
    titles = [re.search(r"<title>(.+) ·", page.read_text())[1] for page in (tmp_path / "site").glob("sweep-*.html")]
    assert sorted(titles) == ["tuning (monday)", "tuning (tuesday)"]
    table = unescape((tmp_path / "site" / "sweeps.html").read_text())
    assert table.count("tuning (monday)") and not re.search(r">tuning<", table)
