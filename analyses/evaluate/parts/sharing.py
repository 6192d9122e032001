"""Which chunk a part takes next. Nothing here touches a file or a clock: the simulations run this very code.

No lock is relied upon. Units are idempotent, so a chunk that two parts take costs time and changes nothing; whatever is
said on the board may be late, doubled or missing.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.evaluate.parts.chunks import ChunkTable

LOOK_AGAIN = 30.0
"""Seconds after which an idle part reads anew what the others have said."""
LATE = 3.0
"""A chunk is late when it takes so many times its forecast."""
LATE_SECONDS = 120.0
"""…and at least so much longer."""


MOST_TRIES = 20
"""So many claims that others made are met before what the others say is read anew."""
SOON = 3.0
NOBODY = -1


@dataclass(frozen=True)
class News:
    """What other parts have said: lines in the order in which each of them said its own."""

    who: NDArray[np.int64]
    """Number of the process that said it, as the board counts them."""
    chunk: NDArray[np.int64]
    is_finished: NDArray[np.bool_]
    """It finished the chunk; else it began it."""


class Board(Protocol):
    """What parts tell each other; a folder, or a simulation. Processes have numbers, each reader its own."""

    def news(self, *, of_kin: bool = False) -> News:
        """Return what others have said that was not returned before; of kin: only processes of this same part."""

    def say(self, chunk: int, *, is_finished: bool) -> None:
        """Tell the others that a chunk was begun or finished."""

    def is_claimed(self, chunk: int) -> bool:
        """Whether a helper has claimed a chunk that nobody had begun."""

    def claim(self, chunk: int, after: int | None) -> bool:
        """Claim a chunk of another part; False where somebody else did.

        Args:
            after: who had begun it and left it behind (NOBODY: it is not known who); None: nobody has begun it.
        """

    def is_alive(self, who: int) -> bool | None:
        """Whether a process's heart beats; None where that is not known yet."""

    def is_kin(self, who: int) -> bool:
        """Whether that is a process of this same part: one that was killed, or one that was started twice."""

    def is_senior(self, who: int) -> bool:
        """Whether of two processes of one part that one goes first; each of the two gets the other answer."""

    def now(self) -> float:
        """Seconds on this part's own clock."""


@dataclass
class Choice:
    """What to do next: a chunk, or to wait and ask again, or (neither) nothing is left for this part."""

    chunk: int | None = None
    wait: float = 0.0
    before: int = NOBODY
    """Who had begun it: what that process has journalled need not be done again."""


@dataclass(kw_only=True)
class Shares:
    """One part's view of all chunks."""

    table: ChunkTable
    index: int
    """Number of this part, from 0."""
    parts: int
    board: Board
    seed: int
    """Different in each part, so that idle ones help different parts."""
    helped: int = 0
    """Chunks that were taken from other parts' shares."""
    _asked: float = field(default=float("-inf"), init=False)
    _asked_kin: float = field(default=float("-inf"), init=False)
    _is_reversed: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        count = len(self.table)
        order = self.table.order()
        self._mine = deque(order[self.index :: self.parts].tolist())
        self._postponed: set[int] = set()
        self._owner = np.empty(count, dtype=np.int64)
        self._turn = np.empty(count, dtype=np.int64)
        self._owner[order] = np.arange(count) % self.parts
        self._turn[order] = np.arange(count) // self.parts
        self._each = np.repeat(self.table.unit_seconds, self.table.counts)
        self._finished = np.zeros(count, dtype=bool)
        self._begun = np.zeros(count, dtype=bool)
        self._holder = np.full(count, NOBODY, dtype=np.int64)
        """Who began a chunk and has not said that it is finished."""
        self._since = np.full(count, np.inf)
        """When that was heard, or when a claim was met of which nobody has said anything."""
        self._own = np.zeros(count, dtype=bool)
        """What this process is at."""
        self._heard: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        """Chunks and who began them, as far as that is not among `_beginners` yet."""
        self._beginners = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        """Chunks, sorted, and who began them."""
        self._passed: set[tuple[int, int]] = set()
        """Chunk and process: somebody has taken that chunk over from it."""
        forecasts = np.repeat(self.table.seconds, self.table.counts)
        self._patience = np.maximum(LATE * forecasts, forecasts + LATE_SECONDS)
        self._random = random.Random(self.seed)

    def share(self) -> list[int]:
        """Return this part's own chunks that it has not come to yet."""
        return list(self._mine)

    def finished_before(self, chunks: Iterable[int]) -> None:
        """Note chunks all of whose units are done already."""
        self._finished[list(chunks)] = True

    def finished(self, chunk: int) -> None:
        """Note that this part has finished a chunk, and say so."""
        self._finished[chunk] = True
        self._own[chunk] = False
        self.board.say(chunk, is_finished=True)

    def next(self) -> Choice:
        """Return the next chunk: one's own in order, then those of others that nobody began, then those left behind."""
        while self._mine:
            self._look_for_twins()
            choice = self._consider(self._mine.popleft())
            if choice is not None:
                return choice
        if self.board.now() - self._asked >= LOOK_AGAIN:
            self._asked = self.board.now()
            self._absorb(self.board.news())
        return self._untouched() or self._left_behind()

    def _consider(self, chunk: int) -> Choice | None:
        """Take a chunk of one's own share, unless it is done or in other hands."""
        if self._finished[chunk]:
            return None
        who = int(self._holder[chunk])
        if who == NOBODY:
            if self.board.is_claimed(chunk):
                self._meet_claim(chunk)
                return None
            return self._begin(chunk)
        if chunk not in self._postponed:
            self._postponed.add(chunk)
            self.board.is_alive(who)  # watched from now on; later it will be known
            self._mine.append(chunk)
            return None
        if self.board.is_kin(who) and self.board.is_alive(who) is not True:
            return self._begin(chunk, who)
        return None

    def _look_for_twins(self) -> None:
        """A part that was started twice: the two go through its share from both ends."""
        now = self.board.now()
        if now - self._asked_kin < LOOK_AGAIN:
            return
        is_first = self._asked_kin == float("-inf")
        self._asked_kin = now
        news = self.board.news(of_kin=True)
        self._absorb(news)
        if is_first or self._is_reversed:
            return
        if any(self.board.is_senior(who) for who in np.unique(news.who).tolist()):
            self._is_reversed = True
            self._mine.reverse()

    def _begin(self, chunk: int, before: int = NOBODY) -> Choice:
        self._begun[chunk] = True
        self._own[chunk] = True
        self.board.say(chunk, is_finished=False)
        return Choice(chunk, before=before)

    def _meet_claim(self, chunk: int) -> None:
        """Note that a helper claimed a chunk of whom no news has come yet."""
        self._begun[chunk] = True
        self._since[chunk] = min(self._since[chunk], self.board.now())

    def _absorb(self, news: News) -> None:
        if not news.chunk.size:
            return
        known = (news.chunk >= 0) & (news.chunk < len(self.table))
        ended, began = news.chunk[known & news.is_finished], known & ~news.is_finished
        self._finished[ended] = True
        chunks, who = news.chunk[began], news.who[began]
        self._heard.append((chunks, who))
        self._begun[chunks] = True
        self._holder[chunks] = who
        self._since[chunks] = self.board.now()

    def _untouched(self) -> Choice | None:
        """Take a chunk that nobody has begun, of those with the longest units: what is short evens out the end.

        It is one of the later half of them in a share; the more a share has left, the likelier it is taken from there.
        """
        free = np.flatnonzero(~self._finished & ~self._begun)
        dearest = owners = free[:0]
        for _ in range(MOST_TRIES):
            if not dearest.size:
                if not free.size:
                    return None
                each = self._each[free]
                is_dearest = each == each.max()
                dearest, free = free[is_dearest], free[~is_dearest]
                owners = self._owner[dearest]
            theirs = dearest[owners == owners[self._random.randrange(dearest.size)]]
            if theirs.size > 1:
                theirs = theirs[self._turn[theirs].argsort()][theirs.size // 2 :]
            chunk = int(theirs[self._random.randrange(theirs.size)])
            if not self.board.is_claimed(chunk) and self.board.claim(chunk, None):
                self.helped += 1
                return self._begin(chunk)
            self._meet_claim(chunk)
            is_other = dearest != chunk
            dearest, owners = dearest[is_other], owners[is_other]
        self._asked = float("-inf")
        return Choice(wait=SOON)

    def _left_behind(self) -> Choice:
        """Take a chunk whose part is dead or late; wait where it is not known whether it is dead."""
        left = np.flatnonzero(~self._finished & ~self._own)
        held_by = self._holder[left]
        holders = np.unique(held_by)
        alive = [None if who == NOBODY else self.board.is_alive(who) for who in holders.tolist()]
        is_dead = np.zeros(holders.max(initial=0) + 2, dtype=bool)  # by holder; NOBODY is the last
        is_dead[holders] = [lives is False for lives in alive]
        patience = np.where(held_by == NOBODY, 2 * LOOK_AGAIN, self._patience[left])
        is_late = self.board.now() - self._since[left] > patience
        candidates = left[is_dead[held_by] | is_late].tolist()
        self._random.shuffle(candidates)
        has_passed = False
        for chunk in candidates:
            who = int(self._holder[chunk])
            if self.board.claim(chunk, who):
                self.helped += 1
                return self._begin(chunk, who)
            has_passed |= self._pass_on(chunk, who)
        return Choice(wait=SOON if has_passed else LOOK_AGAIN) if has_passed or None in alive else Choice()

    def _pass_on(self, chunk: int, who: int) -> bool:
        """Somebody took a chunk over from `who`: look at who that was, for it may be dead, too. False: that is known.

        The order in which two processes began a chunk is not known: each has a log of its own.
        """
        if (chunk, who) in self._passed:
            return False
        self._passed.add((chunk, who))
        others = sorted(one for one in self._who_began(chunk) if (chunk, one) not in self._passed)
        self._holder[chunk] = others[-1] if others else NOBODY
        self._since[chunk] = self.board.now()
        return True

    def _who_began(self, chunk: int) -> set[int]:
        """Return all who have said that they began a chunk."""
        if self._heard:
            chunks, who = (np.concatenate(some) for some in zip(self._beginners, *self._heard, strict=True))
            order = np.argsort(chunks, kind="stable")
            self._beginners, self._heard = (chunks[order], who[order]), []
        chunks, who = self._beginners
        first, last = np.searchsorted(chunks, [chunk, chunk + 1])
        return set(who[first:last].tolist())
