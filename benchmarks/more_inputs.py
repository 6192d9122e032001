"""Small valid inputs of benchmarking tools, trackers and event files, written without the tools."""

from __future__ import annotations

import io
import json
import sqlite3
import struct
import tarfile
import tempfile
from pathlib import Path
from typing import Any

Files = dict[str, bytes]
COURSE = ((1, 5.0), (3, 2.5), (8, 0.25))
"""Evaluations and values of a run."""


def database(*statements: str | tuple[str, tuple[Any, ...]]) -> bytes:
    """Return an SQLite file after some statements."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.db"
        connection = sqlite3.connect(path)
        for statement in statements:
            text, values = (statement, ()) if isinstance(statement, str) else statement
            connection.execute(text, values)
        connection.commit()
        connection.close()
        return path.read_bytes()


def ioh() -> Files:
    """Return one function of IOHexperimenter, two runs."""
    dat = "".join(["evaluations raw_y\n", *(f"{at} {value:.10f}\n" for at, value in COURSE)]) * 2
    runs = [{"instance": i, "evals": 8, "best": {"evals": 8, "y": 0.25, "x": [0.5]}} for i in (1, 2)]
    place = "data_f1_Sphere/IOHprofiler_f1_DIM2.dat"
    head = {
        "version": "0.4.2", "suite": "bbob", "function_id": 1, "function_name": "Sphere", "maximization": False,
        "algorithm": {"name": "A", "info": ""}, "attributes": ["evaluations", "raw_y"],
        "scenarios": [{"dimension": 2, "path": place, "runs": runs}],
    }  # fmt: skip
    return {"ioh/IOHprofiler_f1_Sphere.json": json.dumps(head).encode(), f"ioh/{place}": dat.encode()}


def coco() -> Files:
    """Return one function of COCO, two runs."""
    heading = (
        "% f evaluations | g evaluations | best noise-free fitness - Fopt (1e1) + sum g_i+ | measured fitness | x1\n"
    )
    rows = "".join(f"{at} 0 {value:+.9e} {value + 10:+.9e} +1.0e+00\n" for at, value in COURSE)
    info = (
        "suite = 'bbob', funcId = 1, DIM = 2, Precision = 1.000e-08, algId = 'A', coco_version = '2.8.2'\n% \n"
        "data_f1/bbobexp_f1_DIM2.dat, 1:8|2.5e-01, 2:9|2.5e-01"
    )
    files = {f"coco/data_f1/bbobexp_f1_DIM2.{end}": (heading + rows).encode() * 2 for end in ("dat", "tdat")}
    return {"coco/bbobexp_f1.info": info.encode()} | files


def coco_packed() -> Files:
    """Return the same as an archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in coco().items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return {"coco.tgz": packed.getvalue()}


def trackio() -> Files:
    """Return a project of three runs."""
    made: list[str | tuple[str, tuple[Any, ...]]] = [
        "create table configs (id integer primary key, run_id text, run_name text, config text, created_at text)",
        "create table metrics (id integer primary key, run_id text, timestamp text, run_name text, step integer, "
        "metrics text)",
    ]
    for i in range(3):
        name, at = f"r{i}", f"2026-01-02T03:04:0{i}+00:00"
        config = json.dumps({"lr": i / 10, "net": {"depth": i}, "_Created": at})
        made.append(("insert into configs values (null, ?, ?, ?, ?)", (name, name, config, at)))
        made += [
            ("insert into metrics values (null, ?, ?, ?, ?, ?)", (name, at, name, step, json.dumps({"loss": i + step})))
            for step in range(2)
        ]
    return {"project.db": database(*made)}


def nni() -> Files:
    """Return an experiment of three trials."""
    params = json.dumps({"searchSpace": {"lr": {"_type": "uniform", "_value": [0, 1]}},
                         "tuner": {"name": "TPE", "classArgs": {"optimize_mode": "minimize"}}})  # fmt: skip
    made: list[str | tuple[str, tuple[Any, ...]]] = [
        "create table TrialJobEvent (timestamp integer, trialJobId text, event text, data text, logPath text, "
        "sequenceId integer, message text)",
        "create table MetricData (timestamp integer, trialJobId text, parameterId text, type text, sequence integer, "
        "data text)",
        "create table ExperimentProfile (params text, id text, execDuration integer, startTime integer, "
        "endTime integer, logDir text, nextSequenceId integer, revision integer)",
        ("insert into ExperimentProfile values (?, 'e', 1, 1, 1, '', 1, 1)", (params,)),
    ]
    for i in range(3):
        told = json.dumps({"parameter_id": i, "parameters": {"lr": i / 10}})
        for at, event in enumerate(("WAITING", "RUNNING", "SUCCEEDED")):
            row = (1_700_000_000_000 + 10 * i + at, f"t{i}", event, told if at == 0 else None, i)
            made.append(("insert into TrialJobEvent values (?, ?, ?, ?, null, ?, null)", row))
        made.append(("insert into MetricData values (1, ?, '0', 'FINAL', 0, ?)", (f"t{i}", json.dumps(f"{i / 7}"))))
    return {"nni.sqlite": database(*made)}


def neptune() -> Files:
    """Return three runs as neptune-exporter writes them."""
    import polars as pl

    files = {}
    for i in range(3):
        run = {"project_id": "me/p", "run_id": f"P-{i}"}
        kinds = {"attribute_type": "float", "step": None, "float_value": i / 10}
        rows = [run | {"attribute_path": "parameters/lr"} | kinds]
        rows += [
            run
            | {"attribute_path": "val/loss", "attribute_type": "float_series", "step": step, "float_value": i + step}
            for step in (0.0, 1.0)
        ]
        written = io.BytesIO()
        pl.DataFrame(rows, schema_overrides={"step": pl.Float64, "float_value": pl.Float64}).write_parquet(written)
        files[f"data/P-{i}_part_0.parquet"] = written.getvalue()
    return files


def neptune_table() -> Files:
    """Return the client's table of runs."""
    rows = "".join(f"P-{i},inactive,2026-01-0{i + 1} 10:00:00,{i / 10},{i / 7}\n" for i in range(4))
    return {"neptune.csv": f"sys/id,sys/state,sys/creation_time,parameters/lr,metrics/loss\n{rows}".encode()}


def workbook() -> Files:
    """Return a sheet of trials."""
    import openpyxl

    book = openpyxl.Workbook()
    for row in [["name", "lr", "opt", "loss"], *([f"t{i}", i / 10, "ab"[i % 2], i] for i in range(12))]:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return {"trials.xlsx": written.getvalue()}


def deepcave() -> Files:
    """Return a run of DeepCAVE's recorder: two budgets, two objectives, one trial that failed."""
    space = {
        "name": None, "conditions": [], "forbiddens": [], "json_format_version": 0.2,
        "hyperparameters": [
            {"name": "lr", "type": "uniform_float", "log": True, "lower": 1e-4, "upper": 1.0, "default": 0.01},
            {"name": "opt", "type": "categorical", "choices": ["adam", "sgd"], "default": "adam"},
        ],
    }  # fmt: skip
    history = [
        [i, budget, 3, [(i + 1) / budget, budget], budget, budget + 2, 1, {"note": "x"}]
        for budget in (10.0, 20.0)
        for i in range(3)
    ]
    told = {
        "meta": {
            "objectives": [{"name": "loss", "optimize": "lower"}, {"name": "time", "optimize": "lower"}], "budgets": []
        },
        "configs": {str(i): {"lr": (i + 1) / 10, "opt": "adam"} for i in range(4)},
        "configspace": space,
        "origins": {"0": "Random", "1": None},
    }  # fmt: skip
    lines = [*history, [3, 10.0, 3, [None, None], 5, 6, 2, {}]]
    files = {f"run_1/{name}.json": json.dumps(content).encode() for name, content in told.items()}
    return files | {"run_1/history.jsonl": "".join(json.dumps(line) + "\n" for line in lines).encode()}


def tensorboard() -> Files:
    """Return event files of three sessions with hyperparameters and two scalars."""
    files = {}
    for i in range(3):
        name = _part(1, b"lr") + _part(2, bytes([2 << 3 | 1]) + struct.pack("<d", i / 10))
        told = _part(1, b"hparams") + _part(2, _part(3, _part(1, name)))
        start = _part(1, b"_hparams_/session_start_info") + _part(9, _part(1, told))
        values = [_part(1, b"loss") + bytes([2 << 3 | 5]) + struct.pack("<f", i + step) for step in (0, 1)]
        events = [_record(_event(1.7e9 + i, at, value)) for at, value in enumerate([start, *values])]
        files[f"runs/r{i}/events.out.tfevents.1.host"] = _record(_part(3, b"brain.Event:2")) + b"".join(events)
    return files


def _part(place: int, content: bytes) -> bytes:
    length = len(content)
    return bytes([place << 3 | 2, *([length] if length < 128 else [length & 127 | 128, length >> 7])]) + content


def _event(at: float, step: int, value: bytes) -> bytes:
    return bytes([1 << 3 | 1]) + struct.pack("<d", at) + bytes([2 << 3, step]) + _part(5, _part(1, value))


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", _crc(length)) + data + struct.pack("<I", _crc(data))


def _crc(data: bytes) -> int:
    """Return TensorFlow's masked CRC-32C."""
    rest = 0xFFFFFFFF
    for byte in data:
        rest ^= byte
        for _ in range(8):
            rest = rest >> 1 ^ (0x82F63B78 if rest & 1 else 0)
    rest ^= 0xFFFFFFFF
    return ((rest >> 15 | rest << 17) + 0xA282EAD8) & 0xFFFFFFFF
