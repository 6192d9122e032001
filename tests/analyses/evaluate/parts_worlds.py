"""Small plans without models, and parts of them that are driven unit by unit, killed and started again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import polars as pl

from hpowh.analyses.evaluate.parts.board import ALONE, PART, FolderBoard, Heartbeat, Roster, new_key, role_prefix
from hpowh.analyses.evaluate.parts.chunks import make_chunks
from hpowh.analyses.evaluate.parts.sharing import Shares
from hpowh.analyses.evaluate.parts.working import PartSupply, note_journals
from hpowh.analyses.evaluate.storing.files import place
from hpowh.analyses.evaluate.storing.folder import RunFolder
from hpowh.analyses.evaluate.storing.journal import Record, append
from hpowh.analyses.evaluate.storing.layout import NAME, Layout

KEYS = ["benchmark", "configuration_id", "fidelity", "seed", "fold", "split", "metric"]
MEANS = {(0, 0): 0.5, (1, 0): 1.0}
SMALL = Layout(
    groups=((0, 0, 0, 0), (0, 0, 0, 1), (1, 0, 0, 0)),
    ranks=(range(12), (40, 3, 17, 8, 5, 90)),
    spaces=("w-a", "w-b"),
    benchmarks=(("w-a/d",), ("w-b/d",)),
    fidelities=((0.5, 1.0), (1.0,)),
    splits=("train", "test"),
    metrics=(("accuracy", 1.0), ("log_loss", -1.0)),
)


def record_of(layout: Layout, group: int, rank: int, seconds: float = 0.1) -> Record:
    """What training would have given; only the time depends on who trains."""
    number = int(sha256(f"{group},{rank}".encode()).hexdigest()[:6], 16)
    fidelities = layout.fidelities[layout.groups[group][0]]
    if number % 7 == 3:
        return Record(group=group, rank=rank, status="failed", reason=f"no {number}", seconds=[], values=[])
    values = [[[number / (3 + i), number / (5 + i)], [number / 2, number / 4]] for i in range(len(fidelities))]
    return Record(group=group, rank=rank, status="ok", reason=None, seconds=[seconds] * len(fidelities), values=values)


def make_folder(path: Path, layout: Layout = SMALL) -> RunFolder:
    """A run folder without a plan: what the collector needs."""
    for name in ("journal", "shards", "parts"):
        (path / name).mkdir(parents=True)
    place(path / NAME, layout.text().encode())
    return RunFolder(path)


def values(path: Path) -> pl.DataFrame:
    """What the shards of a folder hold, but for the times, in the order of the grain."""
    frame = pl.concat([pl.read_parquet(shard) for shard in sorted((path / "shards").glob("*.parquet"))])
    text = pl.col("benchmark", "split", "metric", "status", "search_space").cast(pl.String)
    return frame.with_columns(text).drop("cost").sort(KEYS)


class Clock:
    """A clock that stands until somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Driven:
    """One process of one part; `step` does one unit, `kill` leaves everything as it is."""

    def __init__(self, folder: RunFolder, index: int, parts: int, clock: Clock, layout: Layout = SMALL) -> None:
        self.folder, self.layout, self.clock = folder, layout, clock
        self.heart = Heartbeat(key=new_key(PART, index, parts), role=PART, part=index + 1, of=parts)
        self.roster = Roster(folder.path, clock)
        self.roster.beat(self.heart)
        self.path = folder.journals / f"{self.heart.key}-00001.jsonl"
        self.trained: Counter[tuple[int, int]] = Counter()
        self.is_over = False
        self._units = self._work(index, parts)

    def _work(self, index: int, parts: int) -> Iterator[None]:
        done = self.folder.done(self.layout)
        for prefix in (role_prefix(PART, index, parts), ALONE):
            note_journals(done, self.folder, prefix)
        table = make_chunks(self.layout, MEANS)
        board = FolderBoard(self.roster, self.heart, table.name)
        shares = Shares(table=table, index=index, parts=parts, board=board, seed=index)
        supply = PartSupply(self.folder, shares, board, done, 1)
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            while isinstance(piece := supply.take(), tuple) or piece:
                if isinstance(piece, float):
                    self.clock.now += piece
                    yield
                    continue
                group, ranks = piece
                for rank in ranks:
                    append(handle, record_of(self.layout, group, rank, self.clock.now))
                    self.trained[group, rank] += 1
                    supply.finished(group, rank, "ok", 0.01)
                    self.clock.now += 0.01
                    self.roster.beat(self.heart)
                    yield
        finally:
            os.close(handle)
            board.close()
        self.heart.state = "ended"
        self.roster.beat(self.heart)

    def step(self) -> None:
        """Do one unit, or wait a while; at the end say so."""
        if next(self._units, self) is self:
            self.is_over = True

    def kill(self, torn: int = 0) -> None:
        """End without a word, perhaps in the middle of a line."""
        self._units.close()
        self.is_over = True
        if torn:
            with self.path.open("ab") as journal:
                journal.write(record_of(self.layout, 0, 0).line()[:torn])
