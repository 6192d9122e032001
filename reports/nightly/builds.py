"""The folder of builds: each whole, the newest N kept; the site is a link that moves from one to the next at once."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hpowh.reports.build import refuse_other_content
from hpowh.reports.keeping import MANIFEST
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.output import durable
from hpowh.warehouse.output.swap import exchange, replaced_folder

BUILD = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z(-\d+)?")


def check_places(site: Path, builds: Path) -> None:
    """Raise UsageError where a build would put away what is no site, or the places contain each other."""
    if site.resolve() == builds.resolve() or builds.is_relative_to(site):
        raise UsageError(f"{builds} lies within the site {site}.", "Name a folder beside it: builds under [nightly].")
    if site.is_symlink() and not site.exists():
        return  # its build was removed by hand
    refuse_other_content(site)


def current_build(site: Path) -> Path | None:
    """Return the folder that the site shows now, or None where there is no whole one."""
    folder = site.resolve()
    return folder if (folder / MANIFEST).is_file() else None


def list_builds(builds: Path) -> list[Path]:
    """Return the folders of builds, oldest first."""
    return sorted(path for path in builds.iterdir() if BUILD.fullmatch(path.name) and path.is_dir())


@contextmanager
def new_build(builds: Path, at: datetime) -> Iterator[tuple[Path, Path]]:
    """Give (where to write, where it will stand) of a new build; it stands there when it is whole, else not at all.

    The caller holds the lock, so whatever is half done here was left by a build that was killed.
    """
    for abandoned in builds.glob(".*-building-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    name = f"{at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"
    taken = [path.name for path in list_builds(builds)]
    number = 1
    while (stands := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    with replaced_folder(builds / stands) as folder:
        yield folder, builds / stands


def switch(site: Path, build: Path) -> None:
    """Let the site show another build. At every moment it shows the old or the new one, whole.

    The site is a symbolic link, replaced by a rename. A folder in its place, as `hpowh report` writes one, is exchanged
    with the link and kept among the builds.
    """
    site.parent.mkdir(parents=True, exist_ok=True)
    link = site.with_name(f".{site.name}-link-{os.getpid()}")
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(build, site.parent), target_is_directory=True)
    try:
        if site.is_symlink() or not site.exists():
            link.replace(site)
        else:
            _put_aside(site, link, build.parent)
        durable.flush_folder(site.parent)
    finally:
        if link.is_symlink():
            link.unlink()


def _put_aside(site: Path, link: Path, builds: Path) -> None:
    made = datetime.fromtimestamp((site / MANIFEST).stat().st_mtime if (site / MANIFEST).exists() else 0, UTC)
    while (kept := builds / f"{made:%Y-%m-%dT%H%M%SZ}-0").exists():
        made += timedelta(seconds=1)  # another of that second; both are kept
    if not exchange(link, site):
        site.rename(link.with_name(f"{link.name}-old"))
        link.rename(site)
        link = link.with_name(f"{link.name}-old")
    shutil.move(link, kept)


def prune(builds: Path, site: Path, keep: int) -> list[str]:
    """Remove all but the newest `keep` builds, and never the one that the site shows; return what was removed.

    One that cannot be removed stays: the new build is whole and shown already.
    """
    shown = site.resolve()
    stale = [path for path in list_builds(builds)[:-keep] if path.resolve() != shown]
    for path in stale:
        shutil.rmtree(path, ignore_errors=True)
    return [path.name for path in stale if not path.exists()]
