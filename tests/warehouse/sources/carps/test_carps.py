"""The source `carps`, on runs that CARP-S 1.1 made and gathered, and on logs in its form."""

from __future__ import annotations

import ast
import csv
import json
import shutil
from pathlib import Path

import pytest

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, find_source, preview
from hpowh.warehouse.ingest.protocol import RowsRefusedError

from ..stored import counts, load, trials

HERE = Path(__file__).parent
TRACE = (
    "select algorithm, benchmark, seed, metric, budget, value, status from mart.trace where experiment = ? order by all"
)


@pytest.fixture(scope="module")
def made(peer, tmp_path_factory) -> Path:
    """`runs` (two optimisers x three tasks x two seeds) and `gathered`."""
    folder = tmp_path_factory.mktemp("carps")
    peer("tuners").run(HERE / "make_carps.py", folder, cwd=folder, timeout=240)
    return folder


def logged(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "trial_logs.jsonl").read_text().splitlines()]


def test_every_run_is_a_run_of_the_experiment_with_its_trace(made, warehouse):
    outcome = load(warehouse, "carps", made / "runs", "toys")
    assert outcome.row_count == 2 * 3 * 2 * 12
    runs = warehouse.sql("select algorithm, benchmark, seed from mart.run order by all").rows()
    names = [("RandomSearch", "Second"), ("toy/one", "toy/other", "toy/two"), (1, 2)]
    assert runs == [(a, b, s) for a in names[0] for b in names[1] for s in names[2]]
    expected = []
    for log in (made / "runs").rglob("trial_logs.jsonl"):
        algorithm, _, *task, seed = log.parent.relative_to(made / "runs").parts
        for line in logged(log.parent):
            value = line["trial_value"]
            costs = value["cost"] if isinstance(value["cost"], list) else [value["cost"]]
            for metric, cost in zip(("quality", "size"), costs, strict=False):
                fine = value["status"] == 1
                where = (algorithm, "/".join(task), int(seed), metric, float(line["n_trials"]))
                expected.append((*where, cost if fine else None, "ok" if fine else "failed"))
    assert warehouse.sql(TRACE, ["toys"]).rows() == sorted(expected, key=lambda r: r[:5])
    assert ("failed",) in warehouse.sql("select distinct status from core.trace").rows()
    features = dict(
        warehouse.sql(
            "select f.name, text_value from core.benchmark_feature as f join core.benchmark as b using (benchmark_id) "
            "where b.name = 'toy/one'"
        ).rows()
    )
    assert (features["suite"], features["dimensions"], features["domain"]) == ("toys", "4", "synthetic")


def test_bare_values_are_named_by_the_space_and_inactive_ones_absent(made, warehouse):
    load(warehouse, "carps", made / "runs" / "RandomSearch" / "toys" / "toy" / "one" / "1", "one")
    stored = trials(warehouse)
    for trial, line in zip(stored, logged(made / "runs/RandomSearch/toys/toy/one/1"), strict=True):
        parameters = trial["parameters"]
        names = ["kind", "x10", "x2"] + (["a_depth"] if parameters["kind"] == "b" else [])
        assert parameters == dict(zip(names, line["trial_info"]["config"], strict=True))
        assert trial["duration"] == 0.5
        if line["trial_value"]["status"] != 1:
            assert trial["status"] == "failed"
            assert trial["attributes"]["cost_stored"] == 1e9
    assert {t["status"] for t in stored} <= {"finished", "failed"}
    assert {t["parameters"]["kind"] for t in stored} == {"a", "b"}
    rule = warehouse.sql("select rule from core.sweep_constraint").one()
    assert rule == 'a_depth only when kind = "b"'
    scale = warehouse.sql("select scale, lower, upper from core.sweep_parameter where name = 'a_depth'").rows()
    assert scale == [("log", 1.0, 64.0)]


@pytest.mark.parametrize("file", ["logs.csv", "logs.parquet"])
def test_gathered_logs_say_the_same_as_the_runs(made, warehouse, file):
    load(warehouse, "carps", made / "runs", "runs")
    load(warehouse, "carps", made / "gathered" / file, "table")
    runs, table = warehouse.sql(TRACE, ["runs"]).rows(), warehouse.sql(TRACE, ["table"]).rows()
    assert [row[:5] + row[6:] for row in runs] == [row[:5] + row[6:] for row in table]
    for one, other in zip(runs, table, strict=True):
        # what CARP-S gathers of several objectives is numpy's text, rounded to eight digits
        assert one[5] == (pytest.approx(other[5], rel=1e-6) if other[5] is not None else None)
        if one[1] != "toy/two":
            assert one[5] == other[5]
    by_source = warehouse.sql(
        "select o.name, p.name, count(*), sum(p.numeric_value), list(distinct p.text_value order by p.text_value) "
        "from core.trial_parameter as p join core.trial as t using (trial_id) "
        "join core.source as o on o.source_id = t.source_id group by all order by 2, 1"
    ).rows()
    assert [row[1:3] for row in by_source[::2]] == [row[1:3] for row in by_source[1::2]]
    assert [row[3] for row in by_source[::2]] == pytest.approx([row[3] for row in by_source[1::2]], nan_ok=True)


def test_new_trials_are_added_and_nothing_doubled(made, warehouse, tmp_path):
    shutil.copytree(made / "runs", tmp_path / "runs")
    assert load(warehouse, "carps", tmp_path / "runs").action == "load"
    assert load(warehouse, "carps", tmp_path / "runs").action == "unchanged"
    before = counts(warehouse)
    log = tmp_path / "runs" / "Second" / "toys" / "toy" / "one" / "2" / "trial_logs.jsonl"
    last = logged(log.parent)[-1]
    last["n_trials"], last["trial_value"]["cost"], last["trial_value"]["status"] = 13, 0.5, 1
    log.write_text(log.read_text() + json.dumps(last) + "\n" + json.dumps(last)[:50])
    outcome = load(warehouse, "carps", tmp_path / "runs")
    assert outcome.action == "update"
    assert any("ends within a line" in note for note in outcome.notes)
    after = counts(warehouse)
    assert {k: after[k] - before[k] for k in ("run", "trial", "trace")} == {"run": 0, "trial": 1, "trace": 1}


def line(n_trials: float, cost: object, *, status: int = 1, config: list | None = None, **info) -> dict:
    return {
        "n_trials": n_trials,
        "n_function_calls": 1,
        "trial_info": {"config": config or [1.5, "a"], "instance": None, "seed": None, "budget": None, **info},
        "trial_value": {"cost": cost, "time": 1.0, "status": status, "starttime": 0.0, "endtime": 0.0},
    }


CONFIG = """
seed: 3
optimizer_id: Opt "<b>"
task_id: ${task.name}
benchmark_id: suite
task:
  name: t/1
  seed: ${seed}
  input_space:
    fidelity_space: {is_multifidelity: true, min_fidelity: 1, max_fidelity: 9}
  output_space:
    objectives: ${names}
names: [loss]
timestamp: ${now:%Y-%m-%d}
"""


def write(folder: Path, lines: list[dict], config: str | None = CONFIG) -> Path:
    folder.mkdir(parents=True)
    (folder / "trial_logs.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    if config is not None:
        (folder / ".hydra").mkdir()
        (folder / ".hydra" / "config.yaml").write_text(config)
    return folder


def test_small_fidelities_spend_budget_and_are_no_final_values(warehouse, tmp_path):
    lines = [line(1 / 9, 5.0, budget=1.0), line(4 / 9, 4.0, budget=3.0), line(13 / 9, 3.0, budget=9.0)]
    folder = write(tmp_path / "r", lines)
    outcome = load(warehouse, "carps", folder, "full")
    assert [(t["status"], t["values"]) for t in trials(warehouse)] == [
        ("pruned", {("loss", 1): 5.0}),
        ("pruned", {("loss", 3): 4.0}),
        ("finished", {("loss", None): 3.0}),
    ]
    assert trials(warehouse)[0]["parameters"] == {"x[0]": 1.5, "x[1]": "a"}
    assert [row[4:] for row in warehouse.sql(TRACE, ["full"]).rows()] == [
        (1 / 9, None, "missing"),
        (4 / 9, None, "missing"),
        (13 / 9, 3.0, "ok"),
    ]
    assert any("less than the largest fidelity" in note for note in outcome.notes)
    load(warehouse, "carps", folder, "all", options={"fidelities": "all"})
    assert [row[5] for row in warehouse.sql(TRACE, ["all"]).rows()] == [5.0, 4.0, 3.0]


def test_statuses_nan_and_infinity(warehouse, tmp_path):
    costs = [(1, float("nan")), (1, float("inf")), (2, 1e9), (3, 1e9), (4, 1e9)]
    lines = [line(i + 1, cost, status=status) for i, (status, cost) in enumerate(costs)]
    load(warehouse, "carps", write(tmp_path / "r", lines), "x")
    assert [row[5:] for row in warehouse.sql(TRACE, ["x"]).rows()] == [
        (None, status) for status in ("nan", "inf", "failed", "timeout", "memory")
    ]


def test_without_a_configuration_the_user_says_what_the_run_is(warehouse, tmp_path):
    folder = write(tmp_path / "r", [line(1, 2.0), line(2, 1.0)], None)
    outcome = load(warehouse, "carps", folder, "bare")
    assert counts(warehouse)["run"] == 0
    assert any("There is no .hydra/config.yaml" in note for note in outcome.notes)
    said = {"constants": {"algorithm": "A", "benchmark": "B", "seed": "5"}, "experiment": "E"}
    load(warehouse, "carps", folder, "said", options=said)
    assert warehouse.sql("select experiment, algorithm, benchmark, seed from mart.run").rows() == [("E", "A", "B", 5)]


def test_bad_lines_refuse_the_load_or_are_written_out(warehouse, tmp_path):
    lines = [line(1, 1.0), line(1, 2.0), {"n_trials": 3}, line(4, [1.0, 2.0]), line(5, 1.0, status=8), line(6, 0.5)]
    folder = write(tmp_path / "r", lines)
    with pytest.raises(RowsRefusedError, match="row 2.*twice.*row 3.*lacks.*row 4.*2 costs.*row 5.*no status"):
        load(warehouse, "carps", folder)
    outcome = load(warehouse, "carps", folder, reject_to=tmp_path / "bad.csv")
    assert (outcome.row_count, outcome.refused_count) == (2, 4)


def test_the_same_run_twice_is_refused(warehouse, tmp_path):
    for name in ("a", "b"):
        write(tmp_path / "runs" / name, [line(1, 1.0)])
    with pytest.raises(IngestError, match="2 runs are labelled algorithm"):
        load(warehouse, "carps", tmp_path / "runs")
    assert counts(warehouse)["trial"] == 0


def test_what_cannot_be_read_is_said(warehouse, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(IngestError, match="There is no trial_logs.jsonl below"):
        load(warehouse, "carps", tmp_path / "empty")
    with pytest.raises(IngestError, match=r"config.yaml is no YAML"):
        load(warehouse, "carps", write(tmp_path / "y", [line(1, 1.0)], "a: [1,\nb: }"))
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(IngestError, match="lacks the column 'task_id'"):
        load(warehouse, "carps", other)
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(b"PAR1 and no more")
    with pytest.raises(IngestError, match=r"cut.parquet cannot be read"):
        load(warehouse, "carps", cut)
    with pytest.raises(UsageError, match="one of: full, all"):
        load(warehouse, "carps", tmp_path / "y", options={"fidelities": "some"})


def test_preview_writes_nothing(made):
    shown = preview(find_source("carps"), Request(str(made / "runs"), "x"))
    assert ("toy/two", "benchmark") in [row[:2] for row in shown.mapping]
    assert shown.row_count == 144


@pytest.mark.slow
def test_hyperband_in_carps(peer, warehouse, tmp_path):
    peer("tuners").run(HERE / "make_carps.py", tmp_path, "smac", cwd=tmp_path, timeout=300)
    load(warehouse, "carps", tmp_path / "runs" / "SMAC3-Hyperband", "mf")
    load(warehouse, "carps", tmp_path / "gathered" / "logs.csv", "table")
    lines = logged(next((tmp_path / "runs" / "SMAC3-Hyperband").rglob("trial_logs.jsonl")).parent)
    found = [(row[4], row[5]) for row in warehouse.sql(TRACE, ["mf"]).rows()]
    assert found == [
        (one["n_trials"], one["trial_value"]["cost"] if one["trial_info"]["budget"] == 9 else None) for one in lines
    ]
    with (tmp_path / "gathered" / "logs.csv").open() as handle:
        rows = [row for row in csv.DictReader(handle) if row["optimizer_id"] == "SMAC3-Hyperband"]
    assert len(rows) == len(lines)
    assert sorted(ast.literal_eval(row["trial_info__budget"]) for row in rows) == sorted(
        one["trial_info"]["budget"] for one in lines
    )
