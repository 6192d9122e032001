"""Pages are taken over exactly when they would come out the same."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hpowh.analyses.traces.job import analyse
from hpowh.reports.build import build_site
from hpowh.reports.inputs import Notes, Tables, WatchedWarehouse, hash_of, written
from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, find_source, ingest


@pytest.fixture(scope="module")
def loaded(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two experiments of a source each, and a grid; analysed, once."""
    folder = tmp_path_factory.mktemp("loaded")
    with Warehouse(shutil.copy(empty_warehouse, folder / "hpowh.duckdb")) as warehouse:
        for name, benchmark in (("first", "digits"), ("second", "wine")):
            write_runs(folder / f"{name}.csv", benchmark)
            load(warehouse, folder, name)
        (folder / "grid.csv").write_text("lr,depth,loss\n0.1,1,0.5\n0.1,2,0.6\n0.2,1,0.7\n0.2,2,0.4\n")
        ingest(warehouse, find_source("grid"), Request(str(folder / "grid.csv"), "grid", {}, {"benchmark": "iris"}))
        analyse(warehouse)
    return folder


@pytest.fixture
def store(loaded: Path, tmp_path: Path) -> Warehouse:
    """A copy of it, with the files that its sources came from."""
    shutil.copytree(loaded, tmp_path, dirs_exist_ok=True)
    return Warehouse(tmp_path / "hpowh.duckdb")


def write_runs(path: Path, benchmark: str, seed_count: int = 3) -> None:
    rows = [
        f"{algorithm},{benchmark},{seed},{budget},{(number + 1) / budget + seed / 100}"
        for number, algorithm in enumerate(("random", "tpe"))
        for seed in range(seed_count)
        for budget in range(1, 11)
    ]
    path.write_text("algorithm,benchmark,seed,budget,loss\n" + "\n".join(rows) + "\n")


def load(warehouse: Warehouse, folder: Path, name: str) -> None:
    request = Request(str(folder / f"{name}.csv"), name, {"loss": "value"}, {"experiment": name})
    ingest(warehouse, find_source("runs"), request, replace_old=True)


def texts(folder: Path) -> dict[str, str]:
    """All pages and data files, without the time at which a page was built."""
    found = {}
    for path in sorted([*folder.glob("*.html"), *folder.glob("data/*.csv")]):
        found[path.name] = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( UTC)?", "TIME", path.read_text())
    return found


def rebuilt(store: Warehouse, site: Path) -> set[str]:
    """Build again and return the pages that were built anew; the site is as a build from nothing would be."""
    before = {path.name: path.stat().st_ino for path in site.glob("*.html")}
    build = build_site(store, site)
    after = {path.name: path.stat().st_ino for path in site.glob("*.html")}
    anew = {name for name, inode in after.items() if before.get(name) != inode}
    assert build.page_count - build.reused_count == len(anew)
    whole = site.with_name("whole")
    build_site(store, whole)
    ledger = {"provenance.html"} | {path.name for path in whole.glob("data/provenance-*")}  # lists builds
    here, there = texts(site), texts(whole)
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name] and name not in ledger] == []
    shutil.rmtree(whole)
    return anew


def test_a_touched_source_builds_what_depends_on_it_and_nothing_else(store: Warehouse, tmp_path: Path):
    site = tmp_path / "site"
    build_site(store, site)
    pages = {path.name for path in site.glob("*.html")}
    write_runs(tmp_path / "first.csv", "digits", seed_count=4)
    load(store, tmp_path, "first")
    analyse(store)
    anew = rebuilt(store, site)
    assert "experiment-first.html" in anew and "benchmark-digits.html" in anew and "index.html" in anew
    others = {"experiment-second.html", "benchmark-wine.html", "benchmark-iris.html", "methods.html", "pages.html"}
    assert others <= pages
    assert anew & others == set()
    assert any(name.startswith("search-space") for name in pages - anew)


def test_a_replaced_source_with_the_same_rows_touches_only_what_shows_the_load(store: Warehouse, tmp_path: Path):
    site = tmp_path / "site"
    build_site(store, site)
    load(store, tmp_path, "second")
    anew = rebuilt(store, site)
    assert {"index.html", "provenance.html"} <= anew
    assert not any(name.startswith(("search-space", "benchmark", "methods")) for name in anew)


def test_a_new_page_is_in_the_navigation_of_all(store: Warehouse, tmp_path: Path):
    site = tmp_path / "site"
    build_site(store, site)
    write_runs(tmp_path / "third.csv", "letters")
    load(store, tmp_path, "third")
    assert rebuilt(store, site) == {path.name for path in site.glob("*.html")}


@pytest.mark.slow
def test_a_new_algorithm_changes_the_pages_that_show_colours(store: Warehouse, tmp_path: Path):
    site = tmp_path / "site"
    build_site(store, site)
    with store.writing() as connection:
        connection.execute("update core.algorithm set name = 'other' where name = 'tpe'")
        connection.execute("update core.source set fingerprint = 'renamed' where name = 'first'")
    anew = rebuilt(store, site)
    assert {"experiment-first.html", "experiment-second.html"} <= anew
    assert "methods.html" not in anew


@pytest.mark.slow
def test_a_damaged_record_or_a_missing_file_builds_anew(store: Warehouse, tmp_path: Path):
    site = tmp_path / "site"
    build_site(store, site)
    data = next(iter(site.glob("data/benchmark-iris*.csv")))
    data.unlink()
    assert rebuilt(store, site) >= {"benchmark-iris.html"}
    (site / "inputs.json.gz").write_bytes(b"no gzip")
    (site / "methods.html").unlink()
    assert rebuilt(store, site) == {path.name for path in site.glob("*.html")}


@pytest.mark.slow
def test_forced_builds_take_nothing_over(store: Warehouse, tmp_path: Path):
    build_site(store, tmp_path / "site")
    assert build_site(store, tmp_path / "site", is_forced=True).reused_count == 0


def test_every_page_of_a_site_can_be_taken_over(store: Warehouse, tmp_path: Path):
    """A page that asks in a form that cannot be noted would be built every night."""
    build_site(store, tmp_path / "site")
    record = json.loads(gzip.decompress((tmp_path / "site" / "inputs.json.gz").read_bytes()))
    assert set(record["pages"]) == {path.name for path in (tmp_path / "site").glob("*.html")}


def test_questions_are_noted_in_the_form_in_which_they_are_read(store: Warehouse):
    watched, notes = WatchedWarehouse(store), Notes()
    watched.sql("select 0").one()
    with watched.watching(notes):
        watched.sql("select name from core.algorithm where algorithm_id > $least", {"least": 0}).pl()
        assert watched.sql("select 1").one() == 1
    assert [(one.parameters, one.form) for one in notes.asked.values()] == [('{"least": 0}', "pl"), ("null", "one")]
    assert notes.is_repeatable
    with watched.watching(notes):
        watched.sql("from core.algorithm").head(1)
    assert not notes.is_repeatable


def test_parameters_that_are_no_plain_values_cannot_be_asked_again():
    assert written({"a": [1, "x", None]}) == '{"a": [1, "x", null]}'
    assert written([float("nan")]) == written([(1, 2)]) == written([object()]) == "?"


def test_the_tables_of_a_query_are_found_through_views(store: Warehouse):
    tables = Tables(store.connection)
    assert {"mart.run", "core.run", "core.run_factor"} <= set(tables.state_of("with a as (from mart.run) from a"))
    assert "core.evaluation" in tables.state_of("select * from space.grid")
    assert "?" in tables.state_of("select * from duckdb_tables()")
    assert "?" in tables.state_of("this is no query")


def test_equal_frames_hash_alike_and_null_is_not_an_empty_text():
    frame = pl.DataFrame({"a": [1.5, None], "b": ["", None]})
    assert hash_of(frame, "pl") == hash_of(frame.clone(), "pl")
    assert hash_of(frame, "pl") != hash_of(frame.with_columns(pl.lit("").alias("b")), "pl")
    nested: Any = pl.DataFrame({"a": [[1, 2], None]})
    assert hash_of(nested, "pl") == hash_of(nested.clone(), "pl")
