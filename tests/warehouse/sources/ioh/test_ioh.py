"""The source `ioh`, on folders in the form of IOHexperimenter, and on one that it wrote."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, find_source, preview
from hpowh.warehouse.ingest.recognise import recognise
from hpowh.warehouse.sources.ioh.source import SOURCE as IOH

from ..stored import load
from .encoding import write

COURSE = "select algorithm, benchmark, seed, setting, metric, budget, value from mart.trace order by all"
DOWN = [(1, 5.0), (2, 7.0), (4, 0.25), (9, 3.0)]
"""Logged at every turn: 7.0 and 3.0 are worse than before."""


def study(folder: Path) -> Path:
    """Two algorithms on a function in two dimensions, two instances, one of them twice; and a function to maximise."""
    for name, shift in (("A", 0.0), ("B", 1.0)):
        course = [(at, value + shift) for at, value in DOWN]
        write(folder / name, name, {2: [(1, course), (1, course), (2, course)], 5: [(1, course)]})
        up = [(at, float(at)) for at in (1, 3, 8)]
        write(folder / name, name, {16: [(1, up)]}, function=(7, "OneMax"), maximise=True, suite="PBO")
    return folder


def test_runs_have_the_best_value_until_each_budget(warehouse, tmp_path):
    outcome = load(warehouse, "ioh", study(tmp_path / "s"), "study")
    first = [row for row in warehouse.sql(COURSE).rows() if row[0] == "A"]
    assert [row[1:] for row in first if row[1] == "f1 Sphere 2D" and row[2] == 1] == [
        ("f1 Sphere 2D", 1, "", "raw_y", 1.0, 5.0),
        ("f1 Sphere 2D", 1, "", "raw_y", 4.0, 0.25),
        ("f1 Sphere 2D", 1, "", "raw_y", 9.0, 0.25),
    ]
    assert [row[5:] for row in first if row[1] == "PBO f7 OneMax 16D"] == [(1.0, 1.0), (3.0, 3.0), (8.0, 8.0)]
    seeds = sorted({(row[1], row[2]) for row in first})
    assert [seed for benchmark, seed in seeds if benchmark == "f1 Sphere 2D"] == [1, 2, 1_000_001]
    directions = warehouse.sql("select name, direction from core.metric order by 1").rows()
    assert directions == [("raw_y", "min"), ("raw_y (maximised)", "max")]
    features = warehouse.sql(
        "select b.name, f.name, f.numeric_value, f.text_value from core.benchmark_feature as f "
        "join core.benchmark as b using (benchmark_id) where f.name <> 'suite' order by all limit 2"
    ).rows()
    assert features == [("PBO f7 OneMax 16D", "dimension", 16.0, "16"),
                        ("PBO f7 OneMax 16D", "function", None, "f7 OneMax")]  # fmt: skip
    assert any("worse than one before, left out: 16" in note for note in outcome.notes)
    assert [one.name for one in run_checks(warehouse) if one.failures] == []


def test_instances_as_a_factor_and_twice_the_same(warehouse, tmp_path):
    path = study(tmp_path / "s")
    load(warehouse, "ioh", path, "study", options={"instances": "factor"})
    found = warehouse.sql(
        "select seed, setting from mart.run where algorithm = 'A' and benchmark like '% 2D' order by 2, 1"
    ).rows()
    assert found == [(1, "instance=1"), (2, "instance=1"), (1, "instance=2")]
    before = warehouse.sql(COURSE).rows()
    assert load(warehouse, "ioh", path, "study", options={"instances": "factor"}).action == "unchanged"
    assert warehouse.sql(COURSE).rows() == before


def test_an_archive_says_the_same_as_its_folder(warehouse, tmp_path):
    path = study(tmp_path / "s")
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        for one in sorted(path.rglob("*"), reverse=True):
            archive.write(one, one.relative_to(path))
    shutil.make_archive(str(tmp_path / "t"), "gztar", path)
    for name in ("s", "s.zip", "t.tar.gz"):
        assert [one.kind for one in recognise(tmp_path / name)] == ["ioh"]
        load(warehouse, "ioh", tmp_path / name, name)
    sql = "select benchmark, algorithm, seed, metric, budget, value from mart.trace where experiment = ? order by all"
    folder, *others = [warehouse.sql(sql, [name]).rows() for name in ("s", "s.zip", "t.tar.gz")]
    assert folder
    assert others == [folder, folder]


def test_the_best_value_is_the_full_one_where_decimals_were_cut(warehouse, tmp_path):
    write(tmp_path / "s", "A", {2: [(1, [(1, 1.0), (3, 3e-12)])]})
    load(warehouse, "ioh", tmp_path / "s")
    assert warehouse.sql("select min(value) from core.trace").one() == 3e-12
    load(warehouse, "ioh", tmp_path / "s", "clipped", options={"precision": "1e-8"})
    assert warehouse.sql("select min(value) from mart.trace where experiment = 'clipped'").one() == 1e-8


def test_runs_that_ended_early_are_said_and_carried_where_asked(warehouse, tmp_path):
    runs = {2: [(1, [(1, 2.0), (5, 1.0)]), (2, [(1, 2.0), (9, 1e-9)]), (3, [(1, 2.0), (20, 1.5)])]}
    write(tmp_path / "s", "A", runs)
    last = "select seed, max(budget) from mart.trace where experiment = ? group by 1 order by 1"
    for name, options, ends, word in (
        ("plain", {}, [5, 9, 20], "ended before others of their benchmark: 2"),
        ("solved", {"precision": "1e-8"}, [5, 20, 20], "keep their value to the largest budget: 1"),
        ("all", {"ended": "carried"}, [20, 20, 20], "keep their value to the largest budget: 2"),
        ("none", {"ended": "as-is", "precision": "1e-8"}, [5, 9, 20], "ended before others of their benchmark: 2"),
    ):
        outcome = load(warehouse, "ioh", tmp_path / "s", name, options=options)
        assert [row[1] for row in warehouse.sql(last, [name]).rows()] == ends
        assert any(word in note for note in outcome.notes), (name, outcome.notes)
    assert [one.name for one in run_checks(warehouse) if one.failures] == []


def test_two_folders_of_one_name_are_asked_for(warehouse, tmp_path):
    for place in ("one", "two"):
        write(tmp_path / "s" / place, "algorithm_name", {2: [(1, DOWN)]})
    with pytest.raises(UsageError, match="Two folders have runs of 'algorithm_name' on f1 Sphere 2D: one and two"):
        load(warehouse, "ioh", tmp_path / "s")
    load(warehouse, "ioh", tmp_path / "s", "a", options={"algorithm": "folder"})
    load(warehouse, "ioh", tmp_path / "s", "b", options={"algorithm": "name"})
    found = warehouse.sql("select experiment, algorithm, seed from mart.run order by all").rows()
    assert found == [("a", "one", 1), ("a", "two", 1), ("b", "algorithm_name", 1), ("b", "algorithm_name", 1_000_001)]


def test_a_run_that_goes_on_is_left_out_and_what_is_not_whole_refused(warehouse, tmp_path):
    folder = write(tmp_path / "s", "A", {2: [(1, DOWN)]})
    dat = next(folder.rglob("*.dat"))
    whole = dat.read_text()
    dat.write_text(whole + "evaluations raw_y\n1 9.0\n2 1")
    outcome = load(warehouse, "ioh", folder)
    assert warehouse.sql("select min(value) from core.trace").one() == 0.25
    assert any("not ended when the log was written, left out: 1" in note for note in outcome.notes)
    for text, why in (
        ("", "knows 1 runs in dimension 2, and .* holds 0"),
        (whole.replace("4 0.25", "4 low"), "line 4 is no row of numbers"),
        (whole + "3 0.1\n", "line 6 does not follow"),
        (whole + "12 0.1\n", "a run of 9 evaluations has a point at 12"),
        ("1 2\n" + whole, "begins with '1 2'"),
    ):
        dat.write_text(text)
        with pytest.raises(IngestError, match=why):
            IOH.runs(Request(str(folder), "ioh"))
    dat.write_text(whole)
    head = next(folder.glob("*.json"))
    told = json.loads(head.read_text())
    for text, why in (
        (json.dumps(told)[:-9], "is not whole"),
        (json.dumps({k: v for k, v in told.items() if k != "algorithm"}), "is not as IOHexperimenter writes it"),
        (json.dumps(told).replace("_DIM2", "_DIM3"), "which is not there"),
    ):
        head.write_text(text)
        with pytest.raises(IngestError, match=why):
            IOH.runs(Request(str(folder), "ioh"))


def test_options_are_understood_or_refused_and_the_dry_run_says_what_is_what(tmp_path):
    source = find_source("ioh")
    folder = write(tmp_path / "s", "A", {2: [(1, DOWN)]}, extra="spread")
    shown = preview(source, Request(str(folder), "s"))
    assert ("raw_y", "metric (min)") in [row[:2] for row in shown.mapping]
    assert shown.rows == [("A", "f1 Sphere 2D", 1, 1, 9.0, 0.25)]
    other = preview(source, Request(str(folder), "s", options={"metric": "spread"}))
    assert other.rows[0][-1] == 0
    for options, why in (
        ({"metric": "f"}, "no attribute 'f'"), ({"ended": "x"}, "--option ended"), ({"x": 1}, "no option 'x'"),
        ({"precision": "-1"}, "precision=-1"), ({"constants": {"seed": 1}}, "'seed' cannot be set"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=why):
            preview(source, Request(str(folder), "s", options=options))
    with pytest.raises(UsageError, match="no columns to map"):
        preview(source, Request(str(folder), "s", {"raw_y": "value"}))


SCRIPT = """
import sys, ioh
for name, step in (("near", 0.5), ("far", 2.0)):
    log = ioh.logger.Analyzer(root=sys.argv[1], folder_name=name, algorithm_name=name)
    for function, dimension, instance in ((1, 2, 1), (1, 2, 2), (8, 3, 1)):
        problem = ioh.get_problem(function, instance, dimension)
        problem.attach_logger(log)
        for repeat in range(2):
            for i in range(30):
                problem([step * (i % 7) - repeat] * dimension)
            print(name, function, dimension, instance, problem.state.current_best.y - problem.optimum.y, flush=True)
            problem.reset()
    log.close()
"""


@pytest.mark.slow
def test_what_the_logger_itself_wrote(warehouse, tmp_path, peer):
    said = peer("ioh").run(SCRIPT, tmp_path / "made", cwd=tmp_path).stdout
    load(warehouse, "ioh", tmp_path / "made")
    told = [line.split() for line in said.splitlines()]
    rows = warehouse.sql(
        "select algorithm, benchmark, seed, max(budget), min(value) from mart.trace group by 1, 2, 3 order by all"
    ).rows()
    assert len(rows) == len(told) == 12
    assert {row[3] for row in rows} == {30}
    assert sorted(row[4] for row in rows) == pytest.approx(sorted(float(line[4]) for line in told), rel=1e-9, abs=1e-9)
