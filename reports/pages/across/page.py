"""Two pages across all search spaces: models and meta-features; the claims of the literature beside what is here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from hpowh.reports.blocks import Block, Column, Figure, Plot, Prose, Table
from hpowh.reports.charts import evaluated as charts
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding
from hpowh.reports.page import Page
from hpowh.reports.pages.evaluated import findings as say
from hpowh.warehouse import queries

JOB, SUBJECT = "landscapes.across", "all search spaces"
MOST_RELATIONS = 20
CLAIMS_PAGE, ACROSS_PAGE = ("claims",), ("across",)


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield the page across models and data sets and the page of claims, once landscapes were analysed."""
    run = site.newest_run(JOB, SUBJECT)
    if run is None:
        return
    yield Page(
        key=ACROSS_PAGE,
        title="Across models and data sets",
        section="Evaluated grids",
        build=partial(_across, site, run),
        lead="Which model is best where, how the landscapes of models differ, and whether properties of the data go "
        "with them.",
        order=10,
    )
    yield Page(
        key=CLAIMS_PAGE,
        title="Claims of the literature",
        section="Evaluated grids",
        build=partial(_claims, site, run),
        lead="What Huang and Li (arXiv 2311.14014) state about hyperparameter loss landscapes, beside what is measured "
        "here.",
        order=20,
    )


def findings(site: SiteContext) -> Iterator[Finding]:
    """Yield how many claims of the literature agree."""
    run = site.newest_run(JOB, SUBJECT)
    rows = site.query(queries.text("evaluated/claims"), run=run).rows() if run is not None else []
    if rows and any(row["verdict"] for row in rows):
        yield Finding(f"Loss landscapes: {say.claim_sentences(rows)[0]}", CLAIMS_PAGE, "claims", order=60)


def _across(site: SiteContext, run: int) -> Sequence[Block]:
    models, shapes = site.query(queries.text("evaluated/models"), run=run), site.query(queries.text("evaluated/shapes"))
    relations = site.query(queries.text("evaluated/relations"), run=run)
    sentences = [*say.model_sentences(models.rows()), *say.relation_sentences(relations.rows())]
    blocks: list[Block] = [Prose("Findings", points=sentences, id="findings")]
    if models.frame.height:
        columns = [
            Column("data_set", "Data set"), Column("metric", "Metric"), Column("split", "Split"),
            Column("model", "Model", link=lambda row: site.href(("evaluated", row["search_space"]))),
            Column("place", "Place"), Column("best", "Best"), Column("median", "Median"),
            Column("difference", "Behind the best", 3), Column("noise_floor", "Noise floor", 3),
            Column("is_noise", "Within noise"), Column("cost", "Training time, s", 3),
            Column("configuration_count", "Configurations"),
        ]  # fmt: skip
        how = (
            "The best configuration of each model on the same data set. A best of many is an optimistic number, the "
            "more so the more configurations there are. Behind the best: as a loss, lower is better."
        )
        blocks.append(Table("models", "Models on the same data set", how, models, columns, run))
    if shapes.frame.height:
        columns = [
            Column("search_space", "Search space", link=lambda row: site.href(("search-space", row["search_space"]))),
            Column("metric", "Metric"), Column("split", "Split"), Column("landscapes", "Landscapes"),
            Column("smoothness", "L-ast", 3, "Median assortativity of ranks"),
            Column("smoothness_least", "least", 3), Column("smoothness_most", "most", 3),
            Column("neutrality", "Neutrality", 3), Column("optima", "Local optima", 3, "Median"),
            Column("optima_most", "most", 3), Column("ndc", "NDC", 3), Column("fdc", "FDC", 3),
            Column("main_share", "Main effects", 3, "Share of the variance of ranks"),
        ]  # fmt: skip
        how = "Medians over the landscapes of a search space; docs/landscapes.md defines every number."
        blocks.append(Table("shapes", "The shape of landscapes, model by model", how, shapes, columns))
    return blocks + _relations(site, run)


def _relations(site: SiteContext, run: int) -> list[Block]:
    query = site.query(queries.text("evaluated/relations"), run=run)
    rows = [row for row in query.rows() if row["coefficient"] is not None]
    if not query.frame.height:
        return []
    blocks: list[Block] = []
    if rows:
        labelled = [
            row | {"label": f"{row['search_space']}: {row['feature']} – {row['target']}"}
            for row in rows[:MOST_RELATIONS]
        ]
        chart = Plot(
            {"": {"data": charts.intervals(labelled, "label")}},
            {"xaxis": axis("Spearman correlation", range=[-1, 1]), "yaxis": {"automargin": True}},
            height=120 + 26 * len(labelled),
        )
        how = (
            "Rank correlation over data sets with its 95 % interval, the smallest p-values first: an interval across 0 "
            "says that either sign is possible."
        )
        note = [f"The first {len(labelled)} of {len(rows)}; each looks at few data sets, and many were looked at."]
        alt = "Correlations of meta-features with landscape numbers, with intervals."
        blocks.append(Figure("relations", "Meta-features and landscapes", how, chart, query, alt, run, note))
    columns = [
        Column("search_space", "Search space"), Column("metric", "Metric"), Column("split", "Split"),
        Column("feature", "Meta-feature"), Column("target", "Number of the landscape"),
        Column("benchmark_count", "Data sets"), Column("coefficient", "Spearman", 2), Column("lower", "from", 2),
        Column("upper", "to", 2), Column("p_value", "p", 2), Column("adjusted_p_value", "p adjusted", 2),
        Column("reason", "Why not"),
    ]  # fmt: skip
    how = (
        "Every meta-feature against every number of the landscapes and of overfitting, search space by search space. "
        "Exact p-values up to 8 data sets, adjusted by Holm's method within a search space, metric and split; with "
        "fewer than 5 data sets nothing is given."
    )
    blocks.append(Table("relations-table", "All relations", how, query, columns, run, limit=200, is_folded=bool(rows)))
    return blocks


def _claims(site: SiteContext, run: int) -> Sequence[Block]:
    query = site.query(queries.text("evaluated/claims"), run=run)
    rows = query.rows()
    if not rows:
        text = "No landscape has been analysed that could be held against them: hpowh analyse landscapes --metric all"
        return [Prose("Findings", [text], id="findings")]
    columns = [
        Column("section", "Section"), Column("statement", "The paper"), Column("median", "Median here", 3),
        Column("lower", "95 % from", 3), Column("upper", "to", 3), Column("verdict", "Verdict"),
        Column("value_count", "Values"), Column("benchmark_count", "Benchmarks"), Column("rule", "Rule"),
        Column("measure", "Measured"), Column("least", "Least", 3), Column("most", "Most", 3),
    ]  # fmt: skip
    scope = Column("scope", "Search space", link=lambda row: site.href(("search-space", row["scope"])))
    how = (
        "A statement agrees where the whole 95 % interval of the median lies on the paper's side of the rule, and "
        "disagrees where all of it lies on the other; else it is undecided. The interval draws benchmarks anew, with "
        "all their values. With fewer than 5 benchmarks there is none: then it agrees only if every value does, and "
        "disagrees only if none does."
    )
    first = rows[0]["scope"]
    all_of_them = site.query(
        f"select * from ({queries.text('evaluated/claims')}) where scope = $scope", run=run, scope=first
    )
    blocks: list[Block] = [
        Prose("Findings", points=say.claim_sentences(rows), id="findings"),
        Table("claims", "The paper and this warehouse", how, all_of_them, columns, run),
    ]
    if len({row["scope"] for row in rows}) > 1:
        text = "The same, search space by search space."
        blocks.append(Table("claims-spaces", "Each search space", text, query, [scope, *columns], run, is_folded=True))
    limits = (
        "Sections and numbers are those of the paper's first version; where it states a quality without a number, the "
        "rule is a reading of the words and says so.",
        "The paper looked at 63 data sets with 10 % of the rows or a fifth of the epochs as low fidelity, and at "
        "larger grids. The small data sets of a demo at a fraction of their rows, or a few trees, are a harder case.",
        "One landscape stands for a benchmark: its first metric, on the validation or else the test split, at the "
        "highest fidelity. Local optima grow with the grid: compare their number within a search space.",
    )
    return [*blocks, Prose("What to keep in mind", points=limits, id="limits")]
