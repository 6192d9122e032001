"""A thousand parts on a hostile shared folder, on a virtual clock; chunks are chosen by the very code that parts run.

What is hostile: news and claims become visible late, two claims of one chunk may both succeed, no two clocks go alike,
tasks are killed at any moment (their last lines appear late or torn), some are started twice.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.evaluate.parts.board import BEAT, PATIENCE
from hpowh.analyses.evaluate.parts.chunks import ChunkTable, make_chunks
from hpowh.analyses.evaluate.parts.sharing import NOBODY, News, Shares
from hpowh.analyses.evaluate.storing.bitmaps import Done
from hpowh.analyses.evaluate.storing.layout import Layout

LONGEST_WAIT = 180.0
NO_NEWS = News(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0, dtype=bool))


@dataclass(kw_only=True)
class World:
    """The folder and the hostility of what it lies on."""

    table: ChunkTable
    seconds: list[NDArray[np.float64]]
    """What each unit really takes, by group and rank."""
    rng: np.random.Generator
    latest: float = 0.0
    """Seconds after which everything that was written is seen, at the latest."""
    lost_locks: float = 0.0
    """Share of the claims that succeed although somebody else has the chunk."""
    kills: float = 0.0
    """Share of the processes that are killed at some moment."""
    twins: float = 0.0
    skew: float = 0.0
    start: float = 30.0
    """Seconds until the last process has started."""
    now: float = 0.0
    claims: dict[tuple[int, int | None], float] = field(default_factory=dict)
    count: int = 0
    lines: NDArray[np.int64] = field(default_factory=lambda: np.empty((1024, 3), dtype=np.int64))
    """Who said it, of which chunk, whether that is finished: what stands on the board, in its order."""
    seen_at: NDArray[np.float64] = field(default_factory=lambda: np.empty(1024))
    journal: list[tuple[float, int, int]] = field(default_factory=list)
    """When a line is seen, its group, its rank."""
    part_of: list[int] = field(default_factory=list)
    is_living: list[bool] = field(default_factory=list)
    died_at: list[float] = field(default_factory=list)
    trained: Counter[tuple[int, int]] = field(default_factory=Counter)
    busy_until: float = 0.0

    def write_line(self, who: int, chunk: int, is_finished: bool) -> None:
        """Write on the board."""
        if self.count == len(self.lines):
            self.lines = np.concatenate([self.lines, self.lines])
            self.seen_at = np.concatenate([self.seen_at, self.seen_at])
        self.lines[self.count] = who, chunk, is_finished
        self.seen_at[self.count] = self.delay()
        self.count += 1

    def delay(self) -> float:
        """When something that is written now is seen by others."""
        return self.now + (float(self.rng.random()) ** 4 * self.latest if self.latest else 0.0)


class SimulatedBoard:
    """One process's view of the world, through its own clock."""

    def __init__(self, world: World, number: int) -> None:
        self.world, self.number = world, number
        self.offset = float(world.rng.normal()) * world.skew * 1000
        self.rate = 1.0 + float(world.rng.normal()) * world.skew * 0.01
        self.read = {False: 0, True: 0}
        self.late: dict[bool, list[tuple[NDArray[np.int64], NDArray[np.float64]]]] = {False: [], True: []}
        self.earliest = {False: np.inf, True: np.inf}
        """When the first of the late lines is seen."""
        self.watched: dict[int, float] = {}

    def now(self) -> float:
        """A clock of its own."""
        return self.offset + self.rate * self.world.now

    def news(self, *, of_kin: bool = False) -> News:
        """What has become visible since this process last looked."""
        world, start = self.world, self.read[of_kin]
        self.read[of_kin] = world.count
        lines, seen_at = world.lines[start : world.count], world.seen_at[start : world.count]
        late = self.late[of_kin]
        if self.earliest[of_kin] <= world.now:
            lines = np.concatenate([*(some for some, _ in late), lines])
            seen_at = np.concatenate([*(some for _, some in late), seen_at])
            late.clear()
            self.earliest[of_kin] = np.inf
        elif not lines.size:
            return NO_NEWS
        is_other = lines[:, 0] != self.number
        if of_kin:
            is_other &= np.array(world.part_of)[lines[:, 0]] == world.part_of[self.number]
        is_seen = is_other & (seen_at <= world.now)
        is_late = is_other & ~is_seen
        if is_late.any():
            late.append((lines[is_late], seen_at[is_late]))
            self.earliest[of_kin] = min(self.earliest[of_kin], late[-1][1].min())
        found = lines[is_seen]
        return News(found[:, 0], found[:, 1], found[:, 2].astype(bool))

    def say(self, chunk: int, *, is_finished: bool) -> None:
        """Visible to others some time later."""
        self.world.write_line(self.number, chunk, is_finished)

    def is_claimed(self, chunk: int) -> bool:
        """Whether a claim can be seen."""
        return self.world.claims.get((chunk, None), np.inf) <= self.world.now

    def claim(self, chunk: int, after: int | None) -> bool:
        """True to the first, and where the lock is lost to others, too."""
        key = (chunk, after)
        if key in self.world.claims and self.world.rng.random() >= self.world.lost_locks:
            return False
        self.world.claims[key] = min(self.world.claims.get(key, np.inf), self.world.delay())
        return True

    def is_alive(self, who: int) -> bool | None:
        """Known only after a time of watching."""
        watched = self.world.now - self.watched.setdefault(who, self.world.now)
        if self.world.is_living[who]:
            return True if watched > BEAT else None
        return False if min(watched, self.world.now - self.world.died_at[who]) > PATIENCE else None

    def is_kin(self, who: int) -> bool:
        """Whether a process has this one's part."""
        return self.world.part_of[who] == self.world.part_of[self.number]

    def is_senior(self, who: int) -> bool:
        """Who started first goes first."""
        return who < self.number


def process(world: World, number: int, index: int, parts: int, done: Done) -> Iterator[float]:
    """One process of one part: yields the seconds until it goes on."""
    board = SimulatedBoard(world, number)
    shares = Shares(table=world.table, index=index, parts=parts, board=board, seed=number)
    waited = 0.0
    while True:
        choice = shares.next()
        if choice.chunk is None:
            waited += choice.wait
            if not choice.wait or waited > LONGEST_WAIT:
                return
            yield choice.wait
            continue
        waited = 0.0
        group, ranks = world.table.units(choice.chunk)
        left = [rank for rank in ranks if (group, rank) not in done]
        if len(left) > 1 and world.kills:  # units one by one, so that a kill may come between any two
            for rank in left:
                yield float(world.seconds[group][rank])
                write(world, group, rank)
        elif left:
            yield float(world.seconds[group][left].sum())
            for rank in left:
                write(world, group, rank)
        shares.finished(choice.chunk)


def write(world: World, group: int, rank: int) -> None:
    """Append a unit's line to the journal."""
    world.journal.append((world.delay(), group, rank))
    world.trained[group, rank] += 1
    world.busy_until = max(world.busy_until, world.now)


def run_array(world: World, parts: int, done: Done) -> None:
    """One array job: all parts, until each has ended or was killed."""
    queue: list[tuple[float, int]] = []
    running: dict[int, Iterator[float]] = {}
    killed: dict[int, float] = {}
    span = sum(float(seconds.sum()) for seconds in world.seconds) / parts
    for index in range(parts):
        for _ in range(1 + int(world.rng.random() < world.twins)):
            number = len(world.part_of)
            world.part_of.append(index)
            world.is_living.append(True)
            world.died_at.append(np.inf)
            running[number] = process(world, number, index, parts, done)
            if world.rng.random() < world.kills:
                killed[number] = world.now + float(world.rng.random()) * 2 * (span + world.start)
            heapq.heappush(queue, (world.now + float(world.rng.random()) * world.start, number))
    while queue:
        at, number = heapq.heappop(queue)
        world.now = max(world.now, min(at, killed.get(number, np.inf)))
        wait = None if killed.get(number, np.inf) <= at else next(running[number], None)
        if wait is None:
            world.is_living[number], world.died_at[number] = False, world.now
            running.pop(number)
        else:
            heapq.heappush(queue, (world.now + wait, number))


def collect(world: World, done: Done) -> int:
    """Take what a collector sees now, and tidy the board; return how many lines are still to appear."""
    late = []
    for seen_at, group, rank in world.journal:
        if seen_at <= world.now:
            done.add(group, rank)
        else:
            late.append((seen_at, group, rank))
    world.journal = late
    world.count = 0
    world.claims.clear()
    return len(late)


def layout_of(groups: int, size: int) -> Layout:
    """As many models on one data set, each with a grid of this size."""
    return Layout(
        groups=tuple((at, 0, 0, 0) for at in range(groups)),
        ranks=(range(size),) * groups,
        spaces=tuple(f"s{at}" for at in range(groups)),
        benchmarks=(("d",),) * groups,
        fidelities=((1.0,),) * groups,
        splits=("test",),
        metrics=(("accuracy", 1.0),),
    )


def costs(groups: int, size: int, rng: np.random.Generator, *, scale: float) -> list[NDArray[np.float64]]:
    """Seconds of each unit: three decades between groups, and log-normal within each."""
    decades = np.logspace(-3, 0, groups) * scale
    return [mean * np.exp(rng.normal(size=size) - 0.5) for mean in decades]


def makespan_over_ideal(parts: int, groups: int, size: int, *, scale: float, seed: int = 0) -> float:
    """Return how much longer an undisturbed array takes than if all parts were always busy.

    The forecast knows each group's mean from twelve units only.
    """
    rng = np.random.default_rng(seed)
    seconds = costs(groups, size, rng, scale=scale)
    means = {(at, 0): float(rng.choice(some, 12).mean()) for at, some in enumerate(seconds)}
    layout = layout_of(groups, size)
    world = World(table=make_chunks(layout, means), seconds=seconds, rng=rng, start=30.0)
    done = Done(layout)
    run_array(world, parts, done)
    assert set(world.trained.values()) <= {1, 2}
    assert len(world.trained) == layout.unit_count
    ideal = sum(float(some.sum()) for some in seconds) / parts
    return (world.busy_until - 15.0) / ideal if ideal else NOBODY


def hostile_history(seed: int, parts: int, groups: int, size: int) -> tuple[Done, World, int]:
    """Return what is collected after as many arrays as it takes, the world, and how many arrays that were."""
    rng = np.random.default_rng(seed)
    seconds = costs(groups, size, rng, scale=float(10 ** rng.uniform(0, 3)))
    layout = layout_of(groups, size)
    means = {(at, 0): float(some.mean() * 10 ** rng.normal(scale=0.3)) for at, some in enumerate(seconds)}
    world = World(
        table=make_chunks(layout, means),
        seconds=seconds,
        rng=rng,
        latest=float(rng.choice([0.0, 5.0, 120.0, 3600.0])),
        lost_locks=float(rng.choice([0.0, 0.2, 1.0])),
        kills=float(rng.choice([0.05, 0.3, 0.9])),
        twins=float(rng.choice([0.0, 0.1, 1.0])),
        skew=float(rng.choice([0.0, 1.0])),
    )
    done, arrays = Done(layout), 0
    while len(done) < layout.unit_count:
        arrays += 1
        assert arrays < 60, "it does not come to an end"
        if arrays > 5:
            world.kills = 0.05
        run_array(world, parts, done)
        collect(world, done)
        world.now += float(rng.random()) * 100
    return done, world, arrays
