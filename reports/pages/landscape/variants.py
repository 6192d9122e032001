"""Which landscapes are of one benchmark: one stands in the navigation, and each leads to the others by what differs."""

from __future__ import annotations

from collections.abc import Sequence

from hpowh.reports.blocks import Variants
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Key

ASPECTS = ("Metric", "Split", "Fidelity")
FULL = "full"


def aspects_of(key: Key) -> tuple[str, str, str]:
    """Return metric, split and fidelity of a landscape's page, as texts."""
    _, _, _, metric, split, *fidelity = key
    return metric, split, fidelity[0] if fidelity else FULL


def first_of(keys: Sequence[Key]) -> Key:
    """Return the landscape that stands for its benchmark: the first metric at full fidelity, not of training."""
    return min(keys, key=lambda key: (len(key) > 5, key[4] == "train", keys.index(key)))


def variants(site: SiteContext, key: Key) -> list[Variants]:
    """Return the row of choices of a landscape's page; nothing where the benchmark has one landscape only."""
    family = [other for other in site.pages if other[0] == "landscape" and other[1:3] == key[1:3]]
    if len(family) < 2:
        return []
    here = aspects_of(key)
    choices = []
    for place, aspect in enumerate(ASPECTS):
        options = list(dict.fromkeys(aspects_of(other)[place] for other in family))
        if len(options) < 2:
            continue
        links = []
        for option in options:
            wanted = (*here[:place], option, *here[place + 1 :])
            links.append((option, site.href(_nearest(family, wanted, place)), option == here[place]))
        choices.append((aspect, links))
    return [Variants(choices)]


def _nearest(family: Sequence[Key], wanted: tuple[str, ...], place: int) -> Key:
    """Return the landscape that has the wanted option and else as much as possible of what is wanted."""

    def likeness(key: Key) -> tuple[bool, int]:
        found = aspects_of(key)
        return found[place] == wanted[place], sum(a == b for a, b in zip(found, wanted, strict=True))

    return max(family, key=likeness)
