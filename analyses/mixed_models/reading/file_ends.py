"""Unequal ends and failed runs in Parquet files: the warehouse's rules, as far as a pass over files can keep them.

A warehouse compares at budgets that all runs have, and sets three ways to count failed runs beside each other. In files
the first is asked of the condition, and the second is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.formula import Formula
from hpowh.analyses.mixed_models.reading.catalogue import identifier, words
from hpowh.analyses.mixed_models.reading.files import FileReader
from hpowh.analyses.mixed_models.reading.query import Plan, key_sql

MOST_NAMED = 4


def refuse_unequal_ends(reader: FileReader, formula: Formula) -> None:
    """Raise DataError where one algorithm's runs go on for longer than another's on the same benchmark.

    A mean over points of an algorithm that went on is a mean over other budgets. A condition on `budget` says itself
    which points are meant.
    """
    if not ({"budget", "algorithm"} <= set(reader.columns) and reader.columns["budget"]):
        return
    if "algorithm" not in formula.term_variables:
        return
    if "budget" in words(reader.where or ""):
        return
    block = "benchmark" if "benchmark" in reader.columns else "'all benchmarks'"
    runs = "".join(f", {identifier(name)}" for name in reader.run_columns)
    answer = reader.ask(f"""with span as (
  select {block}::varchar as block, algorithm::varchar as algorithm, max(budget)::double as last
  from ({reader.rows}) group by {block}, algorithm{runs}
), ends as (select block, algorithm, min(last) as low, max(last) as high from span group by block, algorithm)
select block, arg_min(algorithm, high), min(high), arg_max(algorithm, high), max(high),
  arg_min(algorithm, low), min(low), arg_max(algorithm, low), max(low), (select min(low) from ends)
from ends group by block having min(high) < max(high) or min(low) < max(low) order by max(high) - min(high) desc, block
limit 1""")
    for where, *last, common in _rows(answer):
        first, early, second, late = last[:4] if last[1] < last[3] else last[4:]
        what = "those" if last[1] < last[3] else "some"
        raise DataError(
            f"Runs end at different budgets (on {where}, {what} of {first} at {early:g}, of {second} at {late:g}), so "
            "a mean over all rows compares budgets as well as algorithms: say with a condition on budget which are "
            f'meant, such as --where "budget <= {common:g}".'
        )


def failed_sentence(reader: FileReader, plan: Plan) -> str | None:
    """Return which algorithm has how many rows without a finite response, None where none has any.

    A run that has no value is left out: an algorithm that fails where it is hard looks better for it.
    """
    if ("algorithm", False) not in plan.keys:
        return None
    answer = reader.ask(
        f"select {key_sql('algorithm')}::varchar as name, count(*) filter (v is null or not isfinite(v)) as failed, "
        f"count(*) as n from (select *, ({plan.response})::double as v from ({plan.base})) group by name "
        "having failed > 0 order by failed / n desc, name"
    )
    found = _rows(answer)
    if not found:
        return None
    named = ", ".join(f"{name} {failed:,} of {n:,}" for name, failed, n in found[:MOST_NAMED])
    more = f" and {len(found) - MOST_NAMED} more algorithms" if len(found) > MOST_NAMED else ""
    return (
        f"Rows without a finite response are left out ({named}{more}), which is in favour of who fails where it is "
        "hard; from files nothing else is done with them: a warehouse has --failures last and impute."
    )


def _rows(answer: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return list(zip(*(np.ma.asarray(values).tolist() for values in answer.values()), strict=True))
