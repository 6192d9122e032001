"""What a page is: where it belongs, and how its content is made when its turn comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hpowh.reports.blocks import Block
from hpowh.reports.finding import Key
from hpowh.reports.names import file_stem

SECTIONS = (
    "Overview",
    "Experiments",
    "Sweeps",
    "Benchmarks",
    "Search spaces",
    "Landscapes",
    "Evaluated grids",
    "About",
)
"""The site's sections, in the order of the navigation; a page may name another one, which comes last."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of the site.

    `key` names what the page is about, such as `("benchmark", "fcnet-protein")`: its first part is the kind (what
    `--only` selects), all of it becomes the file name, and other pages link to it by `site.href(key)`.
    `build` is called when the page is written, after every module has announced its pages: so any page can link to any
    other, and only one page's data is in memory at a time.
    """

    key: Key
    title: str
    section: str
    build: Callable[[], Sequence[Block]]
    lead: str = ""
    order: int = 0
    """Position within the section; equal orders sort by title."""
    group: str = ""
    """Pages of one section with the same group fold together in the navigation, such as those of a search space."""
    short: str = ""
    """What the navigation calls the page within its group; by default its title."""
    is_listed: bool = True
    """Whether the navigation lists it; one that is not listed is reached from another page of its kind."""

    @property
    def file(self) -> str:
        """The page's file name; the overview is `index.html`."""
        return "index.html" if self.key == ("overview",) else f"{file_stem(*self.key)}.html"


@dataclass(frozen=True)
class Failure:
    """A page, or a module's part in one, that could not be built."""

    what: str
    sentence: str
    key: Key = ()
    """The page, where it is one."""
