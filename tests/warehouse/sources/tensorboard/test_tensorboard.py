"""The source `tensorboard`, on event files by the published definitions, and on those of a real writer."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from hpowh.warehouse import HpowhError, Warehouse
from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.recognise import recognise

from ..stored import load, trials
from . import encoding as e

DAY = 1_790_000_000.0
SPACE = [
    e.part(1, "lr") + e.part(4, 3) + e.part(6, e.part(1, 0.001) + e.part(2, 0.1)),
    e.part(1, "act") + e.part(4, 1) + e.part(5, e.part(1, e.plain("relu")) + e.part(1, e.plain("tanh"))),
    e.part(1, "units") + e.part(4, 3) + e.part(5, e.part(1, e.plain(16)) + e.part(1, e.plain(32))),
]


def log(folder: Path) -> Path:
    """Three sessions: ended, failed, going on; a declared space; scalars as floats and as tensors."""
    e.write(folder, e.event(DAY, 0, e.experiment(SPACE, [("validation", "loss")])))
    e.write(
        folder / "b",
        e.event(DAY + 10, 0, e.start({"lr": 0.01, "act": "relu", "units": 16, "amp": True}, "one", DAY + 10)),
        e.event(DAY + 99, 0, e.end(1, DAY + 70)),
    )
    losses = [e.event(DAY + 10 + i, i, e.tensor("loss", 1 / i, kind)) for i, kind in [(1, "list"), (2, "content")]]
    e.write(folder / "b" / "validation", *losses, e.event(DAY + 13, 4, e.tensor("loss", 0.1, "double")))
    e.write(folder / "b" / "train", e.event(DAY + 11, 1, e.scalar("loss", 0.75)))
    e.write(
        folder / "a",
        e.event(DAY + 20, 0, e.start({"lr": 0.1, "act": "tanh", "units": 32})),
        e.event(DAY + 21, 0, e.end(2)),
    )
    e.write(folder / "c", e.event(DAY + 30, 0, e.start({"lr": 0.02, "act": "relu", "units": 32})))
    e.write(folder / "c" / "validation", e.event(DAY + 31, 1, e.scalar("loss", 0.1)))
    return folder


def test_sessions_are_trials_in_the_order_of_their_start(warehouse, tmp_path):
    load(warehouse, "tensorboard", log(tmp_path / "logs"))
    first, second, third = trials(warehouse)
    assert [(one["name"], one["status"]) for one in (first, second, third)] == [
        ("b", "finished"), ("a", "failed"), ("c", "running"),
    ]  # fmt: skip
    assert first["parameters"] == {"lr": 0.01, "act": "relu", "units": 16, "amp": "true"}
    assert first["values"] == {
        ("validation/loss", 1): 1.0, ("validation/loss", 2): 0.5, ("validation/loss", 4): 0.1,
        ("validation/loss", None): 0.1,
    }  # fmt: skip
    assert first["attributes"]["train/loss"] == 0.75
    assert first["attributes"]["group"] == "one"
    assert first["duration"] == 60.0
    assert second["values"] == {}
    assert third["values"] == {("validation/loss", None): 0.1}  # as it was meant, not as 32 bits have it
    query = "select name, value_type, lower, upper, choices from core.sweep_parameter"
    declared = {name: rest for name, *rest in warehouse.sql(query).rows()}
    assert declared["lr"] == ["float", 0.001, 0.1, None]
    assert declared["units"] == ["int", None, None, None]
    assert json.loads(declared["act"][-1]) == ["relu", "tanh"]


def test_a_folder_and_a_file_are_recognised(tmp_path):
    folder = log(tmp_path / "logs")
    assert [one.kind for one in recognise(folder)] == ["tensorboard"]
    assert [one.kind for one in recognise(next((folder / "a").iterdir()))] == ["tensorboard"]
    (folder / "params.json").write_text("{}")  # Ray Tune writes event files, too
    assert [one.kind for one in recognise(folder)] == ["ray-tune"]


def test_a_record_without_its_end_is_left_out_and_said(warehouse, tmp_path):
    folder = log(tmp_path / "logs")
    path = folder / "c" / "validation" / "events.out.tfevents.1.host"
    path.write_bytes(path.read_bytes() + e.event(DAY + 32, 2, e.scalar("loss", 0.05))[:-5])
    outcome = load(warehouse, "tensorboard", folder)
    assert "1 of 7 files end within a record, which is left out." in outcome.notes
    assert trials(warehouse)[2]["values"] == {("validation/loss", None): 0.1}


@pytest.mark.parametrize("at", [3, 20, 70])
def test_a_damaged_record_is_refused(warehouse, tmp_path, at):
    folder = log(tmp_path / "logs")
    path = folder / "b" / "events.out.tfevents.1.host"
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(IngestError, match="does not fit its checksum"):
        load(warehouse, "tensorboard", folder)


def test_several_metrics_are_asked_for_and_one_is_named(warehouse, tmp_path):
    e.write(
        tmp_path / "logs",
        e.event(DAY, 0, e.start({"x": 1.5})),
        e.event(DAY, 1, e.scalar("loss", 0.5)),
        e.event(DAY, 1, e.scalar("accuracy", 0.75)),
    )
    with pytest.raises(UsageError, match="which metric is the objective. There are 2"):
        load(warehouse, "tensorboard", tmp_path / "logs")
    with pytest.raises(UsageError, match="No session has a scalar 'f1'"):
        load(warehouse, "tensorboard", tmp_path / "logs", options={"metric": "f1"})
    load(warehouse, "tensorboard", tmp_path / "logs", options={"metric": "accuracy"})
    assert warehouse.sql("select name, direction from core.metric").rows() == [("accuracy", "max")]
    assert trials(warehouse)[0]["attributes"] == {"loss": 0.5}


def test_scalars_alone_are_refused_with_what_to_do(warehouse, tmp_path):
    e.write(tmp_path / "logs", e.event(DAY, 1, e.scalar("loss", 0.5)))
    with pytest.raises(IngestError, match="hold no hyperparameters, only scalars") as refused:
        load(warehouse, "tensorboard", tmp_path / "logs")
    assert "add_hparams" in str(refused.value.hint)
    (tmp_path / "none").mkdir()
    with pytest.raises(IngestError, match="no event file below"):
        load(warehouse, "tensorboard", tmp_path / "none")


MAKE = """
import sys
from tensorboardX import SummaryWriter

writer = SummaryWriter(sys.argv[1])
for i in range(3):
    settings = {"lr": 0.1 * (i + 1), "act": "relu", "layers": i, "amsgrad": bool(i % 2)}
    writer.add_hparams(settings, {"hparam/loss": 1 / (i + 1)}, name=f"t{i}")
writer.close()
"""


@pytest.mark.slow
def test_what_tensorboardx_writes(warehouse, tmp_path, peer):
    peer("tensorboard").run(MAKE, tmp_path / "logs", cwd=tmp_path)
    load(warehouse, "tensorboard", tmp_path / "logs")
    found = trials(warehouse)
    assert [one["parameters"]["layers"] for one in found] == [0, 1, 2]
    assert [one["parameters"]["lr"] for one in found] == pytest.approx([0.1, 0.2, 0.3])
    assert [one["parameters"]["amsgrad"] for one in found] == ["false", "true", "false"]
    assert [one["values"]["hparam/loss", None] for one in found] == pytest.approx([1, 1 / 2, 1 / 3], rel=1e-6)
    assert {one["status"] for one in found} == {"finished"}


VALID = [
    e.part(1, DAY) + e.part(5, e.part(1, e.start({"lr": 0.1, "act": "relu", "on": True}, "g", DAY))),
    e.part(1, DAY) + e.part(5, e.part(1, e.experiment(SPACE, [("", "loss")]))),
    e.part(1, DAY) + e.part(5, e.part(1, e.end(1, DAY + 1))),
    e.part(1, DAY) + e.part(2, 3) + e.part(5, e.part(1, e.tensor("loss", 0.5, "list"))),
    e.part(1, DAY) + e.part(2, 4) + e.part(5, e.part(1, e.scalar("loss", 0.25))),
]


@pytest.mark.parametrize("count", [12, pytest.param(1500, marks=pytest.mark.slow)])
def test_whatever_a_record_holds_is_loaded_whole_or_refused_in_words(empty_warehouse, tmp_path, count):
    """Bytes are changed before the checksums are made, so that they reach the reader."""
    draw = random.Random(count)
    loaded = 0
    for _ in range(count):
        records = [bytearray(one) for one in VALID]
        victim = draw.choice(records)
        for _ in range(draw.randint(1, 3)):
            victim[draw.randrange(len(victim))] = draw.choice([0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)])
        (tmp_path / "events.out.tfevents.1.host").write_bytes(b"".join(e.record(bytes(one)) for one in records))
        path = tmp_path / "w.duckdb"
        path.write_bytes(empty_warehouse.read_bytes())
        with Warehouse(path) as store:
            try:
                load(store, "tensorboard", tmp_path, options={"metric": "loss", "direction": "min"})
            except HpowhError as error:
                assert len(str(error).splitlines()) == 1
                continue
            loaded += 1
            if draw.random() < 0.1:
                assert [one for one in run_checks(store) if one.failures] == []
    assert 0 < loaded < count
