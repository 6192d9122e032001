"""What a benchmark's page says first: who ends nearest, what the best configuration is, how hard it is to find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hpowh.analyses.landscapes.reading.findings import facts_of
from hpowh.analyses.landscapes.saying import words
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding
from hpowh.reports.numbers import number
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural

SAID = ("best", "smoothness")
"""Kinds of a landscape's sentences that stand here; its own page has all."""


def answer(site: SiteContext, benchmark_id: int, name: str) -> list[Finding]:
    """Return the sentences; none where neither runs nor landscapes were analysed."""
    return [*_ends(site, benchmark_id), *_landscape(site, name)]


def _ends(site: SiteContext, benchmark_id: int) -> Iterator[Finding]:
    """Yield, for each experiment, setting and metric, whose runs end nearest: a description of one benchmark."""
    for (experiment,) in site.rows(queries.text("benchmark/experiments"), benchmark=benchmark_id):
        run = site.newest_run("traces", experiment)
        rows = (
            [] if run is None else site.query(queries.text("benchmark/final"), run=run, benchmark=benchmark_id).rows()
        )
        groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for row in rows:
            if row["mean_rank"] is not None:
                groups.setdefault((row["setting"], row["metric"]), []).append(row)
        for (setting, metric), mine in groups.items():
            if len(mine) > 1 and mine[0]["mean_rank"] < mine[1]["mean_rank"]:
                where = f" with {setting}" if setting else ""
                sentence = (
                    f"In {experiment}{where}, runs of {mine[0]['algorithm']} end nearest here: mean rank "
                    f"{number(mine[0]['mean_rank'], 3)} of {len(mine)} by {metric}, over "
                    f"{plural(mine[0]['runs_with_value'], 'run')}. One benchmark says nothing of others."
                )
                yield Finding(sentence, ("experiment", experiment), "final-by-benchmark")


def _landscape(site: SiteContext, name: str) -> Iterator[Finding]:
    """Yield what the first of its landscapes says in short."""
    for run, space, benchmark, metric, split, fidelity, _ in site.rows(queries.text("landscape/analysed")):
        if benchmark != name:
            continue
        subject = site.query(queries.text("landscape/subject_of"), run=run).rows()[0]
        key = ("landscape", space, benchmark, metric, split)
        for one in words.findings(facts_of(site.warehouse, run, subject)):
            if one.kind in SAID:
                where = key if fidelity is None else (*key, f"{fidelity:g}")
                yield Finding(one.sentence.replace("It is ", "Its loss landscape is ", 1), where, one.anchor)
        return
