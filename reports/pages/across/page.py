"""Two pages across all search spaces: models and meta-features; the claims of the literature beside what is here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from hpowh.reports.blocks import Block, Column, Figure, Findings, Plot, Prose, Table
from hpowh.reports.charts import evaluated as charts
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding, own
from hpowh.reports.page import Page
from hpowh.reports.pages.across.difficulty import difficulty_blocks, difficulty_sentences
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
        first = say.claim_sentences(rows)[0]
        yield Finding(f"Loss landscapes: {first[0].lower()}{first[1:]}", CLAIMS_PAGE, "claims", order=60)


def _across(site: SiteContext, run: int) -> Sequence[Block]:
    models, shapes = site.query(queries.text("evaluated/models"), run=run), site.query(queries.text("evaluated/shapes"))
    relations = site.query(queries.text("evaluated/relations"), run=run)
    difficulty = site.query(queries.text("evaluated/difficulty"), run=run)
    sentences = [*say.model_sentences(models.rows()), *say.relation_sentences(relations.rows())]
    sentences += difficulty_sentences(difficulty.rows())
    blocks: list[Block] = [Findings(own(sentences))]
    if models.frame.height:
        columns = [
            Column(name="data_set", label="Data set"),
            Column(name="metric", label="Metric"),
            Column(name="split", label="Split"),
            Column(name="model", label="Model", link=lambda row: site.href(("evaluated", row["search_space"]))),
            Column(name="place", label="Place"),
            Column(name="best", label="Best"),
            Column(name="median", label="Median"),
            Column(name="difference", label="Behind the best", digits=3),
            Column(name="noise_floor", label="Noise floor", digits=3),
            Column(name="is_noise", label="Within noise"),
            Column(name="cost", label="Training time, s", digits=3),
            Column(name="configuration_count", label="Configurations"),
        ]
        how = (
            "The best configuration of each model on the same data set. A best of many is an optimistic number, the "
            "more so the more configurations there are. Behind the best: as a loss, lower is better."
        )
        blocks.append(
            Table(
                id="models",
                title="Models on the same data set",
                how_to_read=how,
                query=models,
                columns=columns,
                analysis_run_id=run,
            )
        )
    if shapes.frame.height:
        columns = [
            Column(
                name="search_space",
                label="Search space",
                link=lambda row: site.href(("search-space", row["search_space"])),
            ),
            Column(name="metric", label="Metric"),
            Column(name="split", label="Split"),
            Column(name="landscapes", label="Landscapes"),
            Column(name="smoothness", label="L-ast", digits=3, help="Median assortativity of ranks"),
            Column(name="smoothness_least", label="least", digits=3),
            Column(name="smoothness_most", label="most", digits=3),
            Column(name="neutrality", label="Neutrality", digits=3),
            Column(name="optima", label="Local optima", digits=3, help="Median"),
            Column(name="optima_most", label="most", digits=3),
            Column(name="ndc", label="NDC", digits=3),
            Column(name="fdc", label="FDC", digits=3),
            Column(name="main_share", label="Main effects", digits=3, help="Share of the variance of ranks"),
        ]
        how = "Medians over the landscapes of a search space; docs/landscapes.md defines every number."
        blocks.append(
            Table(
                id="shapes",
                title="The shape of landscapes, model by model",
                how_to_read=how,
                query=shapes,
                columns=columns,
            )
        )
    return blocks + difficulty_blocks(site, run) + _relations(site, run)


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
        blocks.append(
            Figure(
                id="relations",
                title="Meta-features and landscapes",
                how_to_read=how,
                chart=chart,
                query=query,
                alt=alt,
                analysis_run_id=run,
                notes=note,
            )
        )
    columns = [
        Column(name="search_space", label="Search space"),
        Column(name="metric", label="Metric"),
        Column(name="split", label="Split"),
        Column(name="feature", label="Meta-feature"),
        Column(name="target", label="Number of the landscape"),
        Column(name="benchmark_count", label="Data sets"),
        Column(name="coefficient", label="Spearman", digits=2),
        Column(name="lower", label="from", digits=2),
        Column(name="upper", label="to", digits=2),
        Column(name="p_value", label="p", digits=2),
        Column(name="adjusted_p_value", label="p adjusted", digits=2),
        Column(name="reason", label="Why not"),
    ]
    how = (
        "Every meta-feature against every number of the landscapes and of overfitting, search space by search space. "
        "Exact p-values up to 8 data sets, adjusted by Holm's method within a search space, metric and split; with "
        "fewer than 5 data sets nothing is given."
    )
    blocks.append(
        Table(
            id="relations-table",
            title="All relations",
            how_to_read=how,
            query=query,
            columns=columns,
            analysis_run_id=run,
            limit=200,
            is_folded=bool(rows),
        )
    )
    return blocks


def _claims(site: SiteContext, run: int) -> Sequence[Block]:
    query = site.query(queries.text("evaluated/claims"), run=run)
    rows = query.rows()
    if not rows:
        text = "No landscape has been analysed that could be held against them: hpowh analyse landscapes --metric all"
        return [Findings((), empty=text)]
    columns = [
        Column(name="section", label="Section"),
        Column(name="statement", label="The paper"),
        Column(name="median", label="Median here", digits=3),
        Column(name="lower", label="95 % from", digits=3),
        Column(name="upper", label="to", digits=3),
        Column(name="verdict", label="Verdict"),
        Column(name="reason", label="Why no verdict, or no interval"),
        Column(name="value_count", label="Values"),
        Column(name="benchmark_count", label="Benchmarks"),
        Column(name="rule", label="Rule"),
        Column(name="measure", label="Measured"),
        Column(name="least", label="Least", digits=3),
        Column(name="most", label="Most", digits=3),
    ]
    scope = Column(name="scope", label="Search space", link=lambda row: site.href(("search-space", row["scope"])))
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
        Findings(own(say.claim_sentences(rows))),
        Table(
            id="claims",
            title="The paper and this warehouse",
            how_to_read=how,
            query=all_of_them,
            columns=columns,
            analysis_run_id=run,
        ),
    ]
    if len({row["scope"] for row in rows}) > 1:
        text = "The same, search space by search space."
        blocks.append(
            Table(
                id="claims-spaces",
                title="Each search space",
                how_to_read=text,
                query=query,
                columns=[scope, *columns],
                analysis_run_id=run,
                is_folded=True,
            )
        )
    limits = (
        "Sections and numbers are those of the paper's first version; where it states a quality without a number, the "
        "rule is a reading of the words and says so.",
        "The paper looked at 63 data sets with 10 % of the rows or a fifth of the epochs as low fidelity, and at "
        "larger grids. The small data sets of a demo at a fraction of their rows, or a few trees, are a harder case.",
        "One landscape stands for a benchmark: its first metric, on the validation or else the test split, at the "
        "highest fidelity. Local optima grow with the grid: compare their number within a search space.",
    )
    return [*blocks, Prose("What to keep in mind", points=limits, id="limits")]
