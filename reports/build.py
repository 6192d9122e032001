"""Build the site: ask for pages, write those that changed beside the old site, swap, and note it in `ops.build`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hpowh.reports import pdf
from hpowh.reports.context import SiteContext
from hpowh.reports.keeping import MANIFEST, is_wanted, keep_foreign_files, keep_other_pages, stays
from hpowh.reports.page import Failure
from hpowh.reports.registry import collect
from hpowh.reports.writing import Written, program_fingerprint, write_pages
from hpowh.warehouse import Warehouse, queries
from hpowh.warehouse.errors import HpowhError, WarehouseLockedError
from hpowh.warehouse.output.swap import replaced_folder
from hpowh.warehouse.output.targets import refuse_folder


@dataclass(frozen=True, kw_only=True)
class Build:
    """What a build did: where the site is, how many pages it has, and whether it was written now."""

    path: Path
    page_count: int
    is_new: bool
    warnings: list[str]
    failures: list[Failure] = field(default_factory=list)
    """Pages, or modules' parts in them, that could not be built and say so on the site."""
    reused_count: int = 0
    """Pages that were taken from the site before, because what they were made from is the same."""
    kept_count: int = 0
    """Pages of kinds that were not asked for and stand in the site as they were."""

    @property
    def index(self) -> Path:
        """The page to open first."""
        return self.path / "index.html"


def build_site(
    warehouse: Warehouse,
    out: Path,
    *,
    only: tuple[str, ...] = (),
    is_single_file: bool = False,
    with_pdf: bool = False,
    is_forced: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> Build:
    """Build the site of a warehouse in the folder `out`, unless it is there already, made from the same input.

    Args:
        only: kinds of page, such as `experiment`; all when empty. Pages of other kinds that `out` has stay.
        is_single_file: every page holds its style, scripts and data, and can be sent alone.
        with_pdf: print every page to a PDF beside it, by the Chromium that is installed.
        is_forced: build every page even when nothing has changed.
        progress: called before each page with pages done, pages in all, and the page's title.

    Raises:
        UsageError: `out` holds something that is not a site, or `only` names no kind of page.
        HpowhError: no page could be built, one could not be printed, or the folder cannot be written; the old site
            stays as it was.
    """
    out = out.resolve()
    refuse_other_content(out)
    if with_pdf:
        pdf.check()
    fingerprint = input_fingerprint(warehouse, only, is_single_file, with_pdf)
    standing = None if is_forced else standing_build(out, fingerprint)
    if standing is not None:
        return Build(path=out, page_count=standing, is_new=False, warnings=[])
    started = datetime.now(UTC)
    site = SiteContext(opened=warehouse)
    try:
        collect(site, only, stays(out, only))
        with replaced_folder(out) as folder:
            written = write_site(
                site,
                folder,
                out,
                fingerprint,
                only=only,
                is_forced=is_forced,
                is_single_file=is_single_file,
                with_pdf=with_pdf,
                progress=progress,
            )
    except OSError as error:
        failure = HpowhError(f"Cannot write {out}: {error.strerror or error}.", "The old site is as it was.")
        note_build(warehouse, out, "failed", 0, started, str(failure))
        raise failure from error
    except Exception as error:
        note_build(warehouse, out, "failed", 0, started, f"{type(error).__name__}: {error}")
        raise
    warnings = []
    failures = [asdict(failure) for failure in site.failures]
    summary = {"fingerprint": fingerprint, "only": only, "reused": len(written.reused), "failures": failures}
    try:
        note_build(warehouse, out, "ok", len(site.pages), started, json.dumps(summary))
    except WarehouseLockedError as error:
        warnings.append(f"The site is built, but the ledger of builds could not be written. {error.message}")
    return Build(
        path=out,
        page_count=len(site.pages),
        is_new=True,
        warnings=warnings,
        failures=site.failures,
        reused_count=len(written.reused),
        kept_count=sum(not is_wanted(page, only) for page in site.pages.values()),
    )


def write_site(
    site: SiteContext,
    folder: Path,
    previous: Path | None,
    fingerprint: str,
    *,
    only: tuple[str, ...] = (),
    is_forced: bool = False,
    is_single_file: bool = False,
    with_pdf: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> Written:
    """Write a collected site into an empty folder: pages, an entry, and the manifest that says it is whole.

    Args:
        previous: the site before, whole; its pages whose inputs are the same are taken over, and what others put there.
        fingerprint: what tells that the site need not be built again; not noted where something failed.
        only: kinds of page to write; all when empty. Pages of other kinds are taken from `previous` as they are.
        is_forced: take over no page that was asked for.
    """
    written = write_pages(
        site,
        folder,
        None if is_forced else previous,
        only=only,
        is_single_file=is_single_file,
        with_pdf=with_pdf,
        progress=progress,
    )
    if only and previous is not None:
        keep_other_pages(previous, folder)
    if not (folder / "index.html").exists():
        _write_entry(folder, next(iter(site.pages.values())).file)
    if with_pdf and (unprinted := written.built + written.failed):
        pdf.print_pages(folder, unprinted, progress=progress)
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    known = None if site.failures else fingerprint
    manifest = {"fingerprint": known, "page_count": len(site.pages), "files": names}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    if previous is not None:
        keep_foreign_files(previous, folder)
    return written


def _write_entry(folder: Path, first: str) -> None:
    """Write an `index.html` that leads to the first page, where the overview was not asked for."""
    (folder / "index.html").write_text(
        f'<!doctype html><meta charset="utf-8"><title>hpowh</title><meta http-equiv="refresh" content="0; url={first}">'
        f'<a href="{first}">Open the report</a>\n',
        encoding="utf-8",
    )


def input_fingerprint(warehouse: Warehouse, only: tuple[str, ...], is_single_file: bool, with_pdf: bool = False) -> str:
    """Return a hash of all that a site depends on: sources, analysis runs, options, and the program itself."""
    facts = [
        warehouse.sql(queries.text("ledger/facts")).one(),
        warehouse.path.name,
        sorted(only),
        is_single_file,
        with_pdf,
    ]
    return hashlib.sha256(json.dumps([*facts, program_fingerprint()]).encode()).hexdigest()


def standing_build(out: Path, fingerprint: str) -> int | None:
    """Return the page count of the site in `out` where it is whole and has this fingerprint, else None."""
    try:
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_same = manifest.get("fingerprint") == fingerprint
    return manifest["page_count"] if is_same and all((out / name).is_file() for name in manifest["files"]) else None


def refuse_other_content(out: Path) -> None:
    """Raise where building would remove what is not a site of this program."""
    refuse_folder(out, option="--out", mark=MANIFEST, what="report")


def note_build(warehouse: Warehouse, out: Path, status: str, pages: int, started: datetime, summary: str) -> None:
    """Enter a build of a site in `ops.build`; a published folder keeps no such ledger."""
    if warehouse.is_read_only:
        return
    with warehouse.writing() as connection:
        connection.execute(
            "insert into ops.build select coalesce(max(build_id), 0) + 1, ?, ?, ?, ?, now(), ? from ops.build",
            [str(out), status, pages, started, summary],
        )
