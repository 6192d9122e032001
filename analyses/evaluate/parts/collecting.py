"""Bring the journals of a folder home: into shards, by one process at a time."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from hpowh.analyses.evaluate.parts.board import COLLECTOR, PART, Heartbeat, Roster, new_key
from hpowh.analyses.evaluate.parts.pulse import Pulse
from hpowh.analyses.evaluate.storing.bitmaps import Done
from hpowh.analyses.evaluate.storing.folder import RunFolder
from hpowh.analyses.evaluate.storing.layout import Layout, read_layout


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What a collection came to."""

    unit_count: int
    """Units of the plan."""
    done_count: int
    """Units that the shards hold now."""
    fresh_count: int
    """Units that this collection brought there."""
    living: int
    """Parts that may still be at work."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the plan is missing."""
        return self.done_count == self.unit_count


class Collector:
    """Reads journals, writes shards, and removes what nobody writes into any more."""

    def __init__(self, folder: RunFolder, layout: Layout, roster: Roster, key: str) -> None:
        self._folder, self._roster, self._key = folder, roster, key
        self.done = Done(layout)

    def collect(self) -> int:
        """Write shards of all that is new; return how many units that are.

        A journal goes only when its process has said that it ended before the journal was read, or when the plan is
        whole and no part may be at work; a process that was taken for dead and wakes up writes into a file that is
        still there and is read the next time.
        """
        ended = {heart.key for heart in self._roster.all() if heart.state != "working"}
        silent = {heart.key for heart in self._roster.all() if self._roster.is_silent(heart.key)}
        paths = self._folder.journal_paths()
        self.done = self._folder.done(self.done.layout, mend=True)
        fresh = self._folder.compact(self.done, paths)
        is_whole = len(self.done) == self.done.layout.unit_count
        is_quiet = not self._roster.others(self._key, (PART,))
        for path in paths:
            if _key_of(path) in ended or (is_whole and is_quiet):
                path.unlink(missing_ok=True)
        self._tidy_board(ended | silent if is_whole and is_quiet else ended, silent, is_quiet=is_quiet)
        return fresh

    def _tidy_board(self, over: set[str], silent: set[str], *, is_quiet: bool) -> None:
        """Remove what the board says of those with whom it is over.

        A log goes with them: what it calls finished counts only where it reached a shard.
        """
        for key in over - {self._key}:
            self._roster.forget(key)
        for log in self._roster.path.glob("*.log"):
            if log.stem in silent or not (self._roster.path / f"{log.stem}.json").exists():
                log.unlink(missing_ok=True)
        if is_quiet:
            shutil.rmtree(self._folder.path / "claims", ignore_errors=True)


def _key_of(journal: Path) -> str:
    return journal.stem.rpartition("-")[0]


def collect_folder(path: Path) -> Collected:
    """Bring the journals of a folder of evaluations into its shards, while parts may go on working.

    Raises:
        SpecError: it is no such folder, or another process collects there.
    """
    layout, folder = read_layout(path), RunFolder(path)
    heart = Heartbeat(key=new_key(COLLECTOR), role=COLLECTOR)
    with Pulse(path, heart) as pulse:
        collector = Collector(folder, layout, pulse.roster, heart.key)
        fresh = collector.collect()
        living = len(pulse.roster.others(heart.key, (PART,)))
        pulse.end()
        pulse.roster.forget(heart.key)
    return Collected(unit_count=layout.unit_count, done_count=len(collector.done), fresh_count=fresh, living=living)
