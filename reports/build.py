"""Build the site: ask for pages, write them beside the old site, swap, and note it in `ops.build`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from hpowh.reports import pdf
from hpowh.reports.context import SiteContext
from hpowh.reports.registry import collect
from hpowh.reports.render import Renderer
from hpowh.reports.swap import replaced_folder
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import HpowhError, UsageError, WarehouseLockedError
from hpowh.warehouse.migrate import program_version

MANIFEST = "build.json"

INPUT = """
select to_json(list(fact order by fact)) from (
  select concat_ws('|', 'source', source_id, kind, name, uri, fingerprint, row_count, refused_count, options,
    ingested_at) as fact from core.source
  union all
  select concat_ws('|', 'run', analysis_run_id, job, subject, job_version, parameters, input_fingerprint, warnings)
  from ops.analysis_run
  union all
  select concat_ws('|', 'ingest', ingest_id, action, row_count) from ops.ingest
)
"""


@dataclass(frozen=True)
class Build:
    """What a build did: where the site is, how many pages it has, and whether it was written now."""

    path: Path
    page_count: int
    is_new: bool
    warnings: list[str]

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
        only: kinds of page, such as `experiment`; all when empty.
        is_single_file: every page holds its style, scripts and data, and can be sent alone.
        with_pdf: print every page to a PDF beside it, by the Chromium that is installed.
        is_forced: build even when nothing has changed.
        progress: called before each page with pages done, pages in all, and the page's title.

    Raises:
        UsageError: `out` holds something that is not a site, or `only` names no kind of page.
        HpowhError: a page could not be built or printed; the old site stays as it was.
    """
    out = out.resolve()
    _refuse_other_content(out)
    if with_pdf:
        pdf.check()
    fingerprint = input_fingerprint(warehouse, only, is_single_file, with_pdf)
    standing = None if is_forced else standing_build(out, fingerprint)
    if standing is not None:
        return Build(out, standing, False, [])
    started = datetime.now(UTC)
    try:
        count = _write(warehouse, out, only, is_single_file, with_pdf, fingerprint, progress)
    except Exception as error:
        _note_build(warehouse, out, "failed", 0, started, f"{type(error).__name__}: {error}")
        raise
    warnings = []
    try:
        _note_build(warehouse, out, "ok", count, started, json.dumps({"fingerprint": fingerprint, "only": only}))
    except WarehouseLockedError as error:
        warnings.append(f"The site is built, but the ledger of builds could not be written. {error.message}")
    return Build(out, count, True, warnings)


def _write(
    warehouse: Warehouse,
    out: Path,
    only: tuple[str, ...],
    is_single_file: bool,
    with_pdf: bool,
    fingerprint: str,
    progress: Callable[[int, int, str], None] | None,
) -> int:
    site = SiteContext(warehouse)
    collect(site, only)
    with replaced_folder(out) as folder:
        renderer = Renderer(site, folder, is_single_file, with_pdf)
        for done, page in enumerate(site.pages.values()):
            if progress:
                progress(done, len(site.pages), page.title)
            try:
                renderer.write_page(page)
            except HpowhError:
                raise
            except Exception as error:
                error.add_note(f"while building the page {page.title!r}")
                raise
        renderer.write_shared()
        if not (folder / "index.html").exists():
            _write_entry(folder, next(iter(site.pages.values())).file)
        if with_pdf:
            pdf.print_pages(folder, [page.file for page in site.pages.values()], progress=progress)
        written = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        manifest = {"fingerprint": fingerprint, "page_count": len(site.pages), "files": written}
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return len(site.pages)


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
        warehouse.sql(INPUT).one(),
        str(warehouse.path.resolve()),
        sorted(only),
        is_single_file,
        with_pdf,
        program_version(),
    ]
    digest = hashlib.sha256(json.dumps(facts).encode())
    for name, content in _program(files("hpowh.reports"), ""):
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()


def _program(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and entry.name != "__pycache__":
            found += _program(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".j2", ".css", ".js")):
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


def standing_build(out: Path, fingerprint: str) -> int | None:
    """Return the page count of the site in `out` where it is whole and has this fingerprint, else None."""
    try:
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_same = manifest.get("fingerprint") == fingerprint
    return manifest["page_count"] if is_same and all((out / name).is_file() for name in manifest["files"]) else None


def _refuse_other_content(out: Path) -> None:
    """Raise where building would remove what is not a site of this program."""
    if out.is_file():
        raise UsageError(f"{out} is a file.", "Name a folder: --out site")
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise UsageError(f"{out} holds files that are no report of hpowh.", "Name another folder: --out site")


def _note_build(warehouse: Warehouse, out: Path, status: str, pages: int, started: datetime, summary: str) -> None:
    with warehouse.writing() as connection:
        connection.execute(
            "insert into ops.build select coalesce(max(build_id), 0) + 1, ?, ?, ?, ?, now(), ? from ops.build",
            [str(out), status, pages, started, summary],
        )
