"""Write a site's pages into a folder: those that stand are taken from the site before, one that fails says so."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from hpowh.reports import pdf
from hpowh.reports.blocks import Warnings
from hpowh.reports.context import SiteContext, is_fatal, sentence_of
from hpowh.reports.inputs import Asked, Notes, Tables, hash_of
from hpowh.reports.keeping import INPUTS, is_wanted, take_over
from hpowh.reports.page import Page
from hpowh.reports.render import Renderer
from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.migrate import program_version


@dataclass
class Written:
    """Which pages were built anew, which were taken over, and which show an error instead; file names."""

    built: list[str] = field(default_factory=list)
    reused: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def write_pages(
    site: SiteContext,
    folder: Path,
    previous: Path | None,
    *,
    only: tuple[str, ...] = (),
    is_single_file: bool = False,
    with_pdf: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> Written:
    """Write the pages of a collected site into an empty folder, and what they share.

    Args:
        previous: a whole site; its pages whose inputs are the same are taken over as they are.
        only: kinds of page to write; all when empty. The others are listed only.

    Raises:
        HpowhError: not one page could be built, or the folder cannot be written.
    """
    renderer = Renderer(site=site, folder=folder, is_single_file=is_single_file, has_pdf=with_pdf)
    frame = frame_fingerprint(site, is_single_file, with_pdf)
    tables = Tables(site.warehouse.connection)
    before = Record.read(previous, frame)
    record = Record(frame)
    written = Written()
    last = ("overview",)  # it tells of pages that failed
    pages = [page for page in site.pages.values() if is_wanted(page, only)]
    pages.sort(key=lambda page: page.key == last)
    for done, page in enumerate(pages):
        if progress:
            progress(done, len(pages), page.title)
        known = before.pages.get(page.file)
        if previous is not None and known is not None and before.stands(known, previous, page, site, tables):
            for name in known["files"]:
                take_over(previous / name, folder / name)
            record.take_over(page.file, known, before, tables)
            written.reused.append(page.file)
        else:
            _write_one(renderer, page, tables, record, written)
    if pages and not written.built and not written.reused:
        raise HpowhError(f"No page could be built. {site.failures[0].sentence}", "The site stays as it was.")
    renderer.write_shared()
    record.write(folder)
    return written


def _write_one(renderer: Renderer, page: Page, tables: Tables, record: Record, written: Written) -> None:
    """Build one page; where that fails, write a page of the same address that says why."""
    site, notes = renderer.site, Notes()
    failures = len(site.failures)
    renderer.written.clear()
    try:
        with site.watched(notes):
            renderer.write_page(page)
    except Exception as error:  # noqa: BLE001 - whatever a page raises, the others must be built
        if is_fatal(error):
            error.add_note(f"while building the page {page.title!r}")
            raise
        site.fail(page.title, error, page.key)
        _write_failure(renderer, page, error)
    if len(site.failures) > failures:
        written.failed.append(page.file)
    else:
        written.built.append(page.file)
        names = sorted(str(path.relative_to(renderer.folder)) for path in renderer.written)
        names += [pdf.file_of(page.file)] if renderer.has_pdf else []  # printed when all pages are there
        record.add(page, names, notes, tables)


def _write_failure(renderer: Renderer, page: Page, error: Exception) -> None:
    sentence = (
        f"This page could not be built: {sentence_of(error)} The rest of the site is whole; "
        "the page comes back with the first build that succeeds."
    )
    warning = Warnings([sentence], title="Not built")
    stand_in = Page(key=page.key, title=page.title, section=page.section, build=lambda: [warning], order=page.order)
    try:
        renderer.write_page(stand_in, is_alone=True)
    except Exception as further:  # noqa: BLE001 - the template itself is broken
        if is_fatal(further):
            raise
        (renderer.folder / page.file).write_text(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(page.title)}</title>'
            f"<h1>{escape(page.title)}</h1><p>{escape(sentence)}</p></html>\n",
            encoding="utf-8",
        )


class Record:
    """What the pages of one site were made from, as it lies beside them."""

    def __init__(self, frame: str) -> None:
        self.frame = frame
        self.pages: dict[str, dict[str, Any]] = {}
        """File of a page -> its `files`, what it `asked` (as [number of the SQL, parameters, form, answer]), …"""
        self.queries: list[str] = []
        self.states: dict[str, str] = {}
        self._numbers: dict[str, int] = {}

    @classmethod
    def read(cls, folder: Path | None, frame: str) -> Record:
        """Return the record of the site in `folder`; an empty one where its frame is another, or it has none."""
        found = cls(frame)
        try:
            content = json.loads(gzip.decompress((folder / INPUTS).read_bytes())) if folder else {}
        except (OSError, ValueError, EOFError):
            return found
        if content.get("frame") == frame:
            found.pages, found.queries, found.states = content["pages"], content["queries"], content["states"]
        return found

    def write(self, folder: Path) -> None:
        """Write the record beside the pages."""
        content = {"frame": self.frame, "pages": self.pages, "queries": self.queries, "states": self.states}
        (folder / INPUTS).write_bytes(gzip.compress(json.dumps(content).encode(), compresslevel=3, mtime=0))

    def add(self, page: Page, names: Sequence[str], notes: Notes, tables: Tables) -> None:
        """Note a page that was built, unless some question of it cannot be asked again."""
        if not notes.is_repeatable:
            return
        asked = [[self._number(one.sql), one.parameters, one.form, one.answer] for one in notes.asked.values()]
        self.pages[page.file] = {"files": list(names), "lead": page.lead, "asked": asked, "seen": notes.seen}
        for one in notes.asked.values():
            self.states |= tables.state_of(one.sql)

    def take_over(self, file: str, known: Mapping[str, Any], before: Record, tables: Tables) -> None:
        """Note a page that stands, with the states of today: its answers are those of today."""
        asked = [[self._number(before.queries[number]), *rest] for number, *rest in known["asked"]]
        self.pages[file] = {**known, "asked": asked}
        for number, *_ in known["asked"]:
            self.states |= tables.state_of(before.queries[number])

    def _number(self, sql: str) -> int:
        if sql not in self._numbers:
            self._numbers[sql] = len(self.queries)
            self.queries.append(sql)
        return self._numbers[sql]

    def stands(self, known: Mapping[str, Any], folder: Path, page: Page, site: SiteContext, tables: Tables) -> bool:
        """Return whether a page of the site in `folder` is there and would come out the same now."""
        if not all((folder / name).is_file() for name in known["files"]):
            return False
        if known["lead"] != page.lead or any(site.sight(name) != seen for name, seen in known["seen"].items()):
            return False
        for number, parameters, form, answer in known["asked"]:
            sql = self.queries[number]
            states = tables.state_of(sql)
            if all(self.states.get(name) == state and state != "?" for name, state in states.items()):
                continue
            if not _answers(site.warehouse, Asked(sql, parameters, form, answer)):
                return False
        return True


def _answers(warehouse: Any, asked: Asked) -> bool:
    """Return whether a query still gives the same answer; one that cannot be asked any more does not."""
    import duckdb

    try:
        found = getattr(warehouse.sql(asked.sql, json.loads(asked.parameters)), asked.form)()
    except duckdb.Error:
        return False
    return hash_of(found, asked.form) == asked.answer


def frame_fingerprint(site: SiteContext, is_single_file: bool, with_pdf: bool) -> str:
    """Return a hash of what every page shows or depends on: the program, the list of pages, the kind of site."""
    pages = [[*page.key, page.title, page.section, str(page.order)] for page in site.pages.values()]
    flaws = sorted(site.flaws.items())
    facts = [sorted(pages), is_single_file, with_pdf, site.warehouse.path.name, program_fingerprint(), flaws]
    return hashlib.sha256(json.dumps(facts).encode("utf-8", "surrogatepass")).hexdigest()


def program_fingerprint() -> str:
    """Return a hash of the code, templates and scripts that pages are made with."""
    from importlib.metadata import version

    digest = hashlib.sha256(f"{program_version()} {version('plotly')}".encode())
    for package in ("hpowh.reports", "hpowh.analyses"):
        for name, content in _program(files(package), ""):
            digest.update(f"{package}/{name}\0".encode() + content)
    return digest.hexdigest()


def _program(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and entry.name != "__pycache__":
            found += _program(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".j2", ".css", ".js")):
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
