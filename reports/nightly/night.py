"""One nightly build from the configuration to the summary."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.reports.build import input_fingerprint, note_build, standing_build, write_site
from hpowh.reports.context import SiteContext
from hpowh.reports.keeping import MANIFEST, is_wanted, stays
from hpowh.reports.nightly import ledger, steps
from hpowh.reports.nightly.builds import check_places, current_build, list_builds, new_build, prune, switch
from hpowh.reports.nightly.ledger import Past, Step
from hpowh.reports.nightly.lock import build_lock
from hpowh.reports.registry import collect
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import EXIT_DONE, EXIT_FAILED, HpowhError, VersionError
from hpowh.warehouse.migrate import program_version
from hpowh.warehouse.output import durable
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    from hpowh.reports.nightly.changes import Change
    from hpowh.reports.nightly.config import Config

Notify = Callable[[str], None]
SAID = 3
"""So many failed pages are named in a sentence; `pages` of the summary names all."""


@dataclass(kw_only=True)
class Night:
    """What a nightly build did; `summary` is what scripts read."""

    config: Config
    started_at: datetime
    nightly_id: int = 0
    steps: list[Step] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What to know beside the steps: a build that was killed before this one, a warehouse that was upgraded."""
    folder: Path | None = None
    """The build that the site shows in the end."""
    is_new_site: bool = False
    pages: dict[str, list[str]] = field(default_factory=dict)
    """`built`, `reused` and `failed` pages, by their file names."""
    published: str | None = None
    seconds: float = 0.0

    @property
    def failures(self) -> list[Step]:
        """The steps that failed."""
        return [step for step in self.steps if step.outcome == "failed"]

    @property
    def exit_code(self) -> int:
        """0 where every step and check went well, else 1."""
        return EXIT_FAILED if self.failures else EXIT_DONE

    def summary(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "build": self.nightly_id,
            "status": "failed" if self.failures else "ok",
            "exit_code": self.exit_code,
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 3),
            "program": f"hpowh {program_version()}",
            "warehouse": str(self.config.warehouse),
            "site": str(self.config.site),
            "folder": str(self.folder) if self.folder else None,
            "is_new_site": self.is_new_site,
            "pages": self.pages,
            "steps": [
                {
                    "kind": step.kind,
                    "name": step.name,
                    "outcome": step.outcome,
                    "seconds": round(step.seconds, 3),
                    "sentence": step.sentence,
                    **(step.detail or {}),
                }
                for step in self.steps
            ],
            "changes": [change.sentence for change in self.changes],
            "failures": [step.failure for step in self.failures],
            "notes": self.notes,
        }


def build_tonight(config: Config, *, lock_wait: float = 0.0, notify: Notify = lambda _: None) -> Night:
    """Bring everything up to date that the configuration declares, and swap in the site where it changed.

    A source, an analysis, a page that fails does not stop the others and is shown on the site. A check that fails
    leaves the old site in place; the next good build's overview says so.

    Args:
        lock_wait: seconds to wait for another build of the same site.
        notify: told a sentence for every step.

    Raises:
        BuildLockedError: another build of this site is running.
        WarehouseLockedError: another process held the warehouse for longer than `config.wait`; the site stays.
        UsageError: the place of the site holds something else.
        HpowhError: the warehouse or the folder of builds cannot be used; the site stays.
    """
    began = time.monotonic()
    check_places(config.site, config.builds)
    with build_lock(config.builds, wait=lock_wait, notify=notify) as left:
        night = Night(config=config, started_at=datetime.now(UTC))
        if left is not None:
            night.notes.append(f"The build before this one ended without finishing ({left}).")
        try:
            with _opened(config, night, notify) as warehouse:
                _keep_ledger(warehouse, night, notify, began)
        except HpowhError as error:
            night.seconds = time.monotonic() - began
            said = {"status": "failed", "exit_code": error.exit_code, "failures": [str(error)]}
            write_summary(config, night.summary() | said)
            raise
        write_summary(config, night.summary())
    return night


def _keep_ledger(warehouse: Warehouse, night: Night, notify: Notify, began: float) -> None:
    """Do the build between its first and its last entry in the ledger."""
    night.nightly_id = ledger.begin(warehouse, night.config, night.started_at)
    _build(warehouse, night, notify)
    night.seconds = time.monotonic() - began
    ledger.finish(
        warehouse,
        night.nightly_id,
        night.steps,
        is_ok=not night.failures,
        folder=night.folder,
        is_new_site=night.is_new_site,
        published=night.published,
        summary=night.summary(),
    )


def summary_file(config: Config) -> Path:
    """Return where the machine-readable summary of the last build lies: beside the site."""
    return config.site.with_name(f"{config.site.name}.nightly.json")


def write_summary(config: Config, summary: dict[str, Any]) -> None:
    """Write the summary beside the site, whole or not at all. Raises HpowhError where that cannot be written."""
    target = summary_file(config)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        partial.write_text(json.dumps(summary, indent=1, default=str) + "\n", encoding="utf-8")
        durable.replace(partial, target)
    except OSError as error:
        durable.discard(partial)
        raise HpowhError(f"Cannot write the summary {target}: {error.strerror}.") from None


def _opened(config: Config, night: Night, notify: Notify) -> Warehouse:
    """Return the warehouse; one that is missing is made, one of an older version upgraded (with a backup)."""
    if not config.warehouse.exists():
        night.notes.append(f"The warehouse {config.warehouse} was made.")
        Warehouse.create(config.warehouse, wait=config.wait)
    warehouse = Warehouse(config.warehouse, wait=config.wait, notify=notify)
    try:
        warehouse.connection.execute("select 1")
    except VersionError:
        Warehouse.create(config.warehouse, wait=config.wait)  # refuses a newer one
        night.notes.append(f"The warehouse {config.warehouse} was upgraded; a backup lies beside it.")
    warehouse.close()
    return warehouse


def _take(night: Night, step: Step, notify: Notify) -> None:
    night.steps.append(step)
    seconds = f" ({step.seconds:.1f} s)" if step.seconds >= 0.1 else ""
    notify(f"{step.kind} {step.name}: {step.outcome}. {step.sentence}".rstrip() + seconds)


def _build(warehouse: Warehouse, night: Night, notify: Notify) -> None:
    config = night.config
    for source in config.sources:
        _take(night, steps.load_source(warehouse, source), notify)
        warehouse.close()
    for analysis in config.analyses:
        _take(night, steps.analyse(warehouse, analysis), notify)
        warehouse.close()
    for step in steps.check(warehouse, config.checks):
        _take(night, step, notify)
    past = ledger.look_back(warehouse, config, night.nightly_id)
    night.folder = current_build(config.site)
    if failed := [step for step in night.steps if steps.withholds(step)]:
        ledger.note_steps(warehouse, night.nightly_id, night.steps)
        names = ", ".join(step.name for step in failed)
        sentence = f"A check failed ({names}), so the site stays as it was."
        _take(night, Step(kind="site", name="pages", outcome="skipped", sentence=sentence), notify)
        return
    state = _state(warehouse, config)
    for step in steps.publish(warehouse, config, state, past.published):
        _take(night, step, notify)
    if (config.copy or config.parquet) and not any(step.kind == "publish" for step in night.failures):
        night.published = state
    _take(night, steps.attempt("site", "pages", lambda: _bring_site(warehouse, night, past)), notify)


def _state(warehouse: Warehouse, config: Config) -> str:
    """Return a hash of the data and of the places where they are published."""
    facts = [input_fingerprint(warehouse, (), False), str(config.copy), str(config.parquet), config.is_verified]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def site_fingerprint(inputs: str, failures: list[str]) -> str:
    """Return a hash of what the site is made from, and of the failures that it shows."""
    return hashlib.sha256(json.dumps([inputs, sorted(failures)]).encode()).hexdigest()


def _bring_site(warehouse: Warehouse, night: Night, past: Past) -> Step:
    """Build the pages that changed into a new folder and let the site show it, unless nothing did.

    Raises:
        HpowhError: no page could be built, or the folder of builds cannot be written; the site is as it was.
    """
    config = night.config
    inputs = input_fingerprint(warehouse, config.only, config.is_single_file, config.with_pdf)
    fingerprint = site_fingerprint(inputs, [step.failure for step in night.failures])
    standing = standing_build(night.folder, fingerprint) if night.folder else None
    if standing is not None and not past.failed_count and past.base is not None:
        return Step(kind="site", name="pages", outcome="unchanged", sentence=f"All {standing:,} pages stand.")
    night.changes = ledger.note_conclusions(
        warehouse, night.nightly_id, past.base, night.steps, config.tolerance, config.keep
    )
    site = SiteContext(opened=warehouse, flaws=steps.flaws(night.steps))
    try:
        previous = night.folder
        collect(site, config.only, stays(previous or config.site, config.only))
        with new_build(config.builds, night.started_at) as (folder, build):
            written = write_site(
                site,
                folder,
                previous,
                fingerprint,
                only=config.only,
                is_single_file=config.is_single_file,
                with_pdf=config.with_pdf,
            )
        warehouse.close()
        switch(config.site, build)
    except OSError as error:
        where = f" {error.filename}" if error.filename else f" to {config.builds}"
        raise HpowhError(f"Cannot write{where}: {error.strerror or error}.", "The site is as it was.") from error
    night.folder, night.is_new_site = build, True
    night.pages = {"built": written.built, "reused": written.reused, "failed": written.failed}
    removed = prune(config.builds, config.site, config.keep)
    if (left := len(list_builds(config.builds)) - config.keep) > 1:  # the one that the site shows may be older
        night.notes.append(f"{left} old builds in {config.builds} could not be removed.")
    note_build(
        warehouse, config.site, "ok", len(site.pages), night.started_at, json.dumps({"nightly": night.nightly_id})
    )
    said = (
        f"{plural(len(written.built), 'page')} built, {len(written.reused):,} taken over"
        f"{f', {len(removed):,} old builds removed' if removed else ''}."
    )
    if kept := sum(not is_wanted(page, config.only) for page in site.pages.values()):
        said += f" {plural(kept, 'page')} of other kinds stay as they were."
    if site.failures:
        reasons = "; ".join(f"{one.what}: {one.sentence}" for one in site.failures[:SAID])
        reasons += f" (and {len(site.failures) - SAID:,} more)" if len(site.failures) > SAID else ""
        said = f"{plural(len(site.failures), 'part')} of the site could not be built and says so: {reasons} {said}"
    outcome = "failed" if site.failures else "done"
    return Step(kind="site", name="pages", outcome=outcome, sentence=said, detail={"manifest": str(build / MANIFEST)})
