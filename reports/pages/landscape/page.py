"""One page a landscape: how rugged, how neutral, where its optima are, which hyperparameters matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from hpowh.analyses.landscapes.reading.findings import facts_of
from hpowh.analyses.landscapes.saying import words
from hpowh.reports.blocks import Block, Column, Facts, Findings, Links, Prose, Table
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding, Key
from hpowh.reports.numbers import brief, number, percent
from hpowh.reports.page import Page
from hpowh.reports.pages.landscape import hyperparameters, roughness, shape, subject
from hpowh.reports.pages.landscape import runs as optimisers
from hpowh.reports.pages.landscape.meanings import meanings
from hpowh.reports.pages.landscape.variants import first_of, variants
from hpowh.reports.trust import trust
from hpowh.warehouse import queries

GOOD = "Nothing was noted against it; every metric's own reason, where it has no value, is in the table of all metrics."


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield a page an analysed landscape (means over seeds)."""
    analysed = site.rows(queries.text("landscape/analysed"))
    several = Counter(tuple(row[1:5]) for row in analysed)
    splits: dict[str, set[str]] = {}
    for row in analysed:
        splits.setdefault(row[1], set()).add(row[4])
    families: dict[tuple[str, str], list[Key]] = {}
    for row in analysed:
        families.setdefault((row[1], row[2]), []).append(_key(*row[1:6]))
    for run, *names, direction in analysed:
        space, benchmark, metric, split, fidelity = names
        family = families[space, benchmark]
        at = "" if fidelity is None else f" at fidelity {number(fidelity)}"
        # Only what tells this page from its neighbours stands in its title.
        where = f", {split}" if len(splits[space]) > 1 else ""
        rest = metric + where + (at if several[space, benchmark, metric, split] > 1 else "")
        yield Page(
            key=_key(space, benchmark, metric, split, fidelity),
            title=f"{benchmark}, {rest}",
            section="Landscapes",
            build=partial(_build, site, run, (space, benchmark, metric, split), direction, fidelity),
            lead=f"The loss landscape of {space} on {benchmark}: {metric} on the {split} split{at}.",
            group=space,
            short=benchmark.removeprefix(space + "/"),
            is_listed=_key(space, benchmark, metric, split, fidelity) == first_of(family),
        )


def findings(site: SiteContext) -> Iterator[Finding]:
    """Yield what the overview says of landscapes: the smoothest and the most rugged one, or that all are alike."""
    rows = site.rows(queries.text("landscape/smoothness"))
    if len(rows) < 2:
        return
    kinds = {words.smoothness(row[5]) for row in (rows[0], rows[-1])}
    if len(kinds) == 1:  # who is first among equals says nothing
        low, high = (f"{number(row[5], 3)} ({row[1]}, {row[2]})" for row in (rows[0], rows[-1]))
        text = f"All {len(rows)} loss landscapes are {kinds.pop()}: ranks of neighbours correlate at {low} to {high}."
        yield Finding(text, _key(*rows[0][:5]), "autocorrelation", order=60)
        return
    for row, word in ((rows[0], "most rugged"), (rows[-1], "smoothest")):
        text = f"Of {len(rows)} loss landscapes {row[1]} ({row[2]}) is the {word}: ranks of neighbours correlate at "
        said = f"{text}{number(row[5], 3)}, which is called {words.smoothness(row[5])}."
        yield Finding(said, _key(*row[:5]), "autocorrelation", order=60)


def blocks(site: SiteContext, key: Key) -> Sequence[Block]:
    """Return the links to its landscapes for a benchmark's page."""
    if key[0] != "benchmark":
        return []
    links = [
        (page.title, page.file, page.lead)
        for other, page in sorted(site.pages.items())
        if other[0] == "landscape" and other[2] == key[1]
    ]
    return [Links("Loss landscapes of this benchmark", links)] if links else []


def _key(space: str, benchmark: str, metric: str, split: str, fidelity: float | None) -> Key:
    key = ("landscape", space, benchmark, metric, split)
    return key if fidelity is None else (*key, f"{fidelity:g}")


def _build(
    site: SiteContext, run: int, names: tuple[str, str, str, str], direction: str, fidelity: float | None
) -> Sequence[Block]:
    space, benchmark, metric, split = names
    at = "" if fidelity is None else f" @{fidelity:g}"
    metrics = site.query(queries.text("landscape/metrics"), run=run)
    importance = site.query(queries.text("landscape/importance"), run=run)
    carried = site.query(
        queries.text("landscape/transfer"), space=space, benchmark=benchmark, context=f"{metric} {split}{at}"
    )
    label = site.metric(metric, direction)
    sign = -1.0 if direction == "max" else 1.0
    of = site.query(queries.text("landscape/subject_of"), run=run).rows()[0]
    space_id, epsilon, rule = of["search_space_id"], of["epsilon"], of["epsilon_rule"]
    optima = next((row for row in metrics.rows() if row["name"] == "n_lo"), {"value": None, "reason": "not computed"})
    has_optima = optima["value"] is not None
    facts = facts_of(site.warehouse, run, of)
    blocks: list[Block] = [
        *variants(site, _key(*names, fidelity)),
        _findings(site, facts, _key(*names, fidelity)),
    ]
    blocks += shape.maps(site, run, f"{space}: {benchmark} {metric} {split}{at}")
    blocks += [
        Facts(_numbers(facts.values, epsilon)),
        subject.about(site, run, space, metric, direction),
        trust(site.provenance(run).warnings, good=GOOD),
    ]
    blocks += shape.embedding(site, run, sign, has_optima=has_optima)
    blocks += shape.distribution(site, run, label, sign)
    blocks.append(shape.distance(site, run, label, sign, has_optima=has_optima))
    if has_optima:
        blocks += shape.network(site, run, label, sign)
        blocks += shape.basins(site, run)
    else:
        blocks.append(Prose("Optima, their network and basins", [f"Nothing is said of them: {optima['reason']}."]))
    blocks += hyperparameters.importance(site, run, importance, subject.default(site, run, space_id))
    blocks += hyperparameters.interactions(site, run)
    blocks += hyperparameters.slices(site, run, space_id, label, sign, has_optima=has_optima)
    blocks += hyperparameters.pair_maps(site, run, space_id, sign)
    blocks += roughness.neutrality(site, run, epsilon, rule)
    blocks.append(roughness.autocorrelation(site, run))
    blocks += optimisers.transfer(site, carried)
    blocks += roughness.seeds(site, space, f"{benchmark} {metric} {split}{at}")
    blocks += optimisers.runs(site, run, sign, has_optima=has_optima)
    columns = [
        Column(name=name, label=name.replace("_", " "))
        for name in ("name", "value", "lower", "upper", "pair_count", "reason")
    ]
    how = (
        "Every metric, or why it is undefined; a 95 % interval where it is an estimate; how many pairs, squares or "
        "configurations it rests on. The list below says what each is."
    )
    if direction == "max":
        how += f" The loss is minus {metric}."
    blocks.append(
        Table(
            id="metrics",
            title="All metrics",
            how_to_read=how,
            query=metrics,
            columns=columns,
            analysis_run_id=run,
            is_folded=(facts.values.get("coverage") or 0) >= 1,
        )
    )
    blocks.append(Prose("What the metrics are", points=meanings(row["name"] for row in metrics.rows())))
    return blocks


def _findings(site: SiteContext, facts: words.Facts, key: Key) -> Findings:
    """Return the page's findings, each with a link to its figure."""
    said = [Finding(one.sentence, key, one.anchor) for one in words.findings(facts)]
    return Findings(said, empty="Nothing can be said of it: the table of all metrics has the reasons.")


def _numbers(values: words.Values, epsilon: float | None) -> list[tuple[str, str]]:
    """Return the few numbers under the findings."""

    def share(name: str) -> str:
        value = values.get(name)
        if value is not None and 0.9995 <= value < 1:
            return "more than 99.9%"
        return percent(value, 1)

    optima = values.get("n_lo")
    return [
        ("configurations", number(int(values["n_configurations"] or 0))),
        ("of the grid evaluated", share("coverage")),
        ("smoothness (ranks of neighbours)", number(values.get("assortativity_rank"), 3)),
        ("local optima", number(None if optima is None else round(optima))),
        ("lead to the best by steepest descent", share("basin_global_share")),
        ("neutral pairs" if epsilon is None else f"neutral pairs (within {brief(epsilon)})", share("neutrality")),
    ]
