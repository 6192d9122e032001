"""What a new build of a site keeps of the one before: files that are not hpowh's, and pages it was not asked for."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from hpowh.reports.page import Page

MANIFEST = "build.json"
"""What says that a folder is a site, whole, and which of its files hpowh made."""
INPUTS = "inputs.json.gz"
"""What each page was made from, beside the pages: the next build takes over those that stand."""
ENTRY = b'<meta http-equiv="refresh"'
"""What stands at the head of an `index.html` that only leads elsewhere."""


def take_over(old: Path, new: Path) -> None:
    """Make `new` the same file as `old`; a copy where the file system has no second names for a file."""
    new.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EXDEV, errno.ENOSYS):
            raise
        shutil.copy2(old, new, follow_symlinks=False)


def made_files(site: Path) -> set[str] | None:
    """Return the files of a site that hpowh made, or None where the folder is no whole site."""
    try:
        manifest = json.loads((site / MANIFEST).read_text(encoding="utf-8"))
        return {*manifest["files"], MANIFEST}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_wanted(page: Page, only: tuple[str, ...]) -> bool:
    """Return whether a build that is asked for some kinds of page makes this one."""
    return not only or page.key[0] in only


def stays(site: Path, only: tuple[str, ...]) -> Callable[[Page], bool]:
    """Return what tells whether a page belongs to a build: it is asked for, or stands in the site and is left alone."""
    made = {name for name in made_files(site) or () if not is_entry(site / name)}
    return lambda page: is_wanted(page, only) or page.file in made


def is_entry(path: Path) -> bool:
    """Return whether a file is the `index.html` of a site without overview, which leads to its first page."""
    if path.name != "index.html" or not path.is_file():
        return False
    with path.open("rb") as file:
        return ENTRY in file.read(200)


def keep_other_pages(site: Path, folder: Path) -> None:
    """Take over from a whole site what hpowh made there and the new build did not: pages of other kinds, their data."""
    for name in sorted(made_files(site) or ()):
        if name in (MANIFEST, INPUTS) or is_entry(site / name):
            continue
        if (site / name).is_file() and not (folder / name).exists():
            take_over(site / name, folder / name)


def keep_foreign_files(site: Path, folder: Path) -> list[str]:
    """Take over what somebody else put into a site, such as CNAME or .nojekyll; return the names."""
    made = made_files(site)
    if made is None:
        return []
    kept = []
    for path in sorted(site.rglob("*")):
        name = str(path.relative_to(site))
        if (path.is_symlink() or path.is_file()) and name not in made and not (folder / name).exists():
            take_over(path, folder / name)
            kept.append(name)
    return kept
