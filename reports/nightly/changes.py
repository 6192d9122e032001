"""What changed between the conclusions of two builds, in sentences. Pure: no warehouse, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from hpowh.reports.nightly.conclusions import Conclusion
from hpowh.reports.numbers import number, p_value
from hpowh.warehouse.wording import plural

SHOWN = 3
"""So many moved metrics of a landscape are named."""
TESTS = {"nemenyi": "Nemenyi test", "wilcoxon": "Wilcoxon-Holm test"}


@dataclass(frozen=True)
class Change:
    """One difference between two builds that a reader should know."""

    kind: str
    subject: str
    sentence: str


def compare(before: Sequence[Conclusion], now: Sequence[Conclusion], tolerance: float) -> list[Change]:
    """Return what changed: more or fewer data, other verdicts, drifted metrics, in this order.

    Args:
        tolerance: a landscape metric drifted when it moved by more than this share of the larger of the two values;
            where both have intervals, these must not overlap either.
    """
    old = {one.key: one for one in before}
    new = {one.key: one for one in now}
    found = [*_counts(old, new)]
    for one in now:
        was = old.get(one.key)
        if was is not None and was.verdict != one.verdict:
            found += _changed(was, one)
    return [*found, *_drift(old, new, tolerance)]


Known = dict[tuple[str, str, str], Conclusion]


def _counts(old: Known, new: Known) -> Iterator[Change]:
    keys = sorted({key for key in [*old, *new] if key[0] == "count"})
    for subject, of_subject in groupby(keys, key=lambda key: key[1]):
        parts, context = [], {}
        mine = list(of_subject)
        for key in mine:
            known = new.get(key) or old[key]
            context = dict(known.context)
            had, has = (int(one.value or 0) if one else 0 for one in (old.get(key), new.get(key)))
            if had != has:
                of = f" of {context['of']}" if context.get("of") else ""
                noun = context["noun"] if abs(has - had) == 1 else context["noun"] + "s"
                what = f"{has - had:,} new {noun}" if has > had else f"{had - has:,} {noun} fewer"
                total = "the first" if not had else "none left" if not has else f"{has:,} now"
                parts.append(f"{what}{of} ({total})")
        if parts:
            is_new = not any(key in old for key in mine)
            place = f"{context['in']} {subject}"
            head = f"The {place} is new: " if is_new else f"In the {place}: "
            yield Change("count", subject, head + ", ".join(parts) + ".")


def _changed(was: Conclusion, one: Conclusion) -> Iterator[Change]:
    if one.kind in ("contrast", "ranking"):
        yield Change(one.kind, one.subject, f"{one.subject}: {_comparison(was, one)}")
    elif one.kind == "winner":
        by = f" by {one.context['metric']}" if one.context.get("metric") else ""
        setting = f" with {one.context['setting']}" if one.context.get("setting") else ""
        sentence = (
            f"{one.subject}{setting}: {one.verdict} now ends with the lowest mean normalised regret{by} "
            f"({number(one.value, 3)}); before it was {was.verdict} ({number(was.value, 3)})."
        )
        yield Change(one.kind, one.subject, sentence)
    elif one.kind == "importance":
        sentence = (
            f"{one.subject}, {one.context['metric']}: {one.verdict} is now the most important by "
            f"{one.context['method']} ({number(one.value, 3)}); before it was {was.verdict} ({number(was.value, 3)})."
        )
        yield Change(one.kind, one.subject, sentence)


def _comparison(was: Conclusion, one: Conclusion) -> str:
    """Say what became of a comparison: `PB is no longer better than HB at budget 10: p 0.03 → 0.08`."""
    context = one.context
    first, second = str(context["first"]), context.get("second")
    tail = f"{_where(one)}: p {_p(was.p_value)} → {_p(one.p_value)} ({_by(one)}{_looks(one)})."
    if one.verdict is None:
        return f"{first}{f' and {second}' if second else ''} can no longer be compared{tail}"
    if second is None:  # a contrast of the user's own, with no two sides
        state = "no longer differs" if one.verdict == "none" else "now differs"
        return f"{first} {state} from zero{tail}"
    sides = {"first": (first, second), "second": (second, first)}
    if one.verdict == "none":
        if was.verdict is None:
            return f"{first} and {second} can now be compared, and do not differ{tail}"
        better, worse = sides[was.verdict]
        return f"{better} is no longer better than {worse}{tail}"
    better, worse = sides[one.verdict]
    turned = ", and was worse before" if was.verdict not in (None, "none") else ""
    return f"{better} is now better than {worse}{turned}{tail}"


def _where(one: Conclusion) -> str:
    """Return where a comparison was made: ` at budget 10, prior = good`."""
    parts = [part.strip() for part in str(one.context.get("setting") or "").split(",") if part.strip()]
    named = [part for part in parts if part.partition("=")[0].strip() == "budget"]
    budget = named[0].partition("=")[2].strip() if named else one.context.get("budget")
    if budget == "final":
        at = " at the final budget"
    else:
        at = f" at budget {_plain(str(budget))}" if budget not in (None, "None") else ""
    others = [part for part in parts if part not in named]
    if one.context.get("where"):
        others.append(str(one.context["where"]))
    return at + (f" with {', '.join(others)}" if others else "")


def _plain(budget: str) -> str:
    try:
        return number(float(budget), 6) if not float(budget).is_integer() else f"{int(float(budget)):,}"
    except ValueError:
        return budget


def _by(one: Conclusion) -> str:
    by, response = str(one.context["by"]), one.context.get("response")
    by = TESTS.get(by, by)
    return f"{by}, {response}" if response else by


def _looks(one: Conclusion) -> str:
    """Return how often was looked, and whether the verdict holds at any number of looks."""
    looks, evidence = one.context.get("looks"), one.context.get("e_value")
    if looks is None:
        return ""
    if evidence is None:
        return f"; look {looks}, p not corrected for looks" if looks > 1 else ""
    return f"; look {looks}, e-value {number(float(evidence), 3)}: holds at any number of looks"


def _p(value: float | None) -> str:
    return p_value(value).removeprefix("= ")


def _drift(old: Known, new: Known, tolerance: float) -> Iterator[Change]:
    keys = sorted(key for key in new if key[0] == "landscape" and key in old)
    for subject, of_subject in groupby(keys, key=lambda key: key[1]):
        mine = list(of_subject)
        moved = [
            (movement, key[2], old[key].value, new[key].value)
            for key in mine
            if (movement := _movement(old[key], new[key])) > tolerance
        ]
        if not moved:
            continue
        moved.sort(key=lambda one: (-one[0], one[1]))
        named = ", ".join(f"{name} {number(a, 3)} → {number(b, 3)}" for _, name, a, b in moved[:SHOWN])
        more = f" and {len(moved) - SHOWN:,} more" if len(moved) > SHOWN else ""
        sentence = (
            f"Landscape {subject}: {len(moved):,} of {plural(len(mine), 'metric')} moved by more than "
            f"{100 * tolerance:g} %: {named}{more}."
        )
        yield Change("landscape", subject, sentence)


def _movement(was: Conclusion, one: Conclusion) -> float:
    """Return by what share of the larger value a metric moved; 1 where it became defined or undefined."""
    a, b = was.value, one.value
    if a is None or b is None:
        return 0.0 if a is None and b is None else 1.0
    if None not in (was.lower, was.upper, one.lower, one.upper) and _overlap(was, one):
        return 0.0
    size = max(abs(a), abs(b))
    return abs(a - b) / size if size else 0.0


def _overlap(was: Conclusion, one: Conclusion) -> bool:
    bounds = [float(value) for value in (was.lower, was.upper, one.lower, one.upper) if value is not None]
    return bounds[0] <= bounds[3] and bounds[2] <= bounds[1]
