"""The source `coco`, on folders in the form of COCO's logger, and on some that it wrote."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request
from hpowh.warehouse.ingest.recognise import recognise
from hpowh.warehouse.sources.coco.source import SOURCE as COCO

from ..stored import load
from .encoding import write

COURSE = "select algorithm, benchmark, seed, budget, value from mart.trace where experiment = ? order by all"
DOWN = [(1, 5.0), (2, 7.0), (3, 6.0), (4, 0.25), (9, 3.0)]


def study(folder: Path) -> Path:
    for name, shift in (("A", 0.0), ("B", 1.0)):
        course = [(at, value + shift) for at, value in DOWN]
        write(folder / name, name, {2: [(1, course), (2, course)], 5: [(1, course)]})
        write(folder / name, name, {2: [(1, course)]}, function=8)
    return folder


def test_runs_have_their_difference_to_the_optimum(warehouse, tmp_path):
    load(warehouse, "coco", study(tmp_path / "exdata"), "study")
    rows = warehouse.sql(COURSE, ["study"]).rows()
    assert [row[2:] for row in rows if row[:2] == ("B", "bbob f1 2D")] == [
        (1, 1.0, 6.0), (1, 4.0, 1.25), (1, 9.0, 1.25), (2, 1.0, 6.0), (2, 4.0, 1.25), (2, 9.0, 1.25)
    ]  # fmt: skip
    assert {row[1] for row in rows} == {"bbob f1 2D", "bbob f1 5D", "bbob f8 2D"}
    assert warehouse.sql("select name, direction from core.metric").rows() == [("delta_f", "min")]
    assert [one.name for one in run_checks(warehouse) if one.failures] == []


def test_every_form_of_an_archive_says_the_same(warehouse, tmp_path):
    path = study(tmp_path / "exdata")
    for form in ("zip", "gztar"):
        shutil.make_archive(str(tmp_path / "packed"), form, path)
    (tmp_path / "each").mkdir()
    for name in ("A", "B"):
        shutil.make_archive(str(tmp_path / "each" / name), "gztar", path / name)
    places = ["exdata", "packed.zip", "packed.tar.gz", "each"]
    for name in places:
        assert [one.kind for one in recognise(tmp_path / name)] == ["coco"], name
        load(warehouse, "coco", tmp_path / name, name)
    folder, *others = [warehouse.sql(COURSE, [name]).rows() for name in places]
    assert folder
    assert others == [folder] * 3


def test_a_run_that_reached_the_target_is_done_and_not_failed(warehouse, tmp_path):
    """One solves the function at once, the other never: at the largest budget both have a value."""
    write(tmp_path / "e" / "A", "A", {2: [(1, [(1, 2.0), (7, 3e-9)])]})
    write(tmp_path / "e" / "B", "B", {2: [(1, [(1, 2.0), (7, 4e-9)])]})
    write(tmp_path / "e" / "A", "A", {2: [(1, [(1, 2.0), (100, 0.5)])]}, function=2)
    write(tmp_path / "e" / "B", "B", {2: [(1, [(1, 2.0), (100, 1.5)])]}, function=2)
    outcome = load(warehouse, "coco", tmp_path / "e", "study")
    rows = warehouse.sql(COURSE, ["study"]).rows()
    assert [row[3:] for row in rows if row[1] == "bbob f1 2D"] == [(1.0, 2.0), (7.0, 1e-8), (100.0, 1e-8)] * 2
    assert any("reached the target precision: 2" in note for note in outcome.notes)
    compared = warehouse.sql("select distinct budget from mart.compared_budget").rows()
    assert compared == [(100.0,)]
    load(warehouse, "coco", tmp_path / "e", "raw", options={"precision": "0"})
    assert ("A", "bbob f1 2D", 1, 7.0, 3e-9) in warehouse.sql(COURSE, ["raw"]).rows()


def test_points_of_both_files_count_and_one_is_enough(warehouse, tmp_path):
    folder = write(tmp_path / "a", "A", {2: [(1, DOWN)]})
    dat = next(folder.rglob("*.dat"))
    dat.write_text("".join(line for line in dat.read_text().splitlines(keepends=True) if not line.startswith("4 ")))
    load(warehouse, "coco", folder, "both")
    assert ("A", "bbob f1 2D", 1, 4.0, 0.25) in warehouse.sql(COURSE, ["both"]).rows()
    load(warehouse, "coco", write(tmp_path / "b", "A", {2: [(1, DOWN)]}, with_tdat=False), "one")
    assert warehouse.sql(COURSE, ["one"]).rows() == warehouse.sql(COURSE, ["both"]).rows()


def test_runs_without_their_end_are_left_out(warehouse, tmp_path):
    folder = write(tmp_path / "a", "A", {2: [(1, DOWN)]})
    for path in folder.rglob("*.*dat"):
        text = path.read_text()
        path.write_text(text + text.partition("\n")[0] + "\n1 0 +1.0e-03 +1.0 +1.0 +1.0\n2 0 +1.0e")
    outcome = load(warehouse, "coco", folder)
    assert warehouse.sql("select min(value) from core.trace").one() == 0.25
    assert any("left out: 1" in note for note in outcome.notes)


def test_what_is_not_understood_is_refused_in_a_sentence(warehouse, tmp_path):
    folder = write(tmp_path / "a", "A", {2: [(1, DOWN)]})
    info, dat = next(folder.glob("*.info")), next(folder.rglob("*.dat"))
    heads, points = info.read_text(), dat.read_text()
    for path, text, why in (
        (info, heads.replace("1:9|", "1:8|"), "a run of 8 evaluations has a point at 9"),
        (info, heads + ", 2:9|1e0", "holds 1 runs, and .* knows 2"),
        (info, heads.replace("funcId = 1, ", ""), "does not say funcId and DIM"),
        (info, heads + "\nhello there", "a line that is not COCO's"),
        (info, heads.replace("1:9|", "x:9|"), "is no run as COCO writes it"),
        (
            info,
            "suite = 'bbob-biobj', algorithm = 'A', indicator = 'hyp', folder = 'x'\n",
            "indicator .hyp. of several",
        ),
        (dat, points.replace("best noise-free fitness", "fitness"), "no column called 'best noise-free fitness'"),
        (dat, points.replace("+2.5", "two"), "no row of numbers"),
    ):
        path.write_text(text)
        with pytest.raises(IngestError, match=why):
            COCO.runs(Request(str(folder), "coco"))
        info.write_text(heads)
        dat.write_text(points)
    constrained = write(tmp_path / "c", "A", {2: [(1, DOWN)]}, constraints=3)
    with pytest.raises(IngestError, match="counts evaluations of constraints"):
        COCO.runs(Request(str(constrained), "coco"))
    shutil.copytree(folder, tmp_path / "two" / "x")
    shutil.copytree(folder, tmp_path / "two" / "y")
    with pytest.raises(UsageError, match="Two folders have runs of 'A' on bbob f1 2D: x and y"):
        load(warehouse, "coco", tmp_path / "two")


def test_a_damaged_archive_is_refused_in_a_sentence(tmp_path):
    """Whatever bytes are lost or turned: either the runs, or an IngestError; never another error."""
    shutil.make_archive(str(tmp_path / "whole"), "gztar", write(tmp_path / "a", "A", {2: [(1, DOWN)]}))
    shutil.make_archive(str(tmp_path / "whole"), "zip", tmp_path / "a")
    dice = random.Random(1)
    refused = 0
    for name in ("whole.tar.gz", "whole.zip"):
        raw = (tmp_path / name).read_bytes()
        for _ in range(12):
            torn = bytearray(raw[: dice.randrange(20, len(raw))] if dice.random() < 0.5 else raw)
            torn[dice.randrange(len(torn))] ^= 1 << dice.randrange(8)
            (tmp_path / f"torn-{name}").write_bytes(torn)
            try:
                COCO.runs(Request(str(tmp_path / f"torn-{name}"), "torn"))
            except IngestError:
                refused += 1
    assert refused > 12


SCRIPT = """
import sys, cocoex
for name, step in (("near", 0.5), ("far", 2.0)):
    suite = cocoex.Suite("bbob", "instances: 1-2", "function_indices:1,8 dimensions:2,3")
    observer = cocoex.Observer("bbob", f"result_folder: {name} algorithm_name: {name} outer_folder: {sys.argv[1]}")
    for problem in suite:
        problem.observe_with(observer)
        for i in range(30):
            problem([step * (i % 7)] * problem.dimension)
        print(name, problem.id_function, problem.best_observed_fvalue1, flush=True)
"""


@pytest.mark.slow
def test_what_the_observer_itself_wrote(warehouse, tmp_path, peer):
    peer("ioh").run(SCRIPT, tmp_path / "exdata", cwd=tmp_path)
    load(warehouse, "coco", tmp_path / "exdata")
    rows = warehouse.sql("select algorithm, benchmark, seed, max(budget) from mart.trace group by 1, 2, 3").rows()
    assert len(rows) == 16
    assert {row[3] for row in rows} == {30}
    assert {row[0] for row in rows} == {"near", "far"}
