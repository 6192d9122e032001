"""One page an experiment: what the mixed model, the checks around it and the rank tests say about its algorithms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from hpowh.analyses.mixed_models.reading.verdicts import verdicts
from hpowh.analyses.mixed_models.studies.verdicts import Verdict, tiers
from hpowh.reports.blocks import Block, Findings, Fold, Prose, Warnings
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding, own
from hpowh.reports.page import Page
from hpowh.reports.pages.model.answer import calibration, groups_of, order, standing_blocks
from hpowh.reports.pages.model.anytime import anytime_blocks
from hpowh.reports.pages.model.asked import asked
from hpowh.reports.pages.model.blocks import check_blocks, number_blocks
from hpowh.reports.pages.model.checks import (
    anomaly_blocks,
    calibration_blocks,
    comparison_blocks,
    ladder_blocks,
    power_blocks,
    preset_blocks,
)
from hpowh.reports.pages.model.rankings import ranking_blocks
from hpowh.reports.pages.model.tiers import tier_blocks
from hpowh.reports.pages.model.trust import verdict_line
from hpowh.reports.trust import KEEP, TITLE
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural

Part = tuple[str, str, str, Callable[[SiteContext, int], list[Block]]]


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield a page an experiment that has a mixed model, one of its checks, or a ranking."""
    for (name,) in site.rows(queries.text("mixed_models/names")):
        yield Page(
            key=("model", name),
            title=f"{name}: models",
            section="Experiments",
            build=partial(_build, site, name),
            lead="Who is better, by a mixed model over all benchmarks and by ranks, and what the data allow to say.",
            order=10,
        )


def findings(site: SiteContext) -> Iterator[Finding]:
    """Yield the verdicts on every question that the experiment's models and rankings answer, and the anomalies."""
    for (name,) in site.rows(queries.text("mixed_models/names")):
        for one in verdicts(site.warehouse, name)[:MOST_VERDICTS]:
            anchor = "lmem-standing" if one.job == "mixed_models.fit" else "ranking-pairs"
            yield Finding(one.sentence, ("model", name), anchor)
        run = site.newest_run("mixed_models.anomalies", name)
        if run is not None:
            for (sentence,) in site.rows(
                queries.text("mixed_models/anomalous"),
                run=run,
            ):
                yield Finding(f"{name}: {sentence}", ("model", name), "lmem-anomalies")


MOST_VERDICTS = 4
"""So many verdicts of an experiment stand on the overview; its own pages have all."""


PARTS: tuple[Part, ...] = (
    ("tiers", "tiers", "Who may be first, by ranks of benchmarks", tier_blocks),
    ("rankings", "rankings", "What rank tests say", ranking_blocks),
    ("mixed_models.anytime", "anytime", "All budgets at once", anytime_blocks),
    ("mixed_models.presets", "presets", "Checks of the experiment", preset_blocks),
    ("mixed_models.ladder", "ladder", "Which terms matter", ladder_blocks),
    ("mixed_models.anomalies", "anomalies", "Benchmarks that behave oddly", anomaly_blocks),
    ("mixed_models.compare", "lrt …", "Two models compared", comparison_blocks),
    ("mixed_models.power", "power", "How many benchmarks would show a difference", power_blocks),
)
"""Job, command, the part's title, and what makes its blocks."""
FIT = "mixed_models.fit"
CALIBRATION = "mixed_models.calibrate"


def _build(site: SiteContext, name: str) -> Sequence[Block]:
    found = verdicts(site.warehouse, name)
    answering = [one.analysis_run_id for one in found[:1] if one.job == FIT]
    run = answering[0] if answering else site.newest_run(FIT, name)
    blocks: list[Block] = _answer(site, name, run, found)
    missing = []
    if run is None:
        missing.append(f'hpowh analyse lmem "…" --experiment {name}')
    else:
        blocks += _model(site, name, run)
    if site.newest_run(CALIBRATION, name) is None:
        missing.append(f"hpowh analyse calibrate --experiment {name}")
    for job, command, title, make in PARTS:
        done = site.newest_run(job, name)
        if done is None:
            if _can_run(site, name, job):
                missing.append(f"hpowh analyse {command} --experiment {name}")
            continue
        known = site.provenance(done)
        question = asked(job, known.parameters)
        within = [
            Prose("", question, id=f"asked-{job.replace('.', '-')}"),
            Warnings(known.warnings, f"{KEEP}: {title}"),
        ]
        mind = f" {plural(len(known.warnings), 'thing')} to keep in mind." if known.warnings else ""
        anchor = f"part-{job.replace('.', '-')}"
        part = Fold(id=anchor, title=title, verdict=f"{' '.join(question)}{mind}", blocks=[*within, *make(site, done)])
        blocks.append(part)
    if missing:
        blocks.append(Prose("Not run yet", ["These would add to this page:"], points=missing))
    return blocks


def _can_run(site: SiteContext, name: str, job: str) -> bool:
    """Return whether a study's command works as it stands, and has something to say.

    Two models must be named; anomalies need a factor, comparisons over the budget several budgets.
    """
    if job == "mixed_models.anomalies":
        return bool(site.rows(queries.text("experiment/settings"), experiment=name)[0][0] > 1)
    if job == "mixed_models.anytime":
        return site.rows(queries.text("verdicts/only_budget"), subject=name)[0][0] is None
    return job != "mixed_models.compare"


def _answer(site: SiteContext, name: str, run: int | None, found: Sequence[Verdict]) -> list[Block]:
    """Return the answer: the newest question's verdicts, its order of algorithms and the level; the rest is folded."""
    newest = [one for one in found if one.analysis_run_id == found[0].analysis_run_id]
    said = [one.sentence for one in newest[: MOST_SAID - 1]]
    if run is not None:
        groups = groups_of(site.query(queries.text("mixed_models/standing"), run=run).rows())
        mine = newest[0].evidence if newest and newest[0].analysis_run_id == run else None
        told = (tiers(mine), mine.scope) if mine else ()
        orders = [order(rows, *told) for rows in list(groups.values())[:1]]
        said += [one for one in orders if one is not None][: MOST_SAID - 1 - len(said)]
        said.append(calibration(site, name))
    said += [one.sentence for one in found if one.sentence not in said]
    return [Findings(own(said), "Who is better?", most=MOST_SAID)]


MOST_SAID = 3


def _model(site: SiteContext, name: str, run: int) -> list[Block]:
    """Return the figure of the answer, then, folded, what speaks for and against it, and the model's numbers."""
    known = site.provenance(run)
    question = asked(FIT, known.parameters)
    calibrated = site.newest_run(CALIBRATION, name)
    checked = [] if calibrated is None else calibration_blocks(site, calibrated)
    notes = [] if calibrated is None else site.provenance(calibrated).warnings
    warnings = [*known.warnings, *notes]
    return [
        *standing_blocks(site, run),
        Fold(
            id="trust",
            title=TITLE,
            verdict=verdict_line(site, name, run, warnings),
            blocks=[
                Prose("", question, id="asked-mixed_models-fit"),
                Warnings(warnings, KEEP),
                *checked,
                *check_blocks(site, run),
            ],
        ),
        Fold(
            id="numbers",
            title="The model in numbers",
            verdict=" ".join(question),
            blocks=number_blocks(site, run),
        ),
    ]
