"""The source `syne-tune`, on experiments that Syne Tune 0.16 ran, and on folders in its form."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, find_source, preview
from hpowh.warehouse.ingest.protocol import RowsRefusedError

from ..stored import counts, load, trials

HERE = Path(__file__).parent
HEADER = ["loss", "epoch", "st_worker_timestamp", "st_worker_time", "st_worker_iter", "st_decision", "st_status",
          "trial_id", "config_lr", "config_a.b <i>", "st_tuner_time"]  # fmt: skip


@pytest.fixture(scope="module")
def made(peer, tmp_path_factory) -> Path:
    """Experiments that Syne Tune ran: `plain` (random search, failures, NaN) and `asha` (stopped trials)."""
    folder = tmp_path_factory.mktemp("syne")
    peer("tuners").run(HERE / "make_syne_tune.py", folder / "out", cwd=folder, timeout=240)
    return folder / "out"


def results(folder: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(folder / "results.csv.zip") as archive:
        return list(csv.DictReader(io.StringIO(archive.read(archive.namelist()[0]).decode())))


@pytest.mark.parametrize("name", ["plain", "asha"])
def test_load_keeps_every_report_and_what_became_of_the_trials(made, warehouse, name):
    outcome = load(warehouse, "syne-tune", made / name)
    rows = results(made / name)
    stored = {t["number"]: t for t in trials(warehouse)}
    folders = {int(p.name) for p in (made / name).iterdir() if p.name.isdecimal()}
    assert outcome.row_count == len(stored) == len(folders)
    for number, trial in stored.items():
        config = json.loads((made / name / str(number) / "config.json").read_text())
        assert trial["parameters"] == {k: v for k, v in config.items() if not k.startswith("tune_function")}
        mine = [row for row in rows if int(row["trial_id"]) == number]
        steps = {("loss", int(row["epoch"])): float(row["loss"]) for row in mine if row["loss"]}
        assert {key: value for key, value in trial["values"].items() if key[1] is not None} == steps
        if trial["status"] == "finished":
            assert trial["values"]["loss", None] == (float(mine[-1]["loss"]) if mine[-1]["loss"] else "missing")
            assert len(mine) == (3 if name == "plain" else 4)
        elif trial["status"] == "failed":
            assert trial["parameters"]["layers"] == 5
            assert "ValueError: bad" in (made / name / str(number) / "std.err").read_text()
        else:
            assert trial["status"] == "pruned"
            last = mine[-1]["st_decision"] if mine else ""
            assert last == "STOP" or (made / name / str(number) / "stop").exists()
    assert "finished" in {t["status"] for t in stored.values()}
    assert warehouse.sql("select name, direction from core.metric").rows() == [("loss", "min")]


def test_the_space_is_declared_and_the_metadata_label_a_run(made, warehouse):
    load(warehouse, "syne-tune", made / "plain")
    declared = warehouse.sql(
        "select name, value_type, scale, lower, upper, choices from core.sweep_parameter order by name"
    ).rows()
    assert declared == [
        ("act", "text", "linear", None, None, '["relu", "tanh"]'),
        ("const", "int", "linear", None, None, "[7]"),
        ("layers", "int", "linear", 1.0, 5.0, None),
        ("lr", "float", "log", 1e-4, 1.0, None),
        ("width", "float", "linear", 0.1, 1.0, None),
    ]
    assert warehouse.sql("select experiment, algorithm, benchmark, seed from mart.run").rows() == [
        ("study", "plain", "toy", 4)
    ]


def test_both_experiments_of_a_folder_and_nothing_doubled(made, warehouse, tmp_path):
    shutil.copytree(made, tmp_path / "out")
    assert load(warehouse, "syne-tune", tmp_path / "out").action == "load"
    assert load(warehouse, "syne-tune", tmp_path / "out").action == "unchanged"
    before = counts(warehouse)
    rows = results(tmp_path / "out" / "plain")
    trial = rows[0]["trial_id"]
    rows.append(rows[0] | {"epoch": "9", "loss": "0.125", "st_worker_iter": "8"})
    with zipfile.ZipFile(tmp_path / "out" / "plain" / "results.csv.zip", "w") as archive:
        archive.writestr("results.csv", text_of(list(rows[0]), [list(row.values()) for row in rows]))
    assert load(warehouse, "syne-tune", tmp_path / "out").action == "update"
    after = counts(warehouse)
    assert after == before | {"trial_metric": before["trial_metric"] + 1}
    changed = next(t for t in trials(warehouse, "plain") if t["number"] == int(trial))
    assert changed["values"]["loss", None] == 0.125


def text_of(header: list[str], rows: list[list[object]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows([header, *rows])
    return written.getvalue()


def row(trial: int, epoch: int, loss: object, decision: str = "CONTINUE") -> list[object]:
    return [
        loss,
        epoch,
        1.7e9 + epoch,
        epoch / 2,
        epoch - 1,
        decision,
        "InProgress",
        trial,
        0.1 * (trial + 1),
        "o'x",
        1,
    ]


def write(folder: Path, rows: list[list[object]], metadata: dict | None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.csv").write_text(text_of(HEADER, rows), encoding="utf-8")
    if metadata is not None:
        (folder / "metadata.json").write_text(json.dumps(metadata))
    return folder


MODES = {"metric_names": ["loss"], "metric_mode": "max", "scheduler_kwargs": {"time_attr": "epoch", "max_t": 3}}


def test_decisions_say_what_became_of_a_trial(warehouse, tmp_path):
    rows = [row(0, 1, 5), row(0, 3, 4, "STOP"), row(1, 1, 9, "STOP"), row(2, 1, 7, "PAUSE"), row(3, 1, 6), row(3, 2, 2)]
    outcome = load(warehouse, "syne-tune", write(tmp_path / "e", rows, MODES))
    stored = trials(warehouse)
    assert [t["status"] for t in stored] == ["finished", "pruned", "pruned", "finished"]
    assert stored[0]["values"] == {("loss", 1): 5.0, ("loss", 3): 4.0, ("loss", None): 4.0}
    assert stored[0]["parameters"] == {"lr": 0.1, "a.b <i>": "o'x"}
    assert stored[0]["duration"] == 1.5
    assert warehouse.sql("select direction from core.metric").one() == "max"
    assert any("own folders are absent" in note for note in outcome.notes)
    load(warehouse, "syne-tune", tmp_path / "e", "again", options={"stopped": "finished"})
    assert [t["values"]["loss", None] for t in trials(warehouse, "again")] == [4.0, 9.0, 7.0, 2.0]


def test_cells_that_are_nan_infinite_or_empty(warehouse, tmp_path):
    rows = [row(0, 1, "inf"), row(1, 1, "-inf"), row(2, 1, "nan"), row(3, 1, "")]
    outcome = load(warehouse, "syne-tune", write(tmp_path / "e", rows, MODES))
    assert [t["values"]["loss", None] for t in trials(warehouse)] == ["inf", "neg_inf", "nan", "missing"]
    assert any("1 cells of a metric are empty" in note for note in outcome.notes)


def test_without_metadata_the_metric_must_be_given(warehouse, tmp_path):
    folder = write(tmp_path / "e", [row(0, 1, 5), row(0, 2, 4)], None)
    with pytest.raises(UsageError, match="which column is the metric.*loss, epoch"):
        load(warehouse, "syne-tune", folder)
    with pytest.raises(UsageError, match="no column 'gain'"):
        load(warehouse, "syne-tune", folder, mapping={"gain": "metric"})
    outcome = load(warehouse, "syne-tune", folder, mapping={"loss": "metric:quality"}, options={"step": "epoch"})
    assert trials(warehouse)[0]["values"] == {("quality", 1): 5.0, ("quality", 2): 4.0, ("quality", None): 4.0}
    assert any("There is no metadata.json" in note for note in outcome.notes)


def test_a_trial_that_is_still_running(warehouse, tmp_path):
    folder = write(tmp_path / "e", [row(0, 1, 5)], MODES)
    for trial in (0, 1):
        (folder / str(trial)).mkdir()
        (folder / str(trial) / "config.json").write_text('{"lr": 0.1, "net": {"width": [3, 4]}}')
    load(warehouse, "syne-tune", folder)
    assert [(t["status"], t["ended_at"]) for t in trials(warehouse)] == [("running", None), ("running", None)]
    assert trials(warehouse)[1]["parameters"] == {"lr": 0.1, "net.width": "[3, 4]"}


def test_bad_rows_refuse_the_load_or_are_written_out(warehouse, tmp_path):
    rows = [row(0, 1, 5), [1, 2], row(1, 1, "good"), [*row(2, 1, 5)[:7], "x", 1, 2, 3]]
    folder = write(tmp_path / "e", rows, MODES)
    with pytest.raises(RowsRefusedError, match="row 2.*2 fields.*row 3, column 'loss'.*row 4, column 'trial_id'"):
        load(warehouse, "syne-tune", folder)
    outcome = load(warehouse, "syne-tune", folder, reject_to=tmp_path / "bad.csv")
    assert (outcome.row_count, outcome.refused_count) == (1, 3)


def test_what_cannot_be_read_is_said(warehouse, tmp_path, made):
    shutil.copytree(made / "plain", tmp_path / "cut")
    file = tmp_path / "cut" / "results.csv.zip"
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(IngestError, match="results.csv.zip is not whole"):
        load(warehouse, "syne-tune", tmp_path / "cut")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IngestError, match="There is neither results.csv.zip nor metadata.json"):
        load(warehouse, "syne-tune", tmp_path / "empty")
    folder = write(tmp_path / "e", [row(0, 1, 5)], MODES)
    (folder / "results.csv").write_text("a,b\n1,2\n")
    with pytest.raises(IngestError, match="no column trial_id"):
        load(warehouse, "syne-tune", folder)
    assert counts(warehouse)["trial"] == 0


def test_preview_writes_nothing(made):
    shown = preview(find_source("syne-tune"), Request(str(made), "x"))
    assert ("loss", "metric (min)") in [row[:2] for row in shown.mapping]
    assert ("lr", "hyperparameter (float)") in [row[:2] for row in shown.mapping]
