"""Page modules: `page.py` of every folder of `hpowh.reports.pages`, so that adding a page is adding a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.resources import files
from types import ModuleType
from typing import Any

from hpowh.reports.context import SiteContext, is_fatal
from hpowh.reports.page import Page
from hpowh.warehouse.errors import UsageError


def page_modules() -> list[ModuleType]:
    """Return `page.py` of each kind's folder in `hpowh.reports.pages`, in alphabetical order.

    Each has one or more of `pages(site)`, `findings(site)` and `blocks(site, key)`.
    """
    names = sorted(
        entry.name for entry in files("hpowh.reports.pages").iterdir() if entry.joinpath("page.py").is_file()
    )
    return [import_module(f"hpowh.reports.pages.{name}.page") for name in names]


def collect(site: SiteContext, only: tuple[str, ...] = (), belongs: Callable[[Page], bool] = lambda _: True) -> None:
    """Ask every module for its pages, its findings, and what it adds to the pages of others.

    A module that fails is noted in `site.failures`; the others are asked all the same.

    Args:
        only: kinds of page (the first part of the key) that are asked for; all when empty.
        belongs: whether a page is one of the site's; of those asked for all are.

    Raises:
        UsageError: there is no page of one of these kinds; lists those there are.
    """
    modules = page_modules()
    pages = [page for module in modules if hasattr(module, "pages") for page in _asked(site, module, module.pages)]
    kinds = sorted({page.key[0] for page in pages})
    unknown = sorted(set(only) - set(kinds))
    if unknown:
        raise UsageError(f"There is no page of the kind {', '.join(unknown)}.", f"Kinds here: {', '.join(kinds)}.")
    site.announce(page for page in pages if belongs(page))
    for module in modules:
        if hasattr(module, "blocks"):
            site.additions.append(module.blocks)
        if hasattr(module, "findings"):
            site.findings.extend(_asked(site, module, module.findings))
    site.findings.sort(key=lambda finding: (finding.order, finding.key))


def _asked(site: SiteContext, module: ModuleType, function: Callable[[SiteContext], Iterable[Any]]) -> list[Any]:
    """Return what a module gives, or nothing where it fails."""
    try:
        return list(function(site))
    except Exception as error:  # noqa: BLE001 - one module must not take the site down
        if is_fatal(error):
            raise
        name = getattr(module, "__name__", str(module)).removeprefix("hpowh.reports.pages.").removesuffix(".page")
        site.fail(f"{function.__name__} of {name}", error)
        return []
