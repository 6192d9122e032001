"""The run folder: append-only journals, Parquet shards, and what of the plan is done.

    plan.json            what is evaluated (written once, before anything else)
    journal/*.jsonl      one line a finished unit, appended by the worker that finished it
    shards/*.parquet     the same as rows, moved there from the journals; a file appears complete or not at all

A unit is one configuration on one fold of one data set with one seed, all fidelities. A line is in the file when the
unit counts as finished, so a killed process loses none. A line that was cut off, and a unit that a shard holds
already, are passed over on reading.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.plan import FORMAT, Plan

Unit = tuple[int, int]
"""(number of the group, rank of the configuration)."""
SHARD_UNITS = 20_000


@dataclass(frozen=True, kw_only=True)
class Record:
    """What became of one unit."""

    group: int
    rank: int
    status: str
    """`ok`, or what stopped it: `failed`, `timeout`, `memory`."""
    reason: str | None
    seconds: list[float]
    """Training time of each fidelity that was finished."""
    values: list[list[list[float]]]
    """Fidelity x split x metric, as scorers return them; as many fidelities as were finished."""

    def line(self) -> bytes:
        """Return the record as one line of a journal."""
        facts = [getattr(self, name) for name in _FACTS]
        return (json.dumps(facts, separators=(",", ":")) + "\n").encode()


_FACTS = tuple(field.name for field in fields(Record))


def append(handle: int, record: Record) -> None:
    """Append one record by a single write to a file that was opened for appending."""
    os.write(handle, record.line())


def read_journal(path: Path) -> Iterator[Record]:
    """Yield the records of one journal; a last line that was cut off is left out."""
    with path.open("rb") as handle:
        for line in handle:
            if line.endswith(b"\n"):
                try:
                    yield Record(**dict(zip(_FACTS, json.loads(line), strict=True)))
                except (ValueError, TypeError):
                    continue


class RunFolder:
    """One folder of evaluations."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journals = path / "journal"
        self.shards = path / "shards"

    def open(self, plan: Plan, described: dict[str, Any]) -> None:
        """Make the folder, or check that it belongs to this plan.

        Raises:
            SpecError: it holds evaluations of another plan, or something else.
        """
        where = self.path / "plan.json"
        if where.is_file():
            found = json.loads(where.read_text(encoding="utf-8"))
            if found.get("format") != FORMAT or found.get("fingerprint") != plan.fingerprint:
                raise SpecError(
                    f"{self.path} holds evaluations of another spec, or of this one before it or its data was changed.",
                    "Name another folder (--to DIR), or remove that one.",
                )
        elif self.path.exists() and any(entry.name != "lock" for entry in self.path.iterdir()):
            raise SpecError(f"{self.path} is there and is no folder of evaluations.", "Name another: --to DIR")
        for folder in (self.path, self.journals, self.shards):
            folder.mkdir(parents=True, exist_ok=True)
        if not where.is_file():
            _replace(where, json.dumps(described, indent=1).encode())

    def done(self) -> set[Unit]:
        """Return the finished units that shards hold, by group and rank."""
        import pyarrow.parquet as pq

        found: set[Unit] = set()
        for shard in sorted(self.shards.glob("*.parquet")):
            table = pq.read_table(shard, columns=["group", "configuration_id"])
            found.update(zip(table["group"].to_pylist(), table["configuration_id"].to_pylist(), strict=True))
        return found

    def compact(self, plan: Plan, done: set[Unit]) -> int:
        """Move all journals into shards, adding their units to `done`; return how many units were new."""
        paths = sorted(self.journals.glob("*.jsonl"))
        fresh, block = 0, []
        for path in paths:
            for record in read_journal(path):
                unit = (record.group, record.rank)
                if unit in done:
                    continue
                done.add(unit)
                block.append(record)
                fresh += 1
                if len(block) >= SHARD_UNITS:
                    self._write_shard(plan, block)
                    block = []
        if block:
            self._write_shard(plan, block)
        for path in paths:
            path.unlink()
        return fresh

    def _write_shard(self, plan: Plan, records: Sequence[Record]) -> None:
        import pyarrow.parquet as pq

        numbers = [int(shard.stem.removeprefix("part-")) for shard in self.shards.glob("part-*.parquet")]
        final = self.shards / f"part-{max(numbers, default=0) + 1:05d}.parquet"
        draft = final.with_suffix(".tmp")
        pq.write_table(shard_table(plan, records), draft, compression="zstd")
        _replace(final, None, draft)


def _replace(final: Path, content: bytes | None, draft: Path | None = None) -> None:
    """Make a file appear complete or not at all, whatever happens to the process or the machine."""
    if draft is None:
        draft = final.with_suffix(".tmp")
        draft.write_bytes(content or b"")
    with draft.open("rb+") as handle:
        os.fsync(handle.fileno())
    draft.replace(final)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def shard_table(plan: Plan, records: Sequence[Record]) -> Any:
    """Return records as an Arrow table: one row a configuration, fold, fidelity, split and metric."""
    import pyarrow as pa

    names = (
        "group", "search_space", "benchmark", "configuration_id", "fidelity", "seed", "fold", "split", "metric",
        "value", "cost", "status", "reason",
    )  # fmt: skip
    columns: dict[str, list[Any]] = {name: [] for name in names}
    groups = plan.groups
    shape = [(split, metric) for split in plan.splits for metric in plan.metrics]
    for record in records:
        group = groups[record.group]
        head = (
            record.group, plan.space_name(group.model), plan.benchmark_name(group.model, group.data), record.rank,
        )  # fmt: skip
        for number, fidelity in enumerate(plan.models[group.model].fidelities):
            is_there = number < len(record.values)
            flat = [value for split in record.values[number] for value in split] if is_there else [None] * len(shape)
            seconds = record.seconds[number] if is_there else None
            status, reason = ("ok", None) if is_there else (record.status, record.reason)
            for (split, metric), value in zip(shape, flat, strict=True):
                signed = None if value is None else metric.sign * value + 0.0  # no negative zero
                row = (*head, fidelity, group.seed, group.fold, split, metric.name, signed, seconds, status, reason)
                for name, cell in zip(names, row, strict=True):
                    columns[name].append(cell)
    text, label = pa.string(), pa.dictionary(pa.int32(), pa.string())
    types = {
        "group": pa.int32(), "search_space": label, "benchmark": label, "configuration_id": pa.int64(),
        "fidelity": pa.float64(), "seed": pa.int64(), "fold": pa.int32(), "split": label, "metric": label,
        "value": pa.float64(), "cost": pa.float64(), "status": label, "reason": text,
    }  # fmt: skip
    return pa.table({name: pa.array(columns[name], types[name]) for name in names})
