"""What a nightly build would do, without doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hpowh.reports.build import input_fingerprint, standing_build
from hpowh.reports.context import sentence_of
from hpowh.reports.nightly.analyses import run_analysis
from hpowh.reports.nightly.builds import check_places, current_build
from hpowh.reports.nightly.ledger import Step
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.planning import WouldComputeError, planning
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    from hpowh.reports.nightly.analyses import Analysis
    from hpowh.reports.nightly.config import Config
    from hpowh.warehouse.ingest.declared import Declared


def plan_tonight(config: Config, notify: Any = None) -> list[Step]:
    """Return the steps of a build as they would be now; nothing is written.

    What a changed source brings is not known before it is loaded, so analyses are judged by what the warehouse holds.

    Raises:
        UsageError: the place of the site holds something else.
        WarehouseLockedError: another process holds the warehouse.
    """
    check_places(config.site, config.builds)
    if not config.warehouse.exists():
        made = "The warehouse would be made, every source loaded, every analysis run, the whole site built."
        return [Step(kind="site", name="pages", outcome="done", sentence=made)]
    with Warehouse(config.warehouse, wait=config.wait, notify=notify) as warehouse:
        warehouse.connection.execute("select 1")  # says who holds it, or that it is of another version
        sources = [_source(warehouse, declared) for declared in config.sources]
        analyses = [_analysis(warehouse, analysis) for analysis in config.analyses]
        is_stale = any(step.outcome == "done" for step in [*sources, *analyses])
        return [*sources, *analyses, _site(warehouse, config, is_stale)]


def _source(warehouse: Warehouse, declared: Declared) -> Step:
    from hpowh.warehouse.ingest import find_source, planned_action

    name = declared.request().name
    try:
        action = planned_action(warehouse, find_source(declared.kind), declared.request())
    except HpowhError as error:
        return Step(kind="source", name=name, outcome="failed", sentence=str(error))
    if action == "unchanged":
        return Step(kind="source", name=name, outcome="unchanged")
    done = {"load": "loaded", "replace": "replaced", "update": "updated"}[action]
    return Step(kind="source", name=name, outcome="done", sentence=f"It would be {done}.", detail={"action": action})


def _analysis(warehouse: Warehouse, analysis: Analysis) -> Step:
    with planning() as stale:
        try:
            run_analysis(warehouse, analysis)
        except WouldComputeError:
            pass  # what it would do is in `stale`
        except Exception as error:  # noqa: BLE001 - a job may stumble over the result that it would make
            if not stale:
                return Step(kind="analysis", name=analysis.name, outcome="failed", sentence=sentence_of(error))
        finally:
            warehouse.close()
    if not stale:
        return Step(kind="analysis", name=analysis.name, outcome="unchanged")
    subjects = [f"{run.job}: {run.subject}" for run in stale]
    sentence = f"At least {plural(len(subjects), 'analysis run')} would be made, such as {subjects[0]}."
    return Step(kind="analysis", name=analysis.name, outcome="done", sentence=sentence, detail={"computed": subjects})


def _site(warehouse: Warehouse, config: Config, is_stale: bool) -> Step:
    from hpowh.reports.nightly.night import site_fingerprint

    folder = current_build(config.site)
    if folder is None:
        return Step(kind="site", name="pages", outcome="done", sentence="The whole site would be built.")
    fingerprint = site_fingerprint(
        input_fingerprint(warehouse, config.only, config.is_single_file, config.with_pdf), []
    )
    if is_stale or standing_build(folder, fingerprint) is None:
        return Step(
            kind="site", name="pages", outcome="done", sentence="Pages whose inputs changed would be built anew."
        )
    return Step(kind="site", name="pages", outcome="unchanged")
