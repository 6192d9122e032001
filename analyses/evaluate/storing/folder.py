"""The run folder: append-only journals, Parquet shards, and what of the plan is done.

    plan.json            what is evaluated (written once, before anything else)
    layout.json          which units that are
    journal/*.jsonl      one line a finished unit, appended by the worker that finished it
    shards/*.parquet     the same as rows, brought there from the journals; a file appears complete or not at all
    done.npz             a bit a unit that the shards named in it hold; made anew from them at any time
    parts/, claims/      who works here (see `parts/board.py`)

Shards have names that no other process gives, and a unit that two of them hold belongs to the first by name: who finds
such a unit takes it out of the later one. So two collectors at a time, where no lock told them of each other, lose
nothing and double nothing.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.plan import FORMAT, FORMAT_OF_CONDITIONS, Plan
from hpowh.analyses.evaluate.storing.bitmaps import Done, Unit
from hpowh.analyses.evaluate.storing.files import draft_of, place, settle, token
from hpowh.analyses.evaluate.storing.journal import Record, read_journal
from hpowh.analyses.evaluate.storing.layout import NAME, Layout

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARD_UNITS = 20_000
INDEX = "done.npz"
OURS = ("lock", "workers.lock", "journal", "shards")
"""Names that may be there before the plan is, where several processes begin at once."""


class RunFolder:
    """One folder of evaluations."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journals = path / "journal"
        self.shards = path / "shards"
        self._held: set[str] = set()
        """The shards whose units this process knows."""

    def open(self, plan: Plan, described: dict[str, Any]) -> None:
        """Make the folder, or check that it belongs to this plan.

        Raises:
            SpecError: it holds evaluations of another plan, or something else.
        """
        where = self.path / "plan.json"
        if where.is_file():
            self._check(plan)
        elif (
            self.path.exists()
            and any(entry.name not in OURS for entry in self.path.iterdir())
            and not where.is_file()  # another part may have made it meanwhile
        ):
            raise SpecError(f"{self.path} is there and is no folder of evaluations.", "Name another: --out DIR")
        for folder in (self.path, self.journals, self.shards):
            folder.mkdir(parents=True, exist_ok=True)
        if not where.is_file():
            draft = self.journals / draft_of(where).name
            draft.write_bytes(json.dumps(described, indent=1).encode())
            settle(draft, where)
        self._check(plan)  # two specs that begin at once: the later of the two is told
        layout = plan.layout.text().encode()
        if not (self.path / NAME).is_file() or (self.path / NAME).read_bytes() != layout:
            place(self.path / NAME, layout)

    def _check(self, plan: Plan) -> None:
        found = json.loads((self.path / "plan.json").read_text(encoding="utf-8"))
        if found.get("format") not in (FORMAT, FORMAT_OF_CONDITIONS) or found.get("fingerprint") != plan.fingerprint:
            raise SpecError(
                f"{self.path} holds evaluations of another spec, or of this one before it or its data was changed.",
                "Name another folder (--out DIR), or remove that one.",
            )

    def done(self, layout: Layout, *, mend: bool = False) -> Done:
        """Return the units that shards hold.

        Args:
            mend: take units out of a shard that an earlier one holds, too; for who alone writes shards.
        """
        found = Done(layout)
        shards = self._shards()
        known = {} if mend else self._index(found)
        present = {shard.name: shard.stat().st_size for shard in shards}
        if any(present.get(name) != size for name, size in known.items()):
            found, known = Done(layout), {}
        for shard in shards:
            if shard.name not in known:
                self._read_units(shard, found, mend=mend)
        self._held = set(present)
        return found

    def _shards(self) -> list[Path]:
        return sorted(self.shards.glob("*.parquet"))

    def _index(self, found: Done) -> dict[str, int]:
        import numpy as np

        try:
            with np.load(self.path / INDEX, allow_pickle=False) as stored:
                shards = json.loads(str(stored["shards"]))
                return {str(k): int(v) for k, v in shards.items()} if found.unpack(stored["bits"]) else {}
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return {}

    def write_index(self, done: Done, shards: Iterable[Path]) -> None:
        """Store which units the shards hold, so that a thousand parts need not read all of them."""
        import numpy as np

        sizes = {shard.name: shard.stat().st_size for shard in shards}
        content = BytesIO()
        np.savez_compressed(content, bits=done.packed(), shards=np.array(json.dumps(sizes)))
        place(self.path / INDEX, content.getvalue())

    def _read_units(self, shard: Path, found: Done, *, mend: bool) -> None:
        import numpy as np
        import pyarrow.parquet as pq

        table = pq.read_table(shard, columns=["group", "configuration_id"])
        group, rank = (table[name].to_numpy() for name in ("group", "configuration_id"))
        is_first = np.ones(len(group), dtype=bool)  # the rows of a unit stand together
        is_first[1:] = (group[1:] != group[:-1]) | (rank[1:] != rank[:-1])
        is_new = np.zeros(len(group), dtype=bool)
        for number in np.unique(group[is_first]).tolist():
            rows = np.flatnonzero(is_first & (group == number))
            is_new[rows] = found.add_many(number, rank[rows].astype(np.int64))
        if mend and not bool(is_new[is_first].all()):
            self._keep_units(shard, is_new[is_first][np.cumsum(is_first) - 1])

    def _keep_units(self, shard: Path, rows: NDArray[np.bool_]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not rows.any():
            shard.unlink(missing_ok=True)
            return
        draft = draft_of(shard)
        pq.write_table(pq.read_table(shard).filter(pa.array(rows)), draft, compression="zstd")
        settle(draft, shard)

    def journal_paths(self) -> list[Path]:
        """Return all journals, in the order of their names."""
        return sorted(self.journals.glob("*.jsonl"))

    def compact(self, done: Done, paths: Sequence[Path]) -> int:
        """Write shards of what journals hold beyond `done`, adding to it; return how many units were new.

        No journal is removed. Of a unit that several journals hold, one that was measured goes before one that failed.
        """
        fresh, block = 0, []
        for record in _fresh(done, paths):
            block.append(record)
            fresh += 1
            if len(block) >= SHARD_UNITS:
                self._write_shard(done.layout, block)
                block = []
        if block:
            self._write_shard(done.layout, block)
        # Only of shards that this process has read or written: another collector's are another's to tell.
        self.write_index(done, [shard for shard in self._shards() if shard.name in self._held])
        return fresh

    def _write_shard(self, layout: Layout, records: Sequence[Record]) -> None:
        import pyarrow.parquet as pq

        numbers = [int(shard.stem.split("-")[1]) for shard in self.shards.glob("part-*.parquet")]
        final = self.shards / f"part-{max(numbers, default=0) + 1:05d}-{token()}.parquet"
        draft = draft_of(final)
        pq.write_table(shard_table(layout, records), draft, compression="zstd")
        settle(draft, final)
        self._held.add(final.name)


def _fresh(done: Done, paths: Sequence[Path]) -> Iterator[Record]:
    """Yield the records whose units are new: first those that were measured."""
    some_failed: list[Path] = []
    for path in paths:
        for record in read_journal(path):
            if record.status != "ok":
                some_failed += [path] if path not in some_failed[-1:] else []
            elif done.add(record.group, record.rank):
                yield record
    for path in some_failed:
        for record in read_journal(path):
            if record.status != "ok" and done.add(record.group, record.rank):
                yield record


def shard_table(layout: Layout, records: Sequence[Record]) -> Any:
    """Return records as an Arrow table: one row a configuration, fold, fidelity, split and metric."""
    import pyarrow as pa

    names = (
        "group", "search_space", "benchmark", "configuration_id", "fidelity", "seed", "fold", "split", "metric",
        "value", "cost", "status", "reason",
    )  # fmt: skip
    columns: dict[str, list[Any]] = {name: [] for name in names}
    shape = [(split, metric, sign) for split in layout.splits for metric, sign in layout.metrics]
    for record in records:
        model, data, seed, fold = layout.groups[record.group]
        head = (record.group, layout.spaces[model], layout.benchmarks[model][data], record.rank)
        for number, fidelity in enumerate(layout.fidelities[model]):
            is_there = number < len(record.values)
            flat = [value for split in record.values[number] for value in split] if is_there else [None] * len(shape)
            seconds = record.seconds[number] if is_there else None
            status, reason = ("ok", None) if is_there else (record.status, record.reason)
            for (split, metric, sign), value in zip(shape, flat, strict=True):
                signed = None if value is None else sign * value + 0.0  # no negative zero
                row = (*head, fidelity, seed, fold, split, metric, signed, seconds, status, reason)
                for name, cell in zip(names, row, strict=True):
                    columns[name].append(cell)
    text, label = pa.string(), pa.dictionary(pa.int32(), pa.string())
    types = {
        "group": pa.int32(), "search_space": label, "benchmark": label, "configuration_id": pa.int64(),
        "fidelity": pa.float64(), "seed": pa.int64(), "fold": pa.int32(), "split": label, "metric": label,
        "value": pa.float64(), "cost": pa.float64(), "status": label, "reason": text,
    }  # fmt: skip
    return pa.table({name: pa.array(columns[name], types[name]) for name in names})


__all__ = ["RunFolder", "Unit", "shard_table"]
