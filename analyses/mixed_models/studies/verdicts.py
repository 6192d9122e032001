"""One verdict a question: who is better, by the best evidence there is, in the same words wherever it is said.

A question is an experiment's metric, budget, condition and policy about failed runs. Evidence is ranked: a mixed model
(that converged, on one scale, the newest of its kind) over rank tests; where there is neither, curves and bands
describe these benchmarks and say nothing of others, so no verdict is drawn from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hpowh.analyses.mixed_models.studies.units import log_base, unlogged
from hpowh.analyses.wording import brief, p_said, ratio

METHODS = {
    "tukey": "Tukey",
    "bonferroni": "Bonferroni",
    "holm": "Holm",
    "bh": "Benjamini-Hochberg",
    "dunnett": "Dunnett",
}
"""Methods of contrasts that a verdict may rest on, the first that a model has."""
LEVEL = 0.05
MOST_NAMED = 4
"""So many algorithms are named one by one."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two algorithms and their difference, first minus second, in losses (smaller is better); None where not known."""

    first: str
    second: str
    p: float | None
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None

    @property
    def better(self) -> str | None:
        """Who is better at 5 %, None where that cannot be said."""
        if self.p is None or self.p >= LEVEL or self.estimate is None:
            return None
        return self.first if self.estimate < 0 else self.second

    def seen_from(self, name: str) -> Pair:
        """Return the pair with `name` first."""
        if name == self.first:
            return self

        def turned(value: float | None) -> float | None:
            return None if value is None else -value

        return Pair(
            first=self.second,
            second=self.first,
            p=self.p,
            estimate=turned(self.estimate),
            lower=turned(self.upper),
            upper=turned(self.lower),
        )


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one analysis says on one setting of a question.

    `order`: algorithms, the best mean first. `response`: what means are of; `method`: how pairs were tested, in words.
    `scope`: metric, budget, condition and setting in words. `caveats`: sentences that go wherever the verdict goes.
    `formula`: of the model, None for rank tests. `row_count`: on so many rows or, of rank tests, blocks.
    `can_show`: whether the test could come below 5 % at all on so much data.
    """

    experiment: str
    scope: str
    response: str
    method: str
    order: Sequence[str]
    pairs: Sequence[Pair]
    has_sizes: bool = True
    caveats: Sequence[str] = ()
    formula: str | None = None
    row_count: int | None = None
    can_show: bool = True


@dataclass(frozen=True)
class Claim:
    """What a verdict says of a pair: `better` is one of the two, or None where they cannot be told apart."""

    first: str
    second: str
    better: str | None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A sentence, all it claims, and where it comes from."""

    sentence: str
    claims: Sequence[Claim] = field(default_factory=tuple)
    job: str
    analysis_run_id: int
    evidence: Evidence


def tiers(evidence: Evidence) -> list[list[str]]:
    """Return the algorithms by tier, the first tier first: each is one below the lowest that is better at 5 %."""
    place: dict[str, int] = {}
    beaten = {name: {p.better for p in evidence.pairs if p.better and name in (p.first, p.second)} - {name}
              for name in evidence.order}  # fmt: skip
    for name in evidence.order:  # the best mean first: who is better was placed before, or contradicts its own mean
        place[name] = 1 + max((place[other] for other in beaten[name] if other in place), default=0)
    return [[name for name in evidence.order if place[name] == tier] for tier in sorted(set(place.values()))]


def verdict_of(evidence: Evidence, job: str, analysis_run_id: int) -> Verdict:
    """Return the verdict that one piece of evidence supports."""
    claims = tuple(Claim(pair.first, pair.second, pair.better) for pair in evidence.pairs)
    head = f"{evidence.experiment}{evidence.scope}: "
    sentence = head + _body(evidence) + f" ({evidence.method})."
    return Verdict(
        sentence=" ".join([sentence, *evidence.caveats]),
        claims=claims,
        job=job,
        analysis_run_id=analysis_run_id,
        evidence=evidence,
    )


def _body(evidence: Evidence) -> str:
    known = {frozenset((pair.first, pair.second)): pair for pair in evidence.pairs}
    if not any(pair.better for pair in evidence.pairs):
        return _nothing(evidence)
    best = evidence.order[0]
    mine = [known[frozenset((best, other))] for other in evidence.order[1:] if frozenset((best, other)) in known]
    beaten = [pair.seen_from(best) for pair in mine if pair.better == best]
    tied = [pair.seen_from(best) for pair in mine if pair.better is None]
    parts = []
    if beaten:
        named = "; than ".join(_against(pair, evidence) for pair in beaten[:MOST_NAMED])
        more = f"; and than {len(beaten) - MOST_NAMED} more" if len(beaten) > MOST_NAMED else ""
        parts.append(f"{best} is better than {named}{more}")
    if tied:
        named = ", ".join(f"{pair.second}{_p(pair)}" for pair in tied[:MOST_NAMED])
        more = f" and {len(tied) - MOST_NAMED} more" if len(tied) > MOST_NAMED else ""
        parts.append(f"{best} cannot be told apart from {named}{more}")
    parts += [
        f"{pair.better} is better than {_against(pair.seen_from(pair.better or ''), evidence)}"
        for pair in mine
        if pair.better not in (None, best)
    ]
    others = [pair for pair in evidence.pairs if best not in (pair.first, pair.second)]
    apart = sorted((pair for pair in others if pair.better), key=lambda pair: pair.p or 0.0)
    if apart and not beaten:
        pair = apart[0].seen_from(apart[0].better or "")
        parts.append(f"{pair.first} is better than {_against(pair, evidence)}")
    if others:
        many = f"of the {len(others)} other pairs {'none differs' if not apart else f'{len(apart)} differ'}"
        if len(others) > 1 or beaten or not apart:  # a single one that differs was said with its size
            parts.append(many if len(others) > 1 else _other(others[0]))
    return "; ".join(parts)


def _other(pair: Pair) -> str:
    if pair.better is None:
        return f"{pair.first} and {pair.second} cannot be told apart{_p(pair)}"
    other = pair.second if pair.better == pair.first else pair.first
    return f"{pair.better} is better than {other}{_p(pair)}"


def _nothing(evidence: Evidence) -> str:
    tested = [pair for pair in evidence.pairs if pair.p is not None]
    if not evidence.can_show:
        return f"the {len(evidence.order)} algorithms cannot be told apart by this test, whatever they do"
    if not tested:
        return "the data cannot tell the algorithms apart"
    closest = min(tested, key=lambda pair: pair.p or 0.0)
    if len(evidence.pairs) == 1:
        return f"{closest.first} and {closest.second} cannot be told apart{_p(closest)}"
    return (
        f"no two of {len(evidence.order)} algorithms can be told apart; closest to it are {closest.first} and "
        f"{closest.second}{_p(closest)}"
    )


def _against(pair: Pair, evidence: Evidence) -> str:
    """Return the other algorithm with the size of the difference, seen from the better one."""
    if not evidence.has_sizes or pair.estimate is None or pair.lower is None or pair.upper is None:
        return f"{pair.second}{_p(pair)}"
    base = log_base(evidence.response)
    if base is not None:
        size, low, high = (base**value for value in (pair.estimate, pair.lower, pair.upper))
        said = (
            f"{unlogged(evidence.response)} {ratio(size)} times as large, 95 % interval {ratio(low)} to {ratio(high)}"
        )
    else:
        said = (
            f"{evidence.response} better by {brief(-pair.estimate)}, 95 % interval {brief(-pair.upper)} to "
            f"{brief(-pair.lower)}"
        )
    return f"{pair.second} ({said}, {p_said(pair.p)})"


def _p(pair: Pair) -> str:
    return f" ({p_said(pair.p)})" if pair.p is not None else " (not tested)"


def losses(rows: Sequence[Mapping[str, object]], direction: str) -> list[Pair]:
    """Return pairs from rows of contrasts (first, second, estimate, lower, upper, p_adjusted) of a response."""
    pairs = []
    for row in rows:
        values = [row[name] for name in ("estimate", "lower", "upper")]
        estimate, lower, upper = (None if value is None else float(str(value)) for value in values)
        if direction == "max":
            estimate, lower, upper = (
                None if estimate is None else -estimate,
                None if upper is None else -upper,
                None if lower is None else -lower,
            )
        p = row["p_adjusted"]
        pairs.append(
            Pair(
                first=str(row["first"]),
                second=str(row["second"]),
                p=None if p is None else float(str(p)),
                estimate=estimate,
                lower=lower,
                upper=upper,
            )
        )
    return pairs
