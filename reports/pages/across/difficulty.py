"""Whether landscapes' numbers tell how hard a data set is for the algorithms that ran, and what that suggests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hpowh.reports.blocks import Block, Column, Prose, Table
from hpowh.reports.context import SiteContext
from hpowh.reports.numbers import number, p_said, percent
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural

CHOICE = "the choice of the algorithm"
"""As the query names the row of the choice."""
Rows = list[dict[str, Any]]


def difficulty_sentences(rows: Rows) -> Iterator[str]:
    """Yield what was learned, or that nothing was."""
    judged = [row for row in rows if row["skill"] is not None]
    if not judged:
        return
    over = plural(max(row["data_set_count"] for row in judged), "data set")
    algorithms = [row for row in judged if row["algorithm"] != CHOICE]
    choice = next((row for row in judged if row["algorithm"] == CHOICE), None)
    sure = [row for row in algorithms if row["is_learned"]]
    if sure:
        best = max(sure, key=lambda row: row["skill"])
        yield (
            f"Landscapes' numbers predict the regret on data sets left out for {len(sure)} of "
            f"{plural(len(algorithms), 'algorithm')}, best for {best['algorithm']}: {_share(best)} of the squared "
            f"error of the mean of the others in the search space is saved, over {over}."
        )
    else:
        best = max(algorithms, key=lambda row: row["skill"])
        yield (
            f"Nothing is learned from landscapes' numbers about the regrets of {plural(len(algorithms), 'algorithm')}: "
            f"on data sets left out no prediction beats the mean of the others in the search space beyond chance, over "
            f"{over} (the best, for {best['algorithm']}, saves {_share(best)} of its squared error; "
            f"{p_said(best['adjusted_p_value'])}, adjusted)."
        )
    if choice is not None and choice["is_learned"]:
        yield (
            "The algorithm that the landscape suggests ends with a regret "
            f"{number(10 ** choice['skill'], 2)} times smaller than the one that is best on the other data sets."
        )
    elif choice is not None:
        yield "For a new data set they suggest no other algorithm than the one that is best on the known ones."


def _share(row: dict[str, Any]) -> str:
    text = percent(row["skill"])
    return text if row["lower"] is None else f"{text} [{percent(row['lower'])}, {percent(row['upper'])}]"


def difficulty_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return the tables; nothing where no algorithm ran on a landscape."""
    query = site.query(queries.text("evaluated/difficulty"), run=run)
    if not query.frame.height:
        return []
    title = "Does the landscape tell how hard it is?"
    if query.frame["skill"].is_null().all():
        reasons = dict.fromkeys(row["reason"] for row in query.rows() if row["algorithm"] != CHOICE)
        return [Prose(title, [f"Not told for any algorithm: {'; '.join(map(str, reasons))}."], id="difficulty")]
    blocks: list[Block] = [
        Table(
            id="difficulty",
            title=title,
            how_to_read="Each data set is left out in turn, and the final regret of an algorithm's runs there (log10, "
            "as a share of the way from best to median loss) is predicted from eight numbers of the landscape by a "
            "ridge regression on the others. Skill: the share of the squared error of the mean of the others in "
            "the search space that is saved, 0 or less is nothing; of the choice: log10 of how many times smaller the "
            "regret gets. p: data sets exchange their numbers; adjusted by Holm's method over the rows.",
            query=query,
            columns=[
                Column(name="algorithm", label="Algorithm"),
                Column(name="skill", label="Skill", digits=2),
                Column(name="lower", label="From", digits=2),
                Column(name="upper", label="To", digits=2),
                Column(name="adjusted_p_value", label="p, adjusted", digits=2),
                Column(name="is_learned", label="Learned"),
                Column(name="data_set_count", label="Data sets"),
                Column(name="reason", label="Remark"),
            ],
            analysis_run_id=run,
        )
    ]
    is_learned = any(row["is_learned"] and row["algorithm"] == CHOICE for row in query.rows())
    suggested = site.query(queries.text("evaluated/suggested"), run=run)
    if suggested.frame.height:
        how = "Landscapes on which no algorithm ran. " + (
            "By the landscape: the algorithm with the smallest predicted regret."
            if is_learned
            else "Nothing was learned: take the algorithm that is best on the mean of the others."
        )
        columns = [
            Column(name="search_space", label="Search space"),
            Column(name="benchmark", label="Benchmark"),
            Column(name="metric", label="Metric"),
            Column(name="split", label="Split"),
            Column(name="by_mean", label="Best on the others"),
            Column(name="mean_regret", label="Regret there", digits=2),
        ]
        if is_learned:
            columns += [
                Column(name="by_landscape", label="By the landscape"),
                Column(name="predicted_regret", label="Regret predicted", digits=2),
            ]
        blocks.append(
            Table(
                id="suggested",
                title="What to run on landscapes without runs",
                how_to_read=how,
                query=suggested,
                columns=columns,
                analysis_run_id=run,
            )
        )
    return blocks
