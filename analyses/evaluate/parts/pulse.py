"""A process's heartbeat, as long as it works in a folder; and whom it must not work beside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.forecast import Forecast
from hpowh.analyses.evaluate.parts.board import ALONE, BEAT, COLLECTOR, PART, PATIENCE, Heartbeat, Roster

BESIDE = {ALONE: (ALONE, PART, COLLECTOR), COLLECTOR: (ALONE, COLLECTOR), PART: (ALONE,)}
"""Who must not be at work in the same folder."""
WHAT = {ALONE: "hpowh evaluate without --part", PART: "a part", COLLECTOR: "hpowh collect"}
LOOK = 1.0


class Pulse:
    """Beats as long as it is open."""

    def __init__(
        self, folder: Path, heart: Heartbeat, notify: Callable[[str], None] = lambda _: None, beat: float = BEAT
    ) -> None:
        self.roster = Roster(folder)
        self.heart = heart
        self._notify = notify
        self._every = beat
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Pulse:
        """Begin to beat.

        Raises:
            SpecError: a process is at work that this one must not stand beside.
        """
        self.roster.path.mkdir(parents=True, exist_ok=True)
        self.roster.beat(self.heart)
        self._thread = threading.Thread(target=self._beat_on, daemon=True)
        self._thread.start()
        try:
            self._refuse_company()
        except BaseException:
            self.end()
            self.roster.forget(self.heart.key)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def _beat_on(self) -> None:
        while not self._ended.wait(self._every):
            self.roster.beat(self.heart)

    def _refuse_company(self) -> None:
        others = self.roster.others(self.heart.key, BESIDE[self.heart.role])
        if others:
            self._notify(f"Looking for up to {PATIENCE:.0f} s whether {len(others)} others still work here …")
        while others:
            alive = [(other, self.roster.is_alive(other.key)) for other in others]
            for other, lives in alive:
                if lives:
                    raise SpecError(
                        f"Another process evaluates into {self.roster.folder}: {WHAT[other.role]} "
                        f"on {other.host}, process {other.pid}.",
                        "Wait for it, or name another folder: --out DIR",
                    )
            others = [other for other, lives in alive if lives is None]
            if others:
                time.sleep(LOOK)

    def update(self, statuses: Mapping[str, int], forecast: Forecast) -> None:
        """Say how far this process is; the next beat carries it."""
        self.heart.statuses = dict(statuses)
        self.heart.done = sum(statuses.values())
        self.heart.spent = forecast.spent()

    def end(self, state: str = "ended") -> None:
        """Say that this process has ended, once."""
        if self._ended.is_set():
            return
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self.heart.state = state
        self.roster.beat(self.heart)
