"""Studies of several landscapes together: of one search space's grids, and across all search spaces.

`studies` says which there are and what identifies their input; each is computed when it is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from hpowh.analyses.landscapes.reading.keys import Key, Selection, select
from hpowh.analyses.landscapes.reading.rows import Reader
from hpowh.analyses.landscapes.several import study_across, study_grid

GRID_JOB, ACROSS_JOB = "landscapes.grids", "landscapes.across"
VERSION = "5"
EVERYTHING = "all search spaces"
Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Study:
    """One study: its identity in the ledger, and how to compute its tables."""

    job: str
    subject: str
    digest: str
    compute: Callable[[], tuple[Rows, list[str]]]
    """Returns `{table: rows}` and warnings."""


def grid_studies(reader: Reader, chosen: Sequence[Key], everything: Sequence[Key]) -> Iterator[Study]:
    """Yield a study a chosen search space: fidelities, noise floors, common defaults."""
    for name in dict.fromkeys(key.search_space for key in chosen):
        mine = [key for key in everything if key.search_space == name]
        keys = mine if is_evaluated(mine) else select(mine, Selection())
        yield Study(GRID_JOB, name, digest_of(keys), partial(study_grid.study, reader, keys))


def across_study(reader: Reader, everything: Sequence[Key], *, seed: int) -> Study:
    """Return the study across all search spaces, of what is stored about them: run it after the others."""
    main = [key for name in dict.fromkeys(key.search_space for key in everything)
            for key in select([key for key in everything if key.search_space == name], Selection())]  # fmt: skip
    return Study(
        ACROSS_JOB,
        EVERYTHING,
        digest_of(everything, study_across.stored_fingerprint(reader)),
        partial(study_across.study, reader, everything, main, seed=seed),
    )


def is_evaluated(keys: Sequence[Key]) -> bool:
    """Return whether landscapes of one space differ in fidelity, or in being of train and of test losses."""
    splits = {key.split for key in keys}
    return len({key.fidelity for key in keys}) > 1 or {"train", "test"} <= splits


def digest_of(keys: Sequence[Key], *more: Any) -> str:
    """Return the digest of all evaluations of the landscapes."""
    facts = [(key.subject, key.fingerprint) for key in keys], more
    return hashlib.sha256(repr(facts).encode()).hexdigest()
