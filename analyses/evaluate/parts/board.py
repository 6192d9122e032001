"""The board in a shared folder: who works there, which chunks were begun and finished, by whom.

    parts/KEY.json    a part's heartbeat: who, where, how far; written anew every few seconds, whole or not at all
    parts/KEY.log     `b CHUNK` where it began one, `f CHUNK` where it finished one; appended by this part alone
    claims/*          an empty file for each chunk that was taken from another part's share

No lock is relied upon, and no two clocks are compared: a part is dead when its heartbeat has not changed for a while on
the clock of the one who looks.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np

from hpowh.analyses.evaluate.parts.sharing import NOBODY, News
from hpowh.analyses.evaluate.storing.files import draft_of, host, token

BEAT = 15.0
"""Seconds between two heartbeats."""
PATIENCE = 75.0
"""Seconds without a heartbeat after which a part is taken for dead."""
OLD = 600.0
"""Seconds since the last heartbeat, both by the clock of the file system, after which no watching is needed."""
PART, ALONE, COLLECTOR = "part", "alone", "collector"


def new_key(role: str, index: int = 0, parts: int = 0) -> str:
    """Return a name for this process that no other has; its beginning tells the part."""
    return f"{role_prefix(role, index, parts)}-{host()}-{os.getpid()}-{token()}"


def role_prefix(role: str, index: int = 0, parts: int = 0) -> str:
    """Return what the names of all processes of one part begin with (`index` from 0)."""
    return f"part{index + 1:05d}of{parts:05d}" if role == PART else role


@dataclass(kw_only=True)
class Heartbeat:
    """What a process that works in the folder says of itself."""

    key: str
    role: str
    host: str = field(default_factory=host)
    pid: int = field(default_factory=os.getpid)
    part: int | None = None
    """From 1, as a person counts."""
    of: int | None = None
    jobs: int = 1
    beat: int = 0
    state: str = "working"
    """`working`, or how it ended: `ended`, `stopped` (by its time limit or a signal)."""
    done: int = 0
    """Units that it finished."""
    statuses: dict[str, int] = field(default_factory=dict)
    spent: dict[str, tuple[float, int]] = field(default_factory=dict)
    """Seconds and number of the units of each kind, `MODEL,DATA`."""
    written: float = 0.0
    """When, on its own clock: for people to read."""


class Roster:
    """The heartbeats in a folder, as one process sees them."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self.clock = clock
        self.path = folder / "parts"
        self._seen: dict[str, tuple[object, float, bool]] = {}
        """Key -> (beat, when it was first seen, whether it has changed since it was first looked at)."""

    def beat(self, heart: Heartbeat) -> None:
        """Write a heartbeat; a folder that cannot be written just now is tried again the next time."""
        heart.beat += 1
        heart.written = time.time()
        final = self.path / f"{heart.key}.json"
        draft = draft_of(final)
        with suppress(OSError):
            draft.write_text(json.dumps(vars(heart)), encoding="utf-8")
            draft.replace(final)

    def all(self) -> list[Heartbeat]:
        """Return all heartbeats that can be read."""
        return [heart for path in sorted(self.path.glob("*.json")) if (heart := self.read(path.stem)) is not None]

    def read(self, key: str) -> Heartbeat | None:
        """Return the heartbeat of one process."""
        try:
            found = json.loads((self.path / f"{key}.json").read_text(encoding="utf-8"))
            return Heartbeat(**found)
        except (OSError, ValueError, TypeError):
            return None

    def is_alive(self, key: str) -> bool | None:
        """Whether a process works; None until its heart was watched long enough."""
        heart = self.read(key)
        if heart is None:
            return False if key not in self._seen else self._watched(key, None)
        if heart.state != "working" or is_gone(heart):
            return False
        return self._watched(key, heart.beat)

    def _watched(self, key: str, beat: object) -> bool | None:
        now = self.clock()
        if key not in self._seen:
            self._seen[key] = (beat, now, False)
            return None
        known, since, has_changed = self._seen[key]
        if beat != known:
            self._seen[key] = (beat, now, True)
            return True
        if now - since > PATIENCE:
            return False
        return True if has_changed else None

    def is_silent(self, key: str) -> bool:
        """Whether a process ended or has been silent for long, told at once and without watching it.

        Both times are those of the file system: a small file is written to ask it for its clock.
        """
        heart = self.read(key)
        if heart is None or heart.state != "working" or is_gone(heart):
            return True
        probe = draft_of(self.path / "clock")
        try:
            probe.write_bytes(b"")
            return probe.stat().st_mtime - (self.path / f"{key}.json").stat().st_mtime > OLD
        except OSError:
            return False
        finally:
            with suppress(OSError):  # a file system that is read-only refuses it even where there is nothing
                probe.unlink()

    def others(self, key: str, roles: tuple[str, ...]) -> list[Heartbeat]:
        """Return the processes of these roles that may be at work, without this one."""
        return [h for h in self.all() if h.key != key and h.role in roles and not self.is_silent(h.key)]

    def forget(self, key: str) -> None:
        """Remove what a process that has ended left on the board."""
        for suffix in (".log", ".json"):
            (self.path / f"{key}{suffix}").unlink(missing_ok=True)


def is_gone(heart: Heartbeat) -> bool:
    """Whether a process of this machine is no more."""
    return heart.host == host() and heart.pid != os.getpid() and not Path(f"/proc/{heart.pid}").exists()


class FolderBoard:
    """The board of one process of one part (see `sharing.Board`)."""

    def __init__(self, roster: Roster, heart: Heartbeat, table_name: str) -> None:
        self._roster, self._heart, self._table = roster, heart, table_name
        self._claims = roster.folder / "claims"
        self._prefix = heart.key.split("-")[0] + "-"
        self._read: dict[str, int] = {}
        self._keys: list[str] = []
        self._numbers: dict[str, int] = {}
        self._log: int | None = None

    @property
    def me(self) -> str:
        """The key of this process."""
        return self._heart.key

    def key_of(self, who: int) -> str:
        """The key of the process of a number."""
        return self._keys[who]

    def now(self) -> float:
        """Seconds on a clock that nobody sets."""
        return self._roster.clock()

    def is_kin(self, who: int) -> bool:
        """Whether a process is one of this same part of as many."""
        return self._keys[who].startswith(self._prefix)

    def is_senior(self, who: int) -> bool:
        """Whether another process of this part goes first."""
        return self._keys[who] < self.me

    def is_alive(self, who: int) -> bool | None:
        """Whether a part's heart beats."""
        return self._roster.is_alive(self._keys[who])

    def news(self, *, of_kin: bool = False) -> News:
        """Return what was appended to the logs of others since they were last read; a torn last line waits."""
        said: list[tuple[int, int, bool]] = []
        for path in sorted(self._roster.path.glob(f"{self._prefix}*.log" if of_kin else "*.log")):
            if path.stem == self.me:
                continue
            start = self._read.get(path.stem, 0)
            try:
                if path.stat().st_size <= start:
                    continue
                with path.open("rb") as handle:
                    handle.seek(start)
                    text = handle.read()
            except OSError:
                continue
            whole = text[: text.rfind(b"\n") + 1]
            self._read[path.stem] = start + len(whole)
            if path.stem not in self._numbers:
                self._numbers[path.stem] = len(self._keys)
                self._keys.append(path.stem)
            who = self._numbers[path.stem]
            said += [(who, chunk, is_finished) for chunk, is_finished in read_log(whole, self._table)]
        return News(
            np.array([one[0] for one in said], dtype=np.int64),
            np.array([one[1] for one in said], dtype=np.int64),
            np.array([one[2] for one in said], dtype=bool),
        )

    def say(self, chunk: int, *, is_finished: bool) -> None:
        """Append a line to this process's log."""
        if self._log is None:
            path = self._roster.path / f"{self.me}.log"
            self._log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(self._log, f"{'f' if is_finished else 'b'} {chunk} {self._table}\n".encode())

    def is_claimed(self, chunk: int) -> bool:
        """Whether somebody has claimed a chunk that nobody had begun."""
        return self._claim_path(chunk, None).exists()

    def claim(self, chunk: int, after: int | None) -> bool:
        """Make the file of a claim; False where it is there."""
        path = self._claim_path(chunk, after)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True

    def _claim_path(self, chunk: int, after: int | None) -> Path:
        key = "" if after is None else "nobody" if after == NOBODY else self._keys[after]
        held = f"-{sha256(key.encode()).hexdigest()[:8]}" if key else ""
        return self._claims / self._table / f"{chunk}{held}"

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            os.close(self._log)
            self._log = None


def read_log(text: bytes, table_name: str) -> Iterator[tuple[int, bool]]:
    """Yield chunk, and whether it was finished, of the whole lines of a log that are about one table."""
    for line in text.decode("ascii", "replace").splitlines():
        words = line.split(" ")
        if len(words) == 3 and words[0] in ("b", "f") and words[1].isdigit() and words[2] == table_name:
            yield int(words[1]), words[0] == "f"


def spent_by_kind(hearts: list[Heartbeat]) -> Mapping[tuple[int, int], float]:
    """Return the mean seconds of a unit of each kind, over what all parts have measured."""
    sums: dict[tuple[int, int], list[float]] = {}
    for heart in hearts:
        for kind, (seconds, count) in heart.spent.items():
            model, data = kind.split(",")
            total = sums.setdefault((int(model), int(data)), [0.0, 0.0])
            total[0] += seconds
            total[1] += count
    return {kind: seconds / count for kind, (seconds, count) in sums.items() if count}
