"""One page an experiment: what the mixed model, the checks around it and the rank tests say about its algorithms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from hpowh.analyses.mixed_models.reading.verdicts import verdicts
from hpowh.reports.blocks import Block, Findings, Prose, Warnings
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding
from hpowh.reports.page import Page
from hpowh.reports.pages.model.asked import asked
from hpowh.reports.pages.model.blocks import model_blocks
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
from hpowh.warehouse import queries

Part = tuple[str, str, str, str, Callable[[SiteContext, int], list[Block]]]


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
            anchor = "lmem-contrasts" if one.job == "mixed_models.fit" else "ranking-pairs"
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
    ("mixed_models.fit", 'lmem "…"', "The mixed model", "Before you read the model", model_blocks),
    ("tiers", "tiers", "Who may be first", "Tiers in words", tier_blocks),
    ("rankings", "rankings", "Ranks", "Before you read the ranking", ranking_blocks),
    ("mixed_models.calibrate", "calibrate", "Does the comparison hold its level?", "In words", calibration_blocks),
    ("mixed_models.presets", "presets", "Checks of the experiment", "What was not checked", preset_blocks),
    ("mixed_models.ladder", "ladder", "Which terms matter", "Where the ladder ends", ladder_blocks),
    ("mixed_models.anomalies", "anomalies", "Benchmarks that behave oddly", "Anomalies in words", anomaly_blocks),
    ("mixed_models.compare", "lrt …", "Two models compared", "Before you read the comparison", comparison_blocks),
    ("mixed_models.power", "power", "Power", "The power in words", power_blocks),
)
"""Job, command, the part's title, the title of what is to be known first, and what makes the blocks."""


def _build(site: SiteContext, name: str) -> Sequence[Block]:
    said = [Finding(one.sentence, ("model", name)) for one in verdicts(site.warehouse, name)]
    blocks: list[Block] = [Findings(said, empty="")] if said else []
    missing = []
    for job, command, title, known_first, make in PARTS:
        run = site.newest_run(job, name)
        if run is None:
            missing.append(f"hpowh analyse {command} --experiment {name}")
            continue
        known = site.provenance(run)
        blocks.append(Prose(title, asked(job, known.parameters), id=f"asked-{job.replace('.', '-')}"))
        if known.warnings:
            blocks.append(Warnings(known.warnings, title=known_first))
        blocks += make(site, run)
    if missing:
        blocks.append(Prose("Not run yet", ["These would add to this page:"], points=missing))
    return blocks
