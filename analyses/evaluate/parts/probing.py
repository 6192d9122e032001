"""How long a unit takes, measured once for all parts: `forecast.json`."""

from __future__ import annotations

import json
import random
import time
from collections import Counter, deque
from typing import Protocol

from hpowh.analyses.evaluate.parts.board import PART, Heartbeat, new_key
from hpowh.analyses.evaluate.parts.chunks import Kind
from hpowh.analyses.evaluate.parts.pulse import Pulse
from hpowh.analyses.evaluate.plan import Plan
from hpowh.analyses.evaluate.session import Limits, Piece, Session
from hpowh.analyses.evaluate.storing.bitmaps import Done, seconds_left
from hpowh.analyses.evaluate.storing.files import place_first
from hpowh.analyses.evaluate.storing.folder import RunFolder

NAME = "forecast.json"
PROBE_SECONDS = 30.0
PROBE_UNITS = 12
"""Units of a kind that are measured where there is time."""
FIRST_JOURNAL = 90_000


class Watched(Protocol):
    """What can end a session early."""

    was_raised: bool
    session: Session | None


class ProbeSupply:
    """A few units of each kind in turn, chosen at random."""

    def __init__(self, done: Done) -> None:
        self.done = done
        layout = done.layout
        self.spent: dict[Kind, tuple[float, int]] = {}
        self.tried: dict[Kind, float] = {}
        self.statuses: Counter[str] = Counter()
        self._groups: dict[Kind, int] = {}
        for group, size in enumerate(layout.sizes):
            if size > done.counts[group]:
                self._groups.setdefault(layout.kind(group), group)
        self._turn = deque(
            (kind, rank)
            for kind, rank in _in_turn(
                {
                    kind: random.Random(repr(kind)).sample(
                        layout.ranks_of(group), min(PROBE_UNITS, len(layout.ranks_of(group)))
                    )
                    for kind, group in self._groups.items()
                }
            )
            if (self._groups[kind], rank) not in done
        )

    def take(self) -> Piece | float:
        """Return one unit of the next kind."""
        if not self._turn:
            return 0.0
        kind, rank = self._turn.popleft()
        self.tried.setdefault(kind, time.monotonic())
        return self._groups[kind], deque([rank])

    def give_back(self, group: int, ranks: deque[int]) -> None:
        """Take back a unit."""
        self._turn.extendleft((self.done.layout.kind(group), rank) for rank in ranks)

    def finished(self, group: int, rank: int, status: str, seconds: float) -> None:
        """Note how long a unit took."""
        self.done.add(group, rank)
        self.statuses[status] += 1
        kind = self.done.layout.kind(group)
        total, count = self.spent.get(kind, (0.0, 0))
        self.spent[kind] = (total + seconds, count + 1)

    def means(self) -> dict[Kind, float]:
        """Return the mean seconds of each kind; of one that did not come to an end, what it took so far."""
        now = time.monotonic()
        found = {kind: now - since for kind, since in self.tried.items()}
        return {**found, **{kind: total / count for kind, (total, count) in self.spent.items()}}


def _in_turn(ranks: dict[Kind, list[int]]) -> list[tuple[Kind, int]]:
    most = max(map(len, ranks.values()), default=0)
    return [(kind, some[at]) for at in range(most) for kind, some in ranks.items() if at < len(some)]


def read_forecast(folder: RunFolder) -> dict[Kind, float] | None:
    """Return the mean seconds of a unit of each kind as all parts of a folder count with them; None before."""
    try:
        found = json.loads((folder.path / NAME).read_text(encoding="utf-8"))
        return {(int(k.split(",")[0]), int(k.split(",")[1])): float(v) for k, v in found["seconds"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None


def forecast_of(
    plan: Plan,
    folder: RunFolder,
    limits: Limits,
    done: Done,
    key: str,
    *,
    until: float = float("inf"),
    seconds: float = PROBE_SECONDS,
    alarm: Watched | None = None,
) -> dict[Kind, float]:
    """Return the forecast of a folder; who comes first measures it, and what is measured is journalled like any unit.

    Args:
        until: when to stop at the latest, on the monotonic clock.
        seconds: how long to measure.
    """
    known = read_forecast(folder)
    if known is not None:
        return known
    supply = ProbeSupply(done)
    session = Session(plan, folder, limits, supply, key, first=FIRST_JOURNAL)
    session.soft = session.hard = min(time.monotonic() + seconds, until)
    if alarm is not None:
        alarm.session = session
    try:
        session.work(min(limits.workers, sum(done.layout.sizes) - len(done)), lambda: None)
    finally:
        session.stop()
    means = supply.means()
    if alarm is None or not alarm.was_raised:
        content = {"seconds": {f"{model},{data}": mean for (model, data), mean in means.items()}}
        place_first(folder.path / NAME, json.dumps(content, indent=1).encode())
    return read_forecast(folder) or means


def measure(plan: Plan, folder: RunFolder, limits: Limits) -> float:
    """Return the seconds of one process that what is left of a plan takes, by the forecast of its folder.

    Raises:
        SpecError: `hpowh evaluate` without --part works in the folder.
    """
    heart = Heartbeat(key=new_key(PART, 0, 0), role=PART)
    done = folder.done(plan.layout)
    with Pulse(folder.path, heart):
        means = forecast_of(plan, folder, limits, done, heart.key)
    return seconds_left(done, means) or 0.0
