"""Conclusions that are looked at every night: what holds at any number of looks. Pure: no warehouse, no clock.

A p-value below 5 % is right for one look; of comparisons without any difference that are looked at every night for a
year, a quarter or more are significant on some night. A contrast with an e-value (`result.lmem_pair`) therefore counts
as found when its e-value reaches 20 times the number of pairs: without differences any pair does so on any night with a
probability of 5 % at most (Ville 1939, with Bonferroni over pairs). What was found stays so until its evidence is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hpowh.reports.nightly.conclusions import Conclusion

ALPHA = 0.05
GONE = 1.0
"""An e-value below this speaks for no difference."""


def steadied(before: Sequence[Conclusion], now: Sequence[Conclusion]) -> list[Conclusion]:
    """Return tonight's conclusions with the verdicts of contrasts as they hold over all looks, and the looks counted.

    A look is a build whose estimate or p-value is another than that of the build before.
    """
    old = {one.key: one for one in before}
    return [_steady(old.get(one.key), one) if one.kind in ("contrast", "ranking") else one for one in now]


def _steady(was: Conclusion | None, one: Conclusion) -> Conclusion:
    looks = int(was.context.get("looks") or 1) if was is not None else 0
    if was is None or (was.value, was.p_value) != (one.value, one.p_value):
        looks += 1
    context = {**one.context, "looks": looks}
    evidence = one.context.get("e_value")
    if evidence is None or one.value is None or one.verdict is None:
        return replace(one, context=context)
    better = "first" if (one.value < 0) == (one.context.get("direction", "min") == "min") else "second"
    needed = int(one.context.get("pairs") or 1) / ALPHA
    holds = was is not None and was.verdict == better and "e_value" in was.context and evidence >= GONE
    return replace(one, verdict=better if evidence >= needed or holds else "none", context=context)
