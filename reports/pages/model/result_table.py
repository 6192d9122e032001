"""Tables of all columns of a query, headed by their names, with p-values written as p-values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hpowh.reports.blocks import Column, Table
from hpowh.reports.context import SiteContext
from hpowh.reports.query import Query
from hpowh.warehouse.wording import LEAST_P

LABELS: Mapping[str, str] = {
    "p_value": "p",
    "p_adjusted": "p adjusted",
    "p_chi_square": "p chi-square",
    "t_value": "t",
    "df": "df",
    "df1": "df 1",
    "df2": "df 2",
    "sd": "SD",
    "aic": "AIC",
    "bic": "BIC",
    "r2_marginal": "R\u00b2 marginal",
    "r2_conditional": "R\u00b2 conditional",
}


def result_table(
    site: SiteContext,
    run: int,
    key: str,
    title: str,
    sql: str,
    how: str,
    *,
    is_folded: bool = False,
    without: Sequence[str] = (),
) -> Table:
    """Return the table of a query of one analysis run; empty columns are left out, as are those named."""
    query = site.query(sql, run=run)
    columns = [column for column in columns_of(query) if column.name not in without]
    return Table(
        id=key, title=title, how_to_read=how, query=query, columns=columns, analysis_run_id=run, is_folded=is_folded
    )


def columns_of(query: Query) -> list[Column]:
    """Return a column for each of the query's that has a value."""
    frame = query.frame
    shown = [name for name in frame.columns if not frame.height or any(v not in (None, "") for v in frame[name])]
    return [_column(name) for name in shown]


def _column(name: str) -> Column:
    is_p = name in ("p", "p_value") or name.startswith("p_") or name.endswith(("_p", "_p_adjusted"))
    label = LABELS.get(name, name.replace("_", " ").capitalize())
    return Column(name=name, label=label, digits=3 if is_p else 4, floor=LEAST_P if is_p else 0.0)
