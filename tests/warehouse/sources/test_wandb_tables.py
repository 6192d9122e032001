"""The tables that W&B writes: dictionaries as text, the page's two blocks, charts, newest first."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.sources.trials.wandb_tables import starts_in_order, summary_block


def load(warehouse: Warehouse, path: Path, rows: list[dict], **mapping: str) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    ingest(warehouse, find_source("trials"), Request(str(path), "s", mapping, {"direction": "min"}))


def hyperparameters(warehouse: Warehouse) -> set[str]:
    return {name for (name,) in warehouse.sql("select distinct name from core.trial_parameter").rows()}


def page(i: int, **more: object) -> dict:
    own = {"Name": f"run-{i}", "State": "finished", "Notes": "-", "User": "", "Tags": "", "Sweep": "abc"}
    return own | {"Created": f"2026-01-{28 - i:02d}T08:00:00.000Z", "Runtime": 60, **more}


def test_the_second_alphabetical_block_of_a_page_is_the_summary(warehouse, tmp_path):
    rows = [
        page(i, act_bits=2 + i % 3, batch_size=128, exclude_first="false", weight_bits=4 + i % 2,
             activation_mb=25.0 * i, compression=8.0 - i % 2, model_mb=1.0 + i % 2, quant_acc=30.0 + i,
             quant_loss=1.0 / (1 + i))
        for i in range(12)
    ]  # fmt: skip
    load(warehouse, tmp_path / "e.csv", rows, quant_loss="metric")
    assert hyperparameters(warehouse) == {"act_bits", "batch_size", "exclude_first", "weight_bits"}


def test_blocks_are_seen_only_where_chance_hardly_makes_them():
    assert summary_block(["a", "b", "c", "d", "a2", "b2", "c2"]) == ["a2", "b2", "c2"]
    assert summary_block(["learning_rate", "batch_size", "val_loss"]) == []
    assert summary_block(list("abcdefgh")) == []
    assert summary_block(list("badcfehg")) == []


def test_the_newest_first_are_numbered_by_their_start(warehouse, tmp_path):
    rows = [page(i, learning_rate=0.1 / (i + 1), batch_size=16, val_loss=0.3 + i / 10) for i in range(6)]
    load(warehouse, tmp_path / "e.csv", rows)
    before = dict(warehouse.sql("select name, number from core.trial").rows())
    assert [name for name, _ in sorted(before.items(), key=lambda one: one[1])] == [
        f"run-{i}" for i in range(5, -1, -1)
    ]
    newer = page(0, learning_rate=0.5, batch_size=32, val_loss=0.2) | {"Name": "new", "Created": "2026-02-01T08:00:00Z"}
    load(warehouse, tmp_path / "e.csv", [newer, *rows])
    after = dict(warehouse.sql("select name, number from core.trial").rows())
    assert {name: after[name] for name in before} == before
    assert after["new"] == 7
    assert starts_in_order([1, None]) is None


def test_dictionaries_as_text_are_unpacked(warehouse, tmp_path):
    rows = [
        {"": i, "summary": f"{{'val_loss': {0.3 + i / 50}, '_step': {i}, 'lost': nan}}",
         "config": f"{{'learning_rate': {0.01 * (i + 1)}, 'optimizer': 'adam', 'note': None, 'net': {{'depth': 3}}}}",
         "name": f"calm-{i}"}
        for i in range(8)
    ]  # fmt: skip
    load(warehouse, tmp_path / "project.csv", rows)
    assert hyperparameters(warehouse) == {"learning_rate", "optimizer", "net.depth"}
    found = warehouse.sql("select m.name, count(*) from core.trial_metric join core.metric as m using (metric_id) "
                          "group by all").rows()  # fmt: skip
    assert found == [("val_loss", 8)]


def test_media_and_what_counts_steps_are_no_hyperparameters(warehouse, tmp_path):
    graph = "{'path': 'media/g.json', '_type': 'graph-file'}"
    rows = [
        {"name": f"calm-{i}", "learning_rate": 0.01 * (i % 5 + 1), "val_loss": 0.3 + i / 50, "epoch": 9 + 2 * i,
         "_step": 10 + 2 * i, "_runtime": 60 + i * i, "graph": graph}
        for i in range(10)
    ]  # fmt: skip
    load(warehouse, tmp_path / "joined.csv", rows, val_loss="metric")
    assert hyperparameters(warehouse) == {"learning_rate"}


def test_the_export_of_a_chart_is_refused_in_words(warehouse, tmp_path):
    rows = [{"Step": i, "a - loss": 1.0, "a - loss__MIN": 1.0, "a - loss__MAX": 1.0} for i in range(3)]
    with pytest.raises(IngestError, match="is the export of one of W&B's charts"):
        load(warehouse, tmp_path / "chart.csv", rows)
