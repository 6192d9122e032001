"""Runs of optimisers on benchmark functions: what their courses come to, and which seed tells them apart."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hpowh.warehouse.errors import UsageError

FURTHER = 1_000_000
"""Added to an instance's number, for each further run on it, where instances are the seeds."""


@dataclass(kw_only=True)
class TracedRun:
    """One run as a tool logged it."""

    algorithm: str
    folder: str
    """Where it lies; two folders may say the same algorithm."""
    benchmark: str
    instance: int
    metric: str
    direction: str
    points: list[tuple[float, float]]
    """(evaluations, value) as logged, the value at that evaluation or the best until then."""
    end: float
    """Evaluations that the run had when it ended."""
    precision: float | None = None
    """A value that is as good as this is as good as any (of minimised differences to the optimum)."""
    features: Mapping[str, str] = field(default_factory=dict)
    """Meta-features of the benchmark."""
    seed: int = 0
    factors: dict[str, str] = field(default_factory=dict)
    course: list[tuple[float, float | None, str]] = field(default_factory=list)
    """What is stored: budget, best value until then, status."""


def number_runs(runs: Sequence[TracedRun], *, instances: str, algorithm: str | None) -> None:
    """Give every run its seed and, where instances are a factor, that factor.

    COCO takes a function's instances for repetitions; so does a seed that is the instance, which also pairs the
    algorithms by instance. A further run on an instance has FURTHER more.

    Raises:
        UsageError: two folders have runs of one algorithm on one benchmark, and nothing says whether they are one.
    """
    if algorithm == "folder":
        for run in runs:
            run.algorithm = run.folder
    elif algorithm is None:
        _refuse_namesakes(runs)
    counts: Counter[tuple[str, str, int]] = Counter()
    for run in runs:
        key = (run.algorithm, run.benchmark, run.instance)
        further = counts[key]
        counts[key] += 1
        if instances == "factor":
            run.seed, run.factors = further + 1, {"instance": str(run.instance)}
        else:
            run.seed = run.instance + FURTHER * further


def _refuse_namesakes(runs: Sequence[TracedRun]) -> None:
    folders: dict[tuple[str, str], str] = {}
    for run in runs:
        other = folders.setdefault((run.algorithm, run.benchmark), run.folder)
        if other != run.folder:
            raise UsageError(
                f"Two folders have runs of {run.algorithm!r} on {run.benchmark}: {other} and {run.folder}. "
                "Are they one algorithm?",
                "Say --option algorithm=name if they are (their runs are further ones), or --option algorithm=folder "
                "to call algorithms as their folders.",
            )


def lay_courses(runs: Sequence[TracedRun], *, ended: str, precision: float | None) -> list[str]:
    """Fill every run's course and return sentences about what was done to reach it.

    Kept are the points that are better than all before, and the end: between them the best value stays as it is.

    Args:
        ended: `solved` (a run at its precision keeps its value to the largest budget of all, for it stopped because
            nothing was left to find), `carried` (every other run does, too, to the largest of its benchmark), `as-is`
            (none does).
        precision: stands above that of the runs; 0 takes every difference as it was logged.
    """
    ends: dict[str, float] = {}
    last_of_all = max((run.end for run in runs), default=0.0)
    for run in runs:
        ends[run.benchmark] = max(ends.get(run.benchmark, 0.0), run.end)
    dropped = clipped = carried = early = 0
    for run in runs:
        limit = (run.precision if precision is None else precision) if run.direction == "min" else None
        best, lost = _best_until(run, limit)
        dropped += lost
        is_solved = bool(limit) and bool(best) and best[-1][1] <= (limit or 0.0)
        clipped += is_solved
        run.course = [(budget, value, "ok") for budget, value in best] or [(run.end, None, _why(run))]
        last, value, status = run.course[-1]
        if last < run.end:
            run.course.append((run.end, value, status))
        if status != "ok" or ended == "as-is":
            reach = run.end
        else:
            reach = last_of_all if is_solved else ends[run.benchmark] if ended == "carried" else run.end
        if reach > run.end:
            run.course.append((reach, value, status))
            carried += 1
        early += run.end < ends[run.benchmark] and reach == run.end
    return _sentences(dropped, clipped, carried, early)


def _best_until(run: TracedRun, limit: float | None) -> tuple[list[tuple[float, float]], int]:
    """Return the points that improve, and how many are worse than one before."""
    sign = -1.0 if run.direction == "max" else 1.0
    found: list[tuple[float, float]] = []
    best, worse = math.inf, 0
    for budget, raw in sorted(run.points, key=lambda point: (point[0], sign * point[1])):
        value = max(raw, limit) if limit else raw
        if math.isfinite(value) and sign * value < best:
            best = sign * value
            found.append((budget, value))
        else:
            worse += not math.isfinite(value) or sign * value > best
    return found, worse


def _why(run: TracedRun) -> str:
    """Return the status of a run without any finite value."""
    values = [value for _, value in run.points]
    if not values:
        return "missing"
    if any(math.isnan(value) for value in values):
        return "nan"
    return "inf" if values[-1] > 0 else "neg_inf"


def _sentences(dropped: int, clipped: int, carried: int, early: int) -> list[str]:
    notes = []
    if dropped:
        notes.append(f"Points that are worse than one before, left out: {dropped:,}.")
    if clipped:
        notes.append(
            f"Runs that reached the target precision: {clipped:,}; values below it count as that precision "
            "(--option precision=0 keeps them as logged)."
        )
    if carried:
        notes.append(
            f"Runs that ended early and keep their value to the largest budget: {carried:,} "
            "(--option ended=as-is leaves them as they ended)."
        )
    if early:
        notes.append(
            f"Runs that ended before others of their benchmark: {early:,}. At larger budgets they count as ended; "
            "where they stopped because they were done, say --option ended=carried."
        )
    return notes
