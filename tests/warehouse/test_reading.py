"""Whatever comes in: one sentence with the file, the cause and the next step, nothing stored, no waiting."""

from __future__ import annotations

import gzip
import json
import os
import re
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest

from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.console import note, print_table
from hpowh.warehouse.errors import LONGEST, HpowhError, IngestError, UsageError
from hpowh.warehouse.ingest import Request, bounds, find_source, ingest, preview
from hpowh.warehouse.ingest.declared import declared_sources, parsed_toml
from hpowh.warehouse.ingest.reading import load_yaml, reading
from hpowh.warehouse.sources.sweeps.sqlite_files import refuse_computed
from hpowh.warehouse.sources.tables.tabular import stage

LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))


def deep_json(folder: Path) -> tuple[str, Path]:
    rows = [{"name": "a", "lr": 1, "loss": 1}]
    text = json.dumps(rows[0]) + '\n{"name": "b", "lr": ' + "[" * 20_000 + "]" * 20_000 + ', "loss": 1}\n'
    (folder / "trials.jsonl").write_text(text)
    return "trials", folder / "trials.jsonl"


def nul_in_header(folder: Path) -> tuple[str, Path]:
    (folder / "runs.csv").write_bytes(b"algorithm,benchmark,seed,budget,value,a\0b\nA,b,0,1,1,2\n")
    return "runs", folder / "runs.csv"


def damaged_parquet(folder: Path) -> tuple[str, Path]:
    path = folder / "grid.parquet"
    pl.DataFrame({"lr": [0.1, 0.2] * 50, "q": [float(i) for i in range(100)]}).write_parquet(path, compression="snappy")
    content = bytearray(path.read_bytes())
    content[4:60] = bytes(56)
    path.write_bytes(content)
    return "grid", path


def optuna_without_sense(folder: Path) -> tuple[str, Path]:
    path = folder / "optuna.db"
    with sqlite3.connect(path) as db:
        db.execute("create table studies (study_id integer, study_name blob)")
        db.execute("insert into studies values ('x', x'ff')")
    return "optuna", path


def latin_tag(folder: Path, note: bytes = b"caf\xe9", end: int = 2000) -> tuple[str, Path]:
    run = folder / "mlruns" / "0" / ("a" * 32)
    for part in ("metrics", "params", "tags"):
        (run / part).mkdir(parents=True)
    (folder / "mlruns" / "0" / "meta.yaml").write_text("experiment_id: '0'\nname: e\nlifecycle_stage: active\n")
    (run / "meta.yaml").write_text(
        f"run_id: {'a' * 32}\nrun_uuid: {'a' * 32}\nexperiment_id: '0'\nstatus: 3\nstart_time: 1000\nend_time: {end}\n"
        "lifecycle_stage: active\nrun_name: r\n"
    )
    (run / "metrics" / "loss").write_text("1000 0.5 0\n")
    (run / "params" / "lr").write_text("0.1")
    (run / "tags" / "note").write_bytes(note)
    return "mlflow", folder / "mlruns"


def optuna_text_value(folder: Path) -> tuple[str, Path]:
    """A value of a trial that is a text: SQLite takes any type in any column."""
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.RDBStorage(f"sqlite:///{folder / 'optuna.db'}")
    study = optuna.create_study(storage=storage, study_name="s", sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    storage.engine.dispose()
    with sqlite3.connect(folder / "optuna.db") as db:
        db.execute("update trial_values set value = '<b>' where trial_id = 2")
    return "optuna", folder / "optuna.db"


def wide_header(folder: Path) -> tuple[str, Path]:
    """A header without an end, as of a file of zeros."""
    with (folder / "runs.csv").open("wb") as handle:
        handle.truncate(17 << 20)
    return "runs", folder / "runs.csv"


def zipped_zeros(folder: Path) -> tuple[str, Path]:
    with gzip.open(folder / "runs.csv.gz", "wb", compresslevel=1) as handle:
        for _ in range(17):
            handle.write(bytes(1 << 20))
    return "runs", folder / "runs.csv.gz"


def long_line(folder: Path) -> tuple[str, Path]:
    (folder / "trials.jsonl").write_bytes(b'{"lr": 1, "loss": 1}\n' + b"x" * (17 << 20))
    return "trials", folder / "trials.jsonl"


def endless_journal(folder: Path) -> tuple[str, Path]:
    (folder / "optuna.log").write_bytes(b'{"op_code": 0, "worker_id": "w", "study_name": "s", "directions": [1]}\n')
    with (folder / "optuna.log").open("r+b") as handle:
        handle.truncate(17 << 20)
    return "optuna", folder / "optuna.log"


def endless_gathered(folder: Path) -> tuple[str, Path]:
    with (folder / "logs.csv").open("wb") as handle:
        handle.truncate(17 << 20)
    return "carps", folder / "logs.csv"


CASES: list[Callable[[Path], tuple[str, Path]]] = [
    deep_json,
    nul_in_header,
    damaged_parquet,
    optuna_without_sense,
    optuna_text_value,
    wide_header,
    zipped_zeros,
    long_line,
    endless_journal,
    endless_gathered,
]


def test_a_note_in_another_encoding_is_kept_and_a_setting_refuses_the_run(warehouse, tmp_path):
    kind, folder = latin_tag(tmp_path)
    run = folder / "0" / ("a" * 32)
    request = Request(str(folder), "x", {"loss": "metric"}, {"direction": "min"})
    (run / "tags" / "id").write_text("mine")
    outcome = ingest(warehouse, find_source(kind), request)
    assert any(f"1 tag is no UTF-8, such as {run / 'tags' / 'note'}" in note for note in outcome.notes)
    found = warehouse.sql("select name, value from core.trial_attribute").rows()
    told = {name: json.loads(text) for name, text in found}
    assert (told["note"], told["tags.id"], told["id"]) == ("caf\ufffd", "mine", "a" * 32)
    (run / "params" / "lr").write_bytes(b"caf\xe9")
    with pytest.raises(IngestError, match=re.escape(f"{run / 'params' / 'lr'} is no UTF-8 (byte 0xe9 at 3)")):
        ingest(warehouse, find_source(kind), request)


def bomb(path: Path, members: int = 1, size: int = 2 << 20) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(members):
            archive.writestr(f"{number}.csv", bytes(size))


@pytest.mark.parametrize("what", ["zip", "members", "encrypted", "json", "lines", "yaml", "metric", "config", "gz"])
def test_what_is_read_whole_has_a_bound(warehouse, tmp_path, monkeypatch, what):
    """A small file may unpack to a large one, and a link may lead to one: neither is read into memory."""
    monkeypatch.setattr(bounds, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(bounds, "MOST_MEMBERS", 3)
    folder, kind, why = tmp_path / "study", "syne-tune", "holds more than 1 MiB"
    folder.mkdir()
    if what in ("zip", "members", "encrypted"):
        bomb(folder / "results.csv.zip", 5 if what == "members" else 1, 10 if what == "members" else 2 << 20)
        (folder / "metadata.json").write_text('{"metric_names": ["loss"], "metric_mode": "min"}')
        why = {"members": "more than 3 members", "encrypted": "is encrypted"}.get(what, why)
        if what == "encrypted":
            content = bytearray((folder / "results.csv.zip").read_bytes())
            content[6] |= 1
            content[content.index(b"PK\x01\x02") + 8] |= 1
            (folder / "results.csv.zip").write_bytes(content)
    elif what == "json":
        kind = "smac"
        (folder / "runhistory.json").write_text(" " * (2 << 20))
    elif what == "lines":
        kind = "carps"
        (folder / "trial_logs.jsonl").write_text("\n" * (2 << 20))
    elif what == "gz":
        kind, folder = "trials", tmp_path / "trials.jsonl.gz"
        folder.write_bytes(gzip.compress(b"[" + b" " * (2 << 20) + b"]"))
    else:
        kind, folder = latin_tag(tmp_path, note=b"coffee")
        place = {"yaml": "meta.yaml", "metric": "metrics/loss", "config": "params/lr"}[what]
        (folder / "0" / ("a" * 32) / place).write_text(" " * (2 << 20))
    request = Request(str(folder), "x", {"loss": "metric"} if kind == "trials" else {})
    with pytest.raises(IngestError, match=why):
        ingest(warehouse, find_source(kind), request)
    assert warehouse.sql("select count(*) from core.source").one() == 0


@pytest.mark.parametrize("what", ["members", "lines", "list", "rows", "csv"])
def test_how_many_values_are_held_at_once_has_a_bound(warehouse, tmp_path, monkeypatch, what):
    """Brackets take a byte each in a file, and dozens in memory."""
    monkeypatch.setattr(bounds, "MOST_VALUES", 1000)
    monkeypatch.setattr(bounds, "MOST_CELLS", 1000)
    kind, path, why = "trials", tmp_path / "t.jsonl", "more than 1,000 cells"
    if what == "members":
        kind, path, why = "smac", tmp_path, "more than 1,000 values"
        (path / "runhistory.json").write_text('{"data": [' + "[]," * 1000 + "[]]}")
    elif what == "lines":
        kind, path, why = "carps", tmp_path, "more than 1,000 values"
        (path / "trial_logs.jsonl").write_text('{"a": [1, 2]}\n' * 1000)
    elif what == "list":
        path, why = tmp_path / "t.json", "more than 1,000 values"
        path.write_text(json.dumps([{"lr": i, "loss": i} for i in range(1000)]))
    elif what == "rows":
        path.write_text("".join(json.dumps({"lr": i, "loss": i}) + "\n" for i in range(600)))
    else:
        path = tmp_path / "t.csv"
        path.write_text("lr,loss\n" + "1,2\n" * 600)
    with pytest.raises(IngestError, match=why):
        ingest(warehouse, find_source(kind), Request(str(path), "x", {"loss": "metric"} if kind == "trials" else {}))


def test_two_values_that_come_to_one_name_are_refused(warehouse, tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"a.b": 1, "a": {"b": 2}, "loss": 1}\n{"a.b": 1, "loss": 1}\n')
    with pytest.raises(IngestError, match=r"row 1, column 'a.b'.*one name"):
        ingest(warehouse, find_source("trials"), Request(str(path), "x", {}, {"direction": "min"}))


def test_utf_16_is_read_by_its_mark_or_asked_for(warehouse, tmp_path):
    """With a byte-order mark it is read; without one the user is told what to give."""
    text = "name,lr,loss\n" + "".join(f"t{i},{i},{i}\n" for i in range(3))
    request = Request(str(tmp_path / "marked.csv"), "marked", {"loss": "metric"}, {"direction": "min"})
    (tmp_path / "marked.csv").write_bytes(text.encode("utf-16"))
    assert ingest(warehouse, find_source("trials"), request).row_count == 3
    (tmp_path / "bare.csv").write_bytes(text.encode("utf-16-le"))
    with pytest.raises(IngestError, match="--encoding utf-16"):
        ingest(warehouse, find_source("trials"), Request(str(tmp_path / "bare.csv"), "bare", {"loss": "metric"}))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_what_cannot_be_read_is_said_in_a_sentence(warehouse, tmp_path, case):
    kind, path = case(tmp_path)
    request = Request(location=str(path), name="x", mapping={"loss": "metric"} if kind == "trials" else {})
    with pytest.raises(HpowhError) as refused:
        ingest(warehouse, find_source(kind), request)
    said = str(refused.value)
    assert path.name.split(".")[0] in said
    assert len(said.splitlines()) == 1
    assert "select " not in said.lower()
    assert "LINE 1" not in said
    assert warehouse.sql("select count(*) from core.source").one() == 0


@pytest.mark.parametrize(
    "kind", ["runs", "grid", "features", "trials", "optuna", "smac", "ray-tune", "syne-tune", "wandb"]
)
def test_pipes_and_devices_are_refused_at_once(warehouse, tmp_path, kind):
    os.mkfifo(tmp_path / "runs.csv")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "runhistory.json").symlink_to("/dev/zero")
    for location in (tmp_path / "runs.csv", tmp_path / "study"):
        request = Request(location=str(location), name="x")
        with pytest.raises(IngestError, match="is no regular file"):
            ingest(warehouse, find_source(kind), request)
        with pytest.raises(IngestError, match="is no regular file"):
            preview(find_source(kind), request)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (LAUGHS, "more than 1,000,000 values"),
        ("a: &a [*a]", "refers to itself"),
        ("a: &a {b: *a}", "refers to itself"),
        ("[" * 300 + "]" * 300, "nested more than 200"),
    ],
)
def test_yaml_is_read_within_bounds(text, why):
    with pytest.raises(IngestError, match=why):
        load_yaml(text)


def test_ordinary_yaml_is_read_as_ever():
    assert load_yaml("a: &x [1, 2]\nb: *x\nc: {d: null}\n") == {"a": [1, 2], "b": [1, 2], "c": {"d": None}}
    assert load_yaml("") is None


@pytest.mark.parametrize(
    "error",
    [
        RecursionError("deep"),
        OverflowError("big"),
        TypeError("x" * 10_000),
        KeyError("a"),
        ValueError(""),
        OSError(5, "I/O"),
    ],
)
def test_anything_becomes_an_error_with_the_file(error):
    with pytest.raises(IngestError, match=r"study.json cannot be read: .*") as refused, reading("study.json"):
        raise error
    assert len(str(refused.value)) < 700
    assert refused.value.__cause__ is error


def test_a_message_is_one_line_whatever_names_hold(warehouse, tmp_path):
    """A name with the end of a line, an escape sequence or a turn of direction is written out."""
    (tmp_path / "grid.csv").write_text('lr,"de\npth\x1b[2J\u202ex"\n0.1,1\n')
    with pytest.raises(HpowhError) as refused:
        request = Request(str(tmp_path / "grid.csv"), "x", {"loss": "metric"}, {})
        ingest(warehouse, find_source("grid"), request)
    assert len(str(refused.value).splitlines()) == 1
    assert r"de\npth\x1b[2J\u202ex" in str(refused.value)


def test_a_terminal_is_given_no_control_characters(capsys):
    print_table(["name"], [("a\x1b]0;title\x07\u202eb",)])
    note("a\x1b[2Jb")
    told = capsys.readouterr()
    assert "\x1b" not in told.out + told.err
    assert r"a\x1b]0;title\x07\u202eb" in told.out
    assert r"a\x1b[2Jb" in told.err


def test_a_message_is_never_longer_than_a_page():
    assert len(str(HpowhError("x" * 10_000_000))) < LONGEST + 100


def test_clocks_that_differ_are_a_note_and_no_damage(warehouse, tmp_path):
    kind, path = latin_tag(tmp_path, note=b"coffee", end=500)
    request = Request(location=str(path), name="x", mapping={"loss": "metric"}, options={"direction": "min"})
    outcome = ingest(warehouse, find_source(kind), request)
    assert any("1 trial ended before starting" in note for note in outcome.notes), outcome.notes
    assert [result.name for result in run_checks(warehouse) if result.failures] == []


@pytest.mark.parametrize("kind", ["optuna", "mlflow", "nni", "trackio"])
def test_a_database_with_columns_that_are_computed_is_refused(warehouse, tmp_path, kind):
    """A few bytes of such a file stand for gigabytes a row."""
    name = {"nni": "nni.sqlite"}.get(kind, f"{kind}.db")
    with sqlite3.connect(tmp_path / name) as db:
        db.execute("create table studies (study_id integer, study_name text as (hex(zeroblob(300000000))))")
        for table in ("trials", "experiments", "runs", "configs", "metrics"):
            db.execute(f"create table {table} (id integer primary key, run_name text, data text)")
        db.execute("insert into studies (study_id) values (1)")
    with pytest.raises(IngestError, match=r"computed|has not the tables|no SQLite|names no|is no"):
        ingest(warehouse, find_source(kind), Request(str(tmp_path / name), "x", {}))
    with sqlite3.connect(tmp_path / name) as db, pytest.raises(IngestError, match="'study_name' .* is computed"):
        refuse_computed(db, tmp_path / name)


def test_a_configuration_that_is_nested_too_deeply_is_said_in_a_sentence(tmp_path):
    config = tmp_path / "hpowh.toml"
    for text, why in (("x = " + "[" * 100_000, "recursion"), ("a" + ".a" * 50_000 + " = 1", "dots")):
        config.write_text(text)
        with pytest.raises(UsageError, match=f"not valid TOML.*{why}"):
            declared_sources(config)
    assert parsed_toml('a.b = "x.y"') == {"a": {"b": "x.y"}}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_more_columns_than_can_be_looked_at_are_refused_at_once(tmp_path, ending, monkeypatch):
    monkeypatch.setattr("hpowh.warehouse.sources.tables.csv_files.MOST_COLUMNS", 50)
    frame = pl.DataFrame({f"c{i}": [1.0] for i in range(51)})
    path = tmp_path / f"wide.{ending}"
    frame.write_csv(path) if ending == "csv" else frame.write_parquet(path)
    with duckdb.connect() as connection:
        with pytest.raises(IngestError, match="has 51 columns; at most 50 are read"):
            stage(connection, Request(str(path), "wide"))
        frame = frame.drop("c50")
        frame.write_csv(path) if ending == "csv" else frame.write_parquet(path)
        assert len(stage(connection, Request(str(path), "wide")).columns) == 50
